"""The state database and its unit of work: one request, one transaction.

This is the one place that commits. SQLite runs in WAL mode with
`synchronous=FULL`, so that what was committed survives a power cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from policy_service.domain.errors import StorageError
from policy_service.storage import (
    application_tables,  # noqa: F401 - part of the schema
    decision_tables,  # noqa: F401 - part of the schema
    fleet_tables,  # noqa: F401 - part of the schema
)
from policy_service.storage.sessions import ReadSession, WriteSession

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 10_000


class Database:
    """Opens sessions on the state; create it once a process and `close` it at the end."""

    def __init__(self, url: str) -> None:
        """Connect lazily to `url` (SQLAlchemy form: `sqlite:///…`, `postgresql+psycopg://…`)."""
        self._url = url
        try:
            self._engine = _engine(url)
        except SQLAlchemyError as error:
            raise StorageError(
                "state database address is not a SQLAlchemy URL of SQLite or PostgreSQL"
            ) from error

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def sqlalchemy_dialect(self) -> Dialect:
        """Return the dialect that statements are compiled for."""
        return self._engine.dialect

    @property
    def file(self) -> Path | None:
        """Return the file of a SQLite database; none where the state is elsewhere."""
        name = self._engine.url.database
        return Path(name) if self.dialect == "sqlite" and name and name != ":memory:" else None

    def connect(self) -> Connection:
        """Open a connection for who keeps one to read with, and closes it. Raises as SQLAlchemy."""
        return self._engine.connect().execution_options(policy_service_read=True)

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to `revision`; all of it happens or nothing.

        Raises `StorageError` where the database cannot be reached or changed.
        """
        try:
            with self._engine.begin() as connection:
                context = MigrationContext.configure(connection)
                if revision == "head" and context.get_current_revision() == _newest():
                    return
                config = _config()
                config.attributes["connection"] = connection
                if revision == "base" or revision < (context.get_current_revision() or ""):
                    command.downgrade(config, revision)
                else:
                    command.upgrade(config, revision)
        except SQLAlchemyError as error:
            raise StorageError(
                f"state database cannot be prepared ({type(error).__name__}); "
                "check its address and that it accepts connections"
            ) from error

    @contextmanager
    def read(self) -> Iterator[ReadSession]:
        """Open a session that sees one consistent state and changes nothing."""
        with self._transaction(read=True) as connection:
            yield ReadSession(connection)

    @contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Open the unit of work: committed at the end, rolled back when anything is raised."""
        with self._transaction(read=False) as connection:
            yield WriteSession(connection)

    @contextmanager
    def _transaction(self, *, read: bool) -> Iterator[Connection]:
        try:
            connection = self._engine.connect().execution_options(policy_service_read=read)
        except SQLAlchemyError as error:
            raise StorageError(
                f"state database does not answer ({type(error).__name__}); check its address"
            ) from error
        with connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StorageError(
            f"state database `{parsed.get_backend_name()}` is not supported; "
            "use SQLite or PostgreSQL"
        )
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, poolclass=NullPool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we begin ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]  # sqlite3.Connection
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: taking it later could fail half way through.
    reading = connection.get_execution_options().get("policy_service_read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
