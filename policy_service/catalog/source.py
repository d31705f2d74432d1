"""Opens a database for reading only, and says plainly what is wrong where it cannot.

SQLite files are opened with `mode=ro`, so that a missing file is not created; PostgreSQL
in one read-only, repeatable-read transaction with a statement time-out. Errors name the
place without user, password or options.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from policy_service.domain.errors import SourceUnreachableError

_CONNECT_TIMEOUT_S = 10
_STATEMENT_TIMEOUT_MS = 60_000
_SQLITE_SCHEMAS = (None, "public", "main")


@dataclass(frozen=True, slots=True)
class Source:
    """An open database: `schema` is what SQL calls it, `shown_schema` what asset ids do."""

    connection: Connection
    dialect: str
    schema: str | None
    shown_schema: str


@contextmanager
def open_source(url: str, schema: str | None) -> Iterator[Source]:
    """Open the database behind a SQLAlchemy URL for reading.

    Raises `SourceUnreachableError` where the URL is wrong, its kind of database is not
    supported, or the database does not answer or fails while it is read.
    """
    parsed = _parse(url)
    place = _place(parsed)
    if parsed.get_backend_name() == "sqlite":
        if schema not in _SQLITE_SCHEMAS:
            raise SourceUnreachableError(
                f"`{place}` has no schema `{schema}`: SQLite has only `public`; leave it out"
            )
        engine, used, shown = _sqlite(parsed, place), None, "public"
    else:
        engine, shown = _postgresql(parsed), schema or "public"
        used = shown
    try:
        with engine.connect() as connection, connection.begin():
            _restrict(connection)
            yield Source(connection, connection.dialect.name, used, shown)
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        raise SourceUnreachableError(
            f"cannot read `{place}`: {_reason(error)}; check that the database runs and that "
            "the account may read it"
        ) from None  # the driver's own text may repeat options of the URL, or a value
    finally:
        engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise SourceUnreachableError(
            "this is not a database URL; write `sqlite:///file.db` or "
            "`postgresql://user:password@host/database`"
        ) from None  # the cause repeats the URL, and the URL may hold a password
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed
    raise SourceUnreachableError(
        f"databases of the kind `{backend}` are not supported; use `sqlite` or `postgresql`"
    )


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database or ''}"
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{url.host or 'localhost'}{port}/{url.database or ''}"


def _sqlite(url: URL, place: str) -> Engine:
    if not url.database or url.database == ":memory:" or "mode=memory" in str(url.query):
        raise SourceUnreachableError(
            f"`{place}` is a database in memory; name a file: `sqlite:///file.db`"
        )
    path = Path(url.database)
    if not path.is_file():
        raise SourceUnreachableError(f"there is no database file `{path}`; check the path")
    name = f"file:{quote(str(path.absolute()))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(name, uri=True, check_same_thread=False)
        # Bytes that are no UTF-8 must not stop a scan; a sign that stands for them will do.
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"connect_timeout": _CONNECT_TIMEOUT_S},
        )
    except (NoSuchModuleError, ArgumentError, ImportError) as error:
        raise SourceUnreachableError(
            "the PostgreSQL driver is missing; install `policy-service[service]`"
        ) from error


def _restrict(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        connection.execute(text(f"SET LOCAL statement_timeout = {_STATEMENT_TIMEOUT_MS}"))
    else:
        connection.execute(text("PRAGMA query_only = ON"))


# How a refused connection reads: the driver gives no SQLSTATE before there is a session.
_REFUSALS = (
    ("password authentication failed", "the sign-in was refused"),
    ("no password supplied", "it wants a password"),
    ('role "', "the sign-in was refused"),
    ('database "', "there is no such database"),
)
_STATES = {
    "57014": "a query took too long",
    "42501": "the account may not read it",
}


def _reason(error: Exception) -> str:
    """Name the kind of failure in words of our own; never the driver's, which hold names."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return "it is not a whole SQLite database, or it is locked"
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _STATES.get(state, f"it answered with SQLSTATE {state}")
    told = str(cause)
    if "does not exist" in told or "password" in told:
        return next((reason for word, reason in _REFUSALS if word in told), _SILENT)
    return _SILENT


_SILENT = "the server does not answer"
