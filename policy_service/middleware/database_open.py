"""Recognise a connection and say how statements run on it, without importing its driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from policy_service.domain.errors import StatementRefusedError
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import (
    Answer,
    AsyncDatabase,
    Database,
    ReadLimits,
    Runnable,
)

if TYPE_CHECKING:
    from policy_service.middleware import database_duckdb as duckdb
    from policy_service.middleware import database_postgresql as postgresql
    from policy_service.middleware import database_sqlite as sqlite
else:  # a service has one kind of database
    duckdb = LateModule("policy_service.middleware.database_duckdb")
    postgresql = LateModule("policy_service.middleware.database_postgresql")
    sqlite = LateModule("policy_service.middleware.database_sqlite")

_Made = TypeVar("_Made")


def open_database(
    connection: Any,  # noqa: ANN401 - any driver's
    *,
    keys: MaskingKeys,
    limits: ReadLimits,
) -> Database:
    """Recognise a connection of sqlite3, psycopg or duckdb, or SQLAlchemy's over any of them.

    Raises `StatementRefusedError` for one that is not supported.
    """
    if hasattr(connection, "exec_driver_sql"):  # SQLAlchemy's
        connection = connection.connection.dbapi_connection
    if isinstance(connection, sqlite3.Connection):
        return sqlite.SqliteDatabase(connection, keys=keys, limits=limits)
    if hasattr(connection, "run_async"):  # SQLAlchemy's face of a driver that is awaited
        awaited = open_async_database(connection.driver_connection, keys=keys, limits=limits)
        return _AwaitedDatabase(connection, awaited)
    driver = _driver(connection)
    if driver == "psycopg" and not hasattr(connection, "__aenter__"):
        return postgresql.PostgresqlDatabase(connection, limits=limits)
    if driver in ("duckdb", "_duckdb", "duckdb_engine"):
        return duckdb.DuckdbDatabase(connection, keys=keys, limits=limits)
    raise _unknown(connection, "sqlite3, psycopg or duckdb")


def open_async_database(
    connection: Any,  # noqa: ANN401 - any driver's
    *,
    keys: MaskingKeys,
    limits: ReadLimits,
) -> AsyncDatabase:
    """Recognise a connection of psycopg or aiosqlite that is awaited. Raises like the other."""
    driver = _driver(connection)
    if driver == "psycopg" and hasattr(connection, "__aenter__"):
        return postgresql.AsyncPostgresqlDatabase(connection, limits=limits)
    if driver == "aiosqlite":
        return sqlite.AioSqliteDatabase(connection, keys=keys, limits=limits)
    raise _unknown(connection, "psycopg's AsyncConnection or aiosqlite")


class _AwaitedDatabase:
    """An awaited database inside SQLAlchemy's greenlet, where it looks like a plain one."""

    def __init__(self, connection: Any, inner: AsyncDatabase) -> None:  # noqa: ANN401 - SQLAlchemy's
        self._connection = connection
        self._inner = inner
        self.dialect = inner.dialect
        self.paramstyle = inner.paramstyle

    def read(self, statement: Runnable) -> Answer:
        """Run it read-only."""
        return self._awaited(lambda: self._inner.read(statement))

    def write(self, statement: Runnable) -> Answer:
        """Run it whole or not at all."""
        return self._awaited(lambda: self._inner.write(statement))

    def commit(self) -> None:
        """Commit the connection."""
        self._awaited(self._inner.commit)

    def rollback(self) -> None:
        """Roll the connection back."""
        self._awaited(self._inner.rollback)

    def _awaited(self, work: Callable[[], Awaitable[_Made]]) -> _Made:
        async def run(_: object) -> _Made:
            return await work()

        made: _Made = self._connection.run_async(run)
        return made


def _driver(connection: object) -> str:
    return type(connection).__module__.partition(".")[0]


def _unknown(connection: object, supported: str) -> StatementRefusedError:
    return StatementRefusedError(
        f"a `{type(connection).__name__}` cannot be guarded; give one of {supported}"
    )
