"""SQLite files, opened with `mode=ro`: a missing file is not created, nothing is written."""

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine

from policy_service.catalog.sources.kind import LONGEST_TEXT, Kind, presence
from policy_service.domain.errors import SourceUnreachableError


class Sqlite(Kind):
    """A SQLite file; its one schema is shown as `public`."""

    name = "sqlite"

    def place(self, url: URL) -> str:
        """Name the file."""
        return f"sqlite:///{url.database or ''}"

    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """SQLite has one schema, whatever it is called."""
        if asked not in (None, "public", "main"):
            raise SourceUnreachableError(
                f"`{self.place(url)}` has no schema `{asked}`: SQLite has only `public`; "
                "leave it out"
            )
        return None, "public"

    def engine(self, url: URL) -> Engine:
        """Open the file for reading; bytes that are no UTF-8 do not stop it."""
        name = f"file:{quote(str(_file(self, url).absolute()))}?mode=ro"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(name, uri=True, check_same_thread=False)
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            return connection

        return self._engine("sqlite://", creator=connect)

    def restrict(self, connection: Connection) -> None:
        """Refuse to write even where the file could be written."""
        connection.execute(sa.text("PRAGMA query_only = ON"))

    def row_key(self, connection: Connection, table: str) -> str | None:
        """Return `rowid`, but for tables that have none or name a column so."""
        query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = :name"
        without = connection.execute(sa.text(query), {"name": table}).scalar()
        named = connection.execute(
            sa.text("SELECT 1 FROM pragma_table_info(:name) WHERE lower(name) = 'rowid'"),
            {"name": table},
        ).scalar()
        return None if without or named else "rowid"

    def readable(self, column: sa.ColumnElement[Any], data_type: str) -> sa.ColumnElement[Any]:
        """Cut texts where they lie; any value may have any type, whatever is declared."""
        if data_type == "binary":
            return presence(column)
        kind = sa.func.typeof(column)
        cut = sa.case(
            (kind == "text", sa.func.substr(column, 1, LONGEST_TEXT)),
            (kind == "blob", sa.literal_column("x'31'")),
            else_=column,
        )
        return sa.type_coerce(cut, sa.types.NullType())

    def reason(self, error: Exception) -> str:
        """SQLite has one reason that people can do something about."""
        return "it is not a whole SQLite database, or it is locked"


def _file(kind: Sqlite, url: URL) -> Path:
    if not url.database or url.database == ":memory:" or "mode=memory" in str(url.query):
        raise SourceUnreachableError(
            f"`{kind.place(url)}` is a database in memory; name a file: `sqlite:///file.db`"
        )
    path = Path(url.database)
    if not path.is_file():
        raise SourceUnreachableError(f"there is no database file `{path}`; check the path")
    return path
