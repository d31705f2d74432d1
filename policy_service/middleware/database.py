"""Read-only execution on sqlite3 and psycopg connections, bare or inside SQLAlchemy's.

Imports no driver but the standard library's: connections are the embedder's. Not
a rewriter: it runs what it is given.
"""

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from policy_service.domain.errors import EnforcementError, StatementRefusedError, UsageError
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.sqlite_functions import register_masks

Rows = tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]

_STEPS = 1_000  # of SQLite's machine between two looks at the clock
_INTERRUPTED = "SQLITE_INTERRUPT"
_CANCELLED = "57014"  # PostgreSQL's query_canceled
_LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How much one read may take. Raises `UsageError` for limits that are none."""

    max_rows: int
    timeout_s: float

    def __post_init__(self) -> None:
        if self.max_rows < 1:
            raise UsageError(f"`max_rows` is `{self.max_rows}`; give 1 or more")
        if not 0 < self.timeout_s <= _LONGEST_S:
            raise UsageError(f"`timeout_s` is `{self.timeout_s}`; give more than 0, at most a day")


class Database(Protocol):
    """Runs one rewritten statement and leaves no trace in the connection."""

    dialect: str
    paramstyle: str

    def read(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        """Return column names and rows. Raises `StatementRefusedError` without any value."""
        ...


class _SqliteDatabase:
    dialect = "sqlite"
    paramstyle = "named"

    def __init__(
        self, connection: sqlite3.Connection, keys: MaskingKeys, limits: ReadLimits
    ) -> None:
        self._connection = connection
        self._limits = limits
        register_masks(connection, keys=keys)

    def read(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        return _without_values(lambda: self._read(sql, parameters), self._limits)

    def _read(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        cursor = self._connection.cursor()
        cursor.row_factory = None  # the embedder's may make something else of a row
        before = cursor.execute("PRAGMA query_only").fetchone()[0]
        cursor.execute("PRAGMA query_only = ON")
        deadline = time.monotonic() + self._limits.timeout_s
        self._connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            return _fetched(cursor, sql, parameters, self._limits)
        finally:
            self._connection.set_progress_handler(None, 0)
            cursor.close()
            self._connection.execute(f"PRAGMA query_only = {int(before)}")


# Never longer than what the database allows already, where 0 stands for no limit.
_SHORTER_TIMEOUT = """
SELECT pg_catalog.set_config(name, least(nullif(setting::bigint, 0), %(ms)s::bigint)::text, true)
FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'
"""


class _PostgresqlDatabase:
    dialect = "postgresql"
    paramstyle = "pyformat"

    def __init__(self, connection: Any, limits: ReadLimits) -> None:  # noqa: ANN401 - no psycopg here
        self._connection = connection
        self._limits = limits

    def read(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        return _without_values(lambda: self._read(sql, parameters), self._limits)

    def _read(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        cursor = self._connection.cursor()
        # A savepoint gives back the settings, also inside a transaction of the embedder.
        idle = self._connection.info.transaction_status.name == "IDLE"
        if idle and self._connection.autocommit:
            cursor.execute("BEGIN")
        cursor.execute("SAVEPOINT policy_service")
        try:
            cursor.execute("SET TRANSACTION READ ONLY")
            # Functions are the database's own, times are written in UTC.
            cursor.execute("SET LOCAL search_path TO pg_catalog")
            cursor.execute("SET LOCAL TimeZone TO 'UTC'")
            cursor.execute(_SHORTER_TIMEOUT, {"ms": math.ceil(self._limits.timeout_s * 1000)})
            return self._fetched(sql, parameters)
        finally:
            cursor.execute("ROLLBACK TO SAVEPOINT policy_service")
            if idle:
                cursor.execute("ROLLBACK")
            else:
                cursor.execute("RELEASE SAVEPOINT policy_service")

    def _fetched(self, sql: str, parameters: Mapping[str, object]) -> Rows:
        from psycopg.rows import tuple_row  # loaded already: the connection is psycopg's

        # A named cursor stays on the server: no more rows than allowed come over.
        with self._connection.cursor("policy_service", row_factory=tuple_row) as cursor:
            return _fetched(cursor, sql, parameters, self._limits)


def open_database(
    connection: Any,  # noqa: ANN401 - any driver's
    *,
    keys: MaskingKeys,
    limits: ReadLimits,
) -> Database:
    """Recognise a connection. Raises `StatementRefusedError` for a database not supported."""
    if hasattr(connection, "exec_driver_sql"):  # SQLAlchemy's
        connection = connection.connection.dbapi_connection
    if isinstance(connection, sqlite3.Connection):
        return _SqliteDatabase(connection, keys, limits)
    if type(connection).__module__.partition(".")[0] == "psycopg":
        return _PostgresqlDatabase(connection, limits)
    raise StatementRefusedError(
        f"a `{type(connection).__name__}` cannot be guarded; give one of sqlite3 or psycopg"
    )


def _fetched(
    cursor: Any,  # noqa: ANN401 - DB-API
    sql: str,
    parameters: Mapping[str, object],
    limits: ReadLimits,
) -> Rows:
    cursor.execute(sql, dict(parameters))
    columns = tuple(str(column[0]) for column in cursor.description)
    rows = cursor.fetchmany(limits.max_rows + 1)
    if len(rows) > limits.max_rows:
        raise StatementRefusedError(
            f"the statement answers more than `{limits.max_rows}` rows; add a limit"
        )
    return columns, tuple(tuple(row) for row in rows)


def _without_values(read: Callable[[], Rows], limits: ReadLimits) -> Rows:
    try:
        return read()
    except EnforcementError:
        raise
    except Exception as error:
        code = str(getattr(error, "sqlstate", None) or type(error).__name__)
        cancelled = code == _CANCELLED or getattr(error, "sqlite_errorname", "") == _INTERRUPTED
    # Raised here and not in the handler: the database's message may hold values, and
    # must not travel along as the cause.
    if cancelled:
        raise StatementRefusedError(
            f"the statement takes longer than `{limits.timeout_s:g}` seconds; narrow it"
        )
    raise StatementRefusedError(f"the database refused the statement (`{code}`); check its types")
