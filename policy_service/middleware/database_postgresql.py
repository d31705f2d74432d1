"""Rewritten statements on psycopg 3 connections, plain or awaited.

Each runs in the transaction that is open, or one of its own, with settings under which
a value has one spelling, names mean PostgreSQL's own functions, and no notice is sent;
afterwards all of them are as before. psycopg is the embedder's and not imported here.
"""

# ruff: noqa: S608 - the only parts put into these statements are constants and whole numbers

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_service.middleware.database import (
    Answer,
    ReadLimits,
    Runnable,
    WithoutValues,
    answer_of,
)
from policy_service.middleware.postgresql_keys import (
    KEYS_COPY,
    KEYS_DROP,
    KEYS_TABLE,
    keys_payload,
)

_MARK = "policy_service"
_SETTINGS: Mapping[str, str] = {
    "search_path": "pg_catalog, pg_temp",  # functions are the database's own
    "standard_conforming_strings": "on",  # else `\'` would end a literal elsewhere than we read
    "transform_null_equals": "off",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",  # the shortest spelling that is exact
    "client_min_messages": "error",  # a notice may quote a value
}
_NAMES = ", ".join(f"'{name}'" for name in (*_SETTINGS, "statement_timeout"))
_ASK = (
    "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings "
    f"WHERE name IN ({_NAMES})"
)
_RESTORE = "SELECT pg_catalog.set_config(%s, %s, true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transaction:
    """Where a connection stands, and so what is sent around a statement."""

    idle: bool
    autocommit: bool
    timeout_ms: int

    def begin(self) -> str:
        """Open what can be taken back."""
        if not self.idle:
            return f"SAVEPOINT {_MARK}"
        return "BEGIN" if self.autocommit else ""  # else the driver begins

    def writable(self) -> str:
        """Let the table of keys be made where transactions are read-only unless they say more."""
        return "SET TRANSACTION READ WRITE" if self.idle else ""

    def settings(self, *, read_only: bool) -> str:
        """Set what holds until the transaction, or the savepoint, is rolled back."""
        calls = [
            f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in _SETTINGS.items()
        ]
        # Never longer than what the database allows already, where 0 stands for no limit.
        shorter = f"least(nullif(setting::bigint, 0), {self.timeout_ms})::text"
        calls.append(f"pg_catalog.set_config(name, {shorter}, true)")
        only = "SET TRANSACTION READ ONLY; " if read_only else ""
        return (
            f"{only}SELECT {', '.join(calls)} "
            "FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'"
        )

    def undo(self) -> str:
        """Take back everything since `begin`."""
        if self.idle:
            return "ROLLBACK"
        return f"ROLLBACK TO SAVEPOINT {_MARK}; RELEASE SAVEPOINT {_MARK}"

    @property
    def ends_itself(self) -> bool:
        """Tell whether a write is committed at once, as the embedder's own would be."""
        return self.idle and self.autocommit


class PostgresqlDatabase:
    """A plain connection."""

    dialect = "postgresql"
    paramstyle = "pyformat"

    def __init__(self, connection: Any, *, limits: ReadLimits) -> None:  # noqa: ANN401 - psycopg's
        self._connection = connection
        self._limits = limits

    def read(self, statement: Runnable) -> Answer:
        """Run it in a read-only transaction, or inside a savepoint of the one that is open."""
        with WithoutValues(self._limits):
            where = _transaction(self._connection, self._limits)
            try:
                self._prepare(where, statement, read_only=True)
                return self._fetched(statement)
            finally:
                with contextlib.suppress(Exception):  # where opening it had failed
                    self._do(where.undo())

    def write(self, statement: Runnable) -> Answer:
        """Run it inside the transaction; in autocommit mode it is kept at once."""
        with WithoutValues(self._limits):
            where = _transaction(self._connection, self._limits)
            before = [] if where.ends_itself else self._do(_ASK).fetchall()
            try:
                self._prepare(where, statement, read_only=False)
                answer = self._written(statement)
                if statement.secrets:
                    self._do(KEYS_DROP)
                for name, value in before:
                    self._connection.execute(_RESTORE, (name, value))
            except BaseException:
                with contextlib.suppress(Exception):
                    self._do(where.undo())
                raise
            self._do(_kept(where))
            return answer

    def commit(self) -> None:
        """Commit the connection."""
        with WithoutValues(self._limits):
            self._connection.commit()

    def rollback(self) -> None:
        """Roll the connection back."""
        with WithoutValues(self._limits):
            self._connection.rollback()

    def _prepare(self, where: _Transaction, statement: Runnable, *, read_only: bool) -> None:
        settings = where.settings(read_only=read_only)
        if not statement.secrets:
            self._do(_joined(where.begin(), settings))
            return
        self._do(_joined(where.begin(), where.writable(), KEYS_TABLE))
        with self._cursor() as cursor, cursor.copy(KEYS_COPY) as copy:
            copy.write(keys_payload(statement.secrets))
        self._do(settings)

    def _fetched(self, statement: Runnable) -> Answer:
        # A named cursor stays on the server: no more rows than allowed come over.
        with self._cursor(_MARK) as cursor:
            cursor.execute(statement.sql, dict(statement.parameters))
            rows = cursor.fetchmany(self._limits.max_rows + 1)
            return answer_of(cursor.description, rows, limits=self._limits)

    def _written(self, statement: Runnable) -> Answer:
        with self._cursor() as cursor:
            cursor.execute(statement.sql, dict(statement.parameters))
            rows = cursor.fetchmany(self._limits.max_rows + 1) if cursor.description else []
            return answer_of(cursor.description, rows, limits=self._limits, count=cursor.rowcount)

    def _cursor(self, *name: str) -> Any:  # noqa: ANN401 - psycopg's
        from psycopg.rows import tuple_row  # loaded already: the connection is psycopg's

        return self._connection.cursor(*name, row_factory=tuple_row)

    def _do(self, sql: str) -> Any:  # noqa: ANN401 - psycopg's
        return self._cursor().execute(sql, prepare=False) if sql else None


class AsyncPostgresqlDatabase:
    """A connection that is awaited."""

    dialect = "postgresql"
    paramstyle = "pyformat"

    def __init__(self, connection: Any, *, limits: ReadLimits) -> None:  # noqa: ANN401 - psycopg's
        self._connection = connection
        self._limits = limits

    async def read(self, statement: Runnable) -> Answer:
        """Run it in a read-only transaction, or inside a savepoint of the one that is open."""
        with WithoutValues(self._limits):
            where = _transaction(self._connection, self._limits)
            try:
                await self._prepare(where, statement, read_only=True)
                return await self._fetched(statement)
            finally:
                with contextlib.suppress(Exception):  # where opening it had failed
                    await self._do(where.undo())

    async def write(self, statement: Runnable) -> Answer:
        """Run it inside the transaction; in autocommit mode it is kept at once."""
        with WithoutValues(self._limits):
            where = _transaction(self._connection, self._limits)
            before = [] if where.ends_itself else await (await self._do(_ASK)).fetchall()
            try:
                await self._prepare(where, statement, read_only=False)
                answer = await self._written(statement)
                if statement.secrets:
                    await self._do(KEYS_DROP)
                for name, value in before:
                    await self._connection.execute(_RESTORE, (name, value))
            except BaseException:
                with contextlib.suppress(Exception):
                    await self._do(where.undo())
                raise
            await self._do(_kept(where))
            return answer

    async def commit(self) -> None:
        """Commit the connection."""
        with WithoutValues(self._limits):
            await self._connection.commit()

    async def rollback(self) -> None:
        """Roll the connection back."""
        with WithoutValues(self._limits):
            await self._connection.rollback()

    async def _prepare(self, where: _Transaction, statement: Runnable, *, read_only: bool) -> None:
        settings = where.settings(read_only=read_only)
        if not statement.secrets:
            await self._do(_joined(where.begin(), settings))
            return
        await self._do(_joined(where.begin(), where.writable(), KEYS_TABLE))
        async with self._cursor() as cursor, cursor.copy(KEYS_COPY) as copy:
            await copy.write(keys_payload(statement.secrets))
        await self._do(settings)

    async def _fetched(self, statement: Runnable) -> Answer:
        async with self._cursor(_MARK) as cursor:
            await cursor.execute(statement.sql, dict(statement.parameters))
            rows = await cursor.fetchmany(self._limits.max_rows + 1)
            return answer_of(cursor.description, rows, limits=self._limits)

    async def _written(self, statement: Runnable) -> Answer:
        async with self._cursor() as cursor:
            await cursor.execute(statement.sql, dict(statement.parameters))
            rows: Sequence[Sequence[object]] = []
            if cursor.description:
                rows = await cursor.fetchmany(self._limits.max_rows + 1)
            return answer_of(cursor.description, rows, limits=self._limits, count=cursor.rowcount)

    def _cursor(self, *name: str) -> Any:  # noqa: ANN401 - psycopg's
        from psycopg.rows import tuple_row

        return self._connection.cursor(*name, row_factory=tuple_row)

    async def _do(self, sql: str) -> Any:  # noqa: ANN401 - psycopg's
        return await self._cursor().execute(sql, prepare=False) if sql else None


def _transaction(
    connection: Any,  # noqa: ANN401 - psycopg's, of either kind
    limits: ReadLimits,
) -> _Transaction:
    return _Transaction(
        idle=connection.info.transaction_status.name == "IDLE",
        autocommit=bool(connection.autocommit),
        timeout_ms=math.ceil(limits.timeout_s * 1000),
    )


def _kept(where: _Transaction) -> str:
    if where.idle:
        return "COMMIT" if where.autocommit else ""
    return f"RELEASE SAVEPOINT {_MARK}"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
