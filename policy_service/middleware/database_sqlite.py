"""Rewritten statements on `sqlite3` and `aiosqlite`, with the masks as functions in Python.

The connection's progress handler is taken for the time limit; its row factory and
`query_only` are as before afterwards.
"""

import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import (
    Answer,
    ReadLimits,
    Runnable,
    WithoutValues,
    answer_of,
)
from policy_service.middleware.sqlite_functions import register_masks

_STEPS = 1_000  # of SQLite's machine between two looks at the clock
_MARK = "policy_service"


class SqliteDatabase:
    """A connection of the standard library's driver."""

    dialect = "sqlite"
    paramstyle = "named"

    def __init__(
        self, connection: sqlite3.Connection, *, keys: MaskingKeys, limits: ReadLimits
    ) -> None:
        self._connection = connection
        self._limits = limits
        register_masks(connection, keys=keys)

    def read(self, statement: Runnable) -> Answer:
        """Run it with `query_only`."""
        with WithoutValues(self._limits):
            cursor = self._cursor()
            before = cursor.execute("PRAGMA query_only").fetchone()[0]
            cursor.execute("PRAGMA query_only = ON")
            try:
                return self._run(cursor, statement)
            finally:
                cursor.close()
                self._connection.execute(f"PRAGMA query_only = {int(before)}")

    def write(self, statement: Runnable) -> Answer:
        """Run it inside a savepoint; a transaction is open afterwards, as the driver has it."""
        with WithoutValues(self._limits):
            cursor = self._cursor()
            waits = self._connection.isolation_level is not None  # for the embedder's commit
            if waits and not self._connection.in_transaction:
                cursor.execute("BEGIN")
            cursor.execute(f"SAVEPOINT {_MARK}")
            try:
                answer = self._run(cursor, statement)
            except BaseException:
                cursor.execute(f"ROLLBACK TO {_MARK}")
                raise
            finally:
                cursor.execute(f"RELEASE {_MARK}")
                cursor.close()
            return answer

    def commit(self) -> None:
        """Commit the connection."""
        with WithoutValues(self._limits):
            self._connection.commit()

    def rollback(self) -> None:
        """Roll the connection back."""
        with WithoutValues(self._limits):
            self._connection.rollback()

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None  # the embedder's may make something else of a row
        return cursor

    def _run(self, cursor: sqlite3.Cursor, statement: Runnable) -> Answer:
        self._connection.set_progress_handler(_deadline(self._limits), _STEPS)
        try:
            cursor.execute(statement.sql, dict(statement.parameters))
            rows = cursor.fetchmany(self._limits.max_rows + 1)
            return answer_of(cursor.description, rows, limits=self._limits, count=cursor.rowcount)
        finally:
            self._connection.set_progress_handler(None, 0)


class AioSqliteDatabase:
    """A connection of `aiosqlite`; the masks are registered before the first statement."""

    dialect = "sqlite"
    paramstyle = "named"

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - aiosqlite's, which is not imported here
        *,
        keys: MaskingKeys,
        limits: ReadLimits,
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._keys = keys
        self._registered = False

    async def read(self, statement: Runnable) -> Answer:
        """Run it with `query_only`."""
        with WithoutValues(self._limits):
            await self._register()
            before = await self._one("PRAGMA query_only")
            await self._do("PRAGMA query_only = ON")
            try:
                return await self._run(statement)
            finally:
                await self._do(f"PRAGMA query_only = {int(before)}")

    async def write(self, statement: Runnable) -> Answer:
        """Run it inside a savepoint; a transaction is open afterwards, as the driver has it."""
        with WithoutValues(self._limits):
            await self._register()
            waits = self._connection.isolation_level is not None
            if waits and not self._connection.in_transaction:
                await self._do("BEGIN")
            await self._do(f"SAVEPOINT {_MARK}")
            try:
                answer = await self._run(statement)
            except BaseException:
                await self._do(f"ROLLBACK TO {_MARK}")
                raise
            finally:
                await self._do(f"RELEASE {_MARK}")
            return answer

    async def commit(self) -> None:
        """Commit the connection."""
        with WithoutValues(self._limits):
            await self._connection.commit()

    async def rollback(self) -> None:
        """Roll the connection back."""
        with WithoutValues(self._limits):
            await self._connection.rollback()

    async def _register(self) -> None:
        if self._registered:
            return
        collected = _Functions()
        register_masks(collected, keys=self._keys)  # type: ignore[arg-type]  # collects the calls
        for name, arguments, function, deterministic in collected.made:
            await self._connection.create_function(
                name, arguments, function, deterministic=deterministic
            )
        self._registered = True

    async def _run(self, statement: Runnable) -> Answer:
        await self._connection.set_progress_handler(_deadline(self._limits), _STEPS)
        try:
            async with self._connection.cursor() as cursor:
                cursor.row_factory = None
                await cursor.execute(statement.sql, dict(statement.parameters))
                rows = await cursor.fetchmany(self._limits.max_rows + 1)
                return answer_of(
                    cursor.description, rows, limits=self._limits, count=cursor.rowcount
                )
        finally:
            await self._connection.set_progress_handler(None, 0)

    async def _do(self, sql: str) -> None:
        async with self._connection.execute(sql):
            pass

    async def _one(self, sql: str) -> Any:  # noqa: ANN401 - whatever the pragma holds
        async with self._connection.execute(sql) as cursor:
            return (await cursor.fetchone())[0]


class _Functions:
    """Takes down what `register_masks` would register."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int, Callable[..., Any], bool]] = []

    def create_function(
        self, name: str, narg: int, func: Callable[..., Any], *, deterministic: bool = False
    ) -> Awaitable[None] | None:
        self.made.append((name, narg, func, deterministic))
        return None


def _deadline(limits: ReadLimits) -> Callable[[], bool]:
    deadline = time.monotonic() + limits.timeout_s
    return lambda: time.monotonic() > deadline
