"""What differs between kinds of databases: how to open, restrict, list, estimate and read.

`Kind` holds what most share; a kind overrides what it does otherwise. Not a dialect in
SQLAlchemy's sense: only what a scan that must not write, wait for ever or take a whole
table into memory has to know.
"""

from abc import ABC, abstractmethod
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from policy_service.catalog.sources.structure import TableStructure, reflect
from policy_service.domain.errors import SourceUnreachableError

CONNECT_TIMEOUT_S = 10
STATEMENT_TIMEOUT_S = 60
LONGEST_TEXT = 2_000  # characters of a value that are looked at
SILENT = "the server does not answer"


class Kind(ABC):
    """One kind of database. `package` is what must be installed for it."""

    name = ""
    package = ""
    has_savepoints = True

    def place(self, url: URL) -> str:
        """Name the database without user, password or options."""
        port = f":{url.port}" if url.port else ""
        return f"{self.name}://{url.host or 'localhost'}{port}/{url.database or ''}"

    @abstractmethod
    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """Return what SQL calls the schema, and what asset ids do. Raises `CatalogError`."""

    @abstractmethod
    def engine(self, url: URL) -> Engine:
        """Make an engine; nothing is connected yet. Raises `SourceUnreachableError`."""

    @abstractmethod
    def restrict(self, connection: Connection) -> None:
        """Make the session read-only and bound the time of a statement."""

    def dialect(self, connection: Connection) -> str:
        """Return the name that the catalogue keeps."""
        return self.name

    def structure(self, connection: Connection, schema: str | None) -> dict[str, TableStructure]:
        """Read what is declared of every table."""
        return reflect(connection, schema)

    def schema_names(self, connection: Connection) -> list[str]:
        """List the schemas, for a person who named one that is not there."""
        return sorted(sa.inspect(connection).get_schema_names())

    def estimate(self, connection: Connection, schema: str | None, table: str) -> int | None:
        """Estimate the rows of a table without reading it; None where there is no estimate."""
        return None

    def row_key(self, connection: Connection, table: str) -> str | None:
        """Name the hidden whole number that orders the rows, where there is one."""
        return None

    def rows_together(self, connection: Connection, schema: str | None, table: str) -> int:
        """Return how many rows `sampled` takes or leaves at once, about."""
        return 1

    def sampled(self, table: sa.FromClause, *, share: float) -> sa.FromClause | None:
        """Return the table with about `share` (0-1) of its rows, always the same; or None."""
        return None

    def readable(self, column: sa.ColumnElement[Any], data_type: str) -> sa.ColumnElement[Any]:
        """Select a column so that no driver has to understand it, and no huge value is sent."""
        if data_type == "binary":
            return presence(column)
        if data_type in {"text", "other", "date", "timestamp"}:
            return sa.func.substr(sa.cast(column, sa.Text), 1, LONGEST_TEXT)
        return sa.type_coerce(column, sa.types.NullType())

    @abstractmethod
    def reason(self, error: Exception) -> str:
        """Name a failure in words of our own; never the driver's, which may hold values."""

    def _engine(self, url: URL | str, **options: object) -> Engine:
        try:
            given: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True, **options}
            return sa.create_engine(url, **given)
        except (NoSuchModuleError, ImportError):
            raise SourceUnreachableError(
                f"the driver for `{self.name}` is missing; install {self.package}"
            ) from None
        except (ArgumentError, TypeError, ValueError):
            raise SourceUnreachableError(
                f"the options of the `{self.name}` URL are wrong; check what follows `?`"
            ) from None  # the cause repeats the URL, and the URL may hold a password


def presence(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Select whether a value is there, for what is not read: binary values."""
    return sa.case((column.is_(None), sa.null()), else_=sa.literal_column("1"))
