"""Sample tables in SQLite, DuckDB and PostgreSQL: guarded, plain, and masked beforehand.

Not a test: leak probes, analytic queries, fuzzing and `benchmarks.sql_guard` run on it.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import psycopg

from policy_service.domain.errors import EnforcementError
from policy_service.middleware.session import GuardedConnection
from policy_service.middleware.views import ActionViewProvider, ViewProvider
from tests.laws.sql_probe_bank import KEYS, Audit, Table, canaries, create, masked

Rows = list[tuple[object, ...]]
SCHEMAS = {"sqlite": "public", "postgresql": "public", "duckdb": "main"}
_MASKED = "masked_beforehand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that came back from one statement: rows, or every error of the chain."""

    text: str
    refused: str = ""  # the message, where it was refused
    rows: tuple[tuple[object, ...], ...] = ()


class Heard(logging.Handler):
    """Keeps what is logged in this process, whatever the logger."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line as it would be written, with its exception."""
        self.lines.append(self.format(record))


@dataclass
class Probe:
    """Sample tables in one engine."""

    engine: str
    tables: Sequence[Table]
    connection: Any
    guarded: GuardedConnection
    masked: Callable[[str, Mapping[str, object]], Rows]  # asks the tables masked beforehand
    plain: Callable[[str, Mapping[str, object]], Rows]  # asks the real ones, past the guard
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.canaries = canaries(self.tables)

    def ask(self, statement: str, params: Mapping[str, object] | None = None) -> Seen:
        """Run a statement through the guard."""
        try:
            answer = self.guarded.query(statement, params)
        except EnforcementError as error:
            return Seen(text=chain(error), refused=error.message)
        return Seen(text=repr((answer.columns, answer.rows)), rows=answer.rows)

    def write(self, statement: str) -> Seen:
        """Run a writing statement through the guard, and take it back."""
        try:
            answer = self.guarded.write(statement)
        except EnforcementError as error:
            return Seen(text=chain(error), refused=error.message)
        finally:
            self.guarded.rollback()
        return Seen(text=repr((answer.columns, answer.rows, answer.written)), rows=answer.rows)


def chain(error: BaseException) -> str:
    """Write an error with all its causes, contexts and notes."""
    seen: list[str] = []
    current: BaseException | None = error
    while current is not None:
        seen += [repr(current), *getattr(current, "__notes__", [])]
        current = current.__cause__ or current.__context__
    return "\n".join(seen)


def open_probe(
    engine: str,
    tables: Sequence[Table],
    views: ViewProvider,
    writes: ActionViewProvider | None = None,
    *,
    url: str = "",
) -> AbstractContextManager[Probe]:
    """Put the tables into `engine`; `url` is PostgreSQL's, with `{database}` in it."""
    if engine == "sqlite":
        return _sqlite_probe(tables, views, writes)
    if engine == "duckdb":
        return _duckdb_probe(tables, views, writes)
    return _postgresql_probe(url, tables, views, writes)


def leaks(probe: Probe, told: str, statement: str) -> set[str]:
    """Name the canaries in what was told, apart from those that the statement names."""
    spoken = told.replace(statement, "").replace(repr(statement)[1:-1], "")
    return {one for one in probe.canaries if one in spoken and one not in statement}


@contextmanager
def _sqlite_probe(
    tables: Sequence[Table], views: ViewProvider, writes: ActionViewProvider | None = None
) -> Iterator[Probe]:
    """Put the tables into SQLite, in memory."""
    with (
        closing(sqlite3.connect(":memory:")) as real,
        closing(sqlite3.connect(":memory:")) as beforehand,
    ):
        for connection, content in ((real, tables), (beforehand, masked(tables))):
            _fill(connection.execute, connection.executemany, content)
            connection.commit()
        yield _probe("sqlite", tables, real, views, writes, _asks(beforehand), _asks(real))


@contextmanager
def _duckdb_probe(
    tables: Sequence[Table], views: ViewProvider, writes: ActionViewProvider | None = None
) -> Iterator[Probe]:
    """Put the tables into DuckDB, in memory."""
    import duckdb

    with closing(duckdb.connect()) as real, closing(duckdb.connect()) as beforehand:
        for connection, content in ((real, tables), (beforehand, masked(tables))):
            _fill(connection.execute, connection.executemany, content)
            connection.execute("SET TimeZone = 'UTC'")
        yield _probe(
            "duckdb",
            tables,
            real,
            views,
            writes,
            _asks(beforehand, mark="$"),
            _asks(real, mark="$"),
        )


@contextmanager
def _postgresql_probe(
    url: str,
    tables: Sequence[Table],
    views: ViewProvider,
    writes: ActionViewProvider | None = None,
) -> Iterator[Probe]:
    """Put the tables into a PostgreSQL database of their own; `url` has `{database}` in it."""
    libpq = url.replace("postgresql+psycopg://", "postgresql://")
    name = f"probe_{uuid4().hex[:12]}"
    with psycopg.connect(libpq.format(database="postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    with ExitStack() as stack:
        real, beforehand = (
            stack.enter_context(psycopg.connect(libpq.format(database=name), autocommit=True))
            for _ in range(2)
        )
        real.execute(f"CREATE SCHEMA {_MASKED}")
        for schema, content in (("", tables), (f"{_MASKED}.", masked(tables))):
            with real.cursor() as cursor:
                _fill(cursor.execute, cursor.executemany, content, schema=schema, mark="%s")
        for connection in (real, beforehand):
            connection.execute("SET TimeZone TO 'UTC'")
        beforehand.execute(f"SET search_path TO {_MASKED}")
        real.execute("ANALYZE")
        plain = stack.enter_context(psycopg.connect(libpq.format(database=name), autocommit=True))
        plain.execute("SET TimeZone TO 'UTC'")
        asks = _asks(beforehand, mark="%")
        made = _probe(
            "postgresql",
            tables,
            real,
            views,
            writes,
            lambda sql, params: asks(sql.replace("public.", f"{_MASKED}."), params),
            _asks(plain, mark="%"),
        )
        real.add_notice_handler(lambda notice: made.notices.append(str(notice.message_primary)))
        real.autocommit = writes is None  # what is written is taken back
        yield made
    with psycopg.connect(libpq.format(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _probe(
    engine: str,
    tables: Sequence[Table],
    connection: object,
    views: ViewProvider,
    writes: ActionViewProvider | None,
    beforehand: Callable[[str, Mapping[str, object]], Rows],
    plain: Callable[[str, Mapping[str, object]], Rows],
) -> Probe:
    guarded = GuardedConnection(
        connection,
        views=views,
        writes=writes,
        audit=Audit(),
        keys=KEYS,
        subject="teller-7",
        purpose="service",
        tables=[table.id for table in tables],
        timeout_s=10,
    )
    return Probe(engine, tables, connection, guarded, beforehand, plain)


def _fill(
    execute: Callable[[str], object],
    executemany: Callable[[str, Any], object],
    tables: Sequence[Table],
    *,
    schema: str = "",
    mark: str = "?",
) -> None:
    for statement, rows in create(tables, schema=schema):
        if rows:
            executemany(statement.replace("?", mark), rows)
        elif not statement.startswith("INSERT"):
            execute(statement)


def _asks(connection: Any, *, mark: str = ":") -> Callable[[str, Mapping[str, object]], Rows]:
    def ask(statement: str, params: Mapping[str, object]) -> Rows:
        text = statement.replace("%", "%%") if mark == "%" and params else statement
        for name in params:
            written = f"%({name})s" if mark == "%" else f"{mark}{name}"
            text = text.replace(f":{name}", written)
        done = connection.execute(text, dict(params)) if params else connection.execute(text)
        return cast("Rows", list(done.fetchall()))

    return ask
