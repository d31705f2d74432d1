"""MySQL and MariaDB through PyMySQL: a read-only session with a statement time-out.

A schema is a database there: the one that the URL names, or `--schema`.
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.dialects import mysql

from policy_service.catalog.sources.kind import (
    CONNECT_TIMEOUT_S,
    LONGEST_TEXT,
    SILENT,
    STATEMENT_TIMEOUT_S,
    Kind,
    presence,
)
from policy_service.catalog.sources.structure import TableStructure
from policy_service.domain.errors import SourceUnreachableError

_REASONS = {
    1044: "the account may not read it",
    1045: "the sign-in was refused",
    1049: "there is no such database",
    1142: "the account may not read it",
    1143: "the account may not read it",
    1698: "the sign-in was refused",
    1792: "the session only reads",
    1969: "a query took too long",
    3024: "a query took too long",
}
_GEOMETRY = "geometry"  # cannot be cast
_SPATIAL = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = :schema AND data_type IN ('geometry', 'point', 'linestring', 'polygon',
        'multipoint', 'multilinestring', 'multipolygon', 'geometrycollection', 'geomcollection')
"""
_OWN = ("information_schema", "mysql", "performance_schema", "sys")


class MySql(Kind):
    """A MySQL or MariaDB server; asset ids show the database's own name."""

    package = "`policy-service[mysql]`"

    def __init__(self, name: str) -> None:
        self.name = name

    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """A database must be named, by the URL or as the schema."""
        schema = asked or url.database
        if not schema:
            raise SourceUnreachableError(
                f"`{self.place(url)}` names no database; write "
                f"`{self.name}://user:password@host/database`"
            )
        return schema, schema

    def engine(self, url: URL) -> Engine:
        """Connect through PyMySQL, in UTF-8; a file of this machine is never sent."""
        return self._engine(
            url.set(drivername="mysql+pymysql"),
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "read_timeout": 2 * STATEMENT_TIMEOUT_S,
                "charset": "utf8mb4",
                "local_infile": False,
            },
        )

    def restrict(self, connection: Connection) -> None:
        """Read one consistent state; the two servers name the time-out apart."""
        limit = (
            f"max_statement_time = {STATEMENT_TIMEOUT_S}"
            if self._is_mariadb(connection)
            else f"max_execution_time = {STATEMENT_TIMEOUT_S * 1000}"
        )
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.commit()  # what is set holds from the next transaction on

    def dialect(self, connection: Connection) -> str:
        """Say which of the two answered, whatever the URL said."""
        return "mariadb" if self._is_mariadb(connection) else "mysql"

    def structure(self, connection: Connection, schema: str | None) -> dict[str, TableStructure]:
        """A database that is not there, or not for this account, has no tables."""
        if schema not in super().schema_names(connection):
            return {}
        spatial = {tuple(row) for row in connection.execute(sa.text(_SPATIAL), {"schema": schema})}
        return {
            name: _plain(table, {column for place, column in spatial if place == name})
            for name, table in super().structure(connection, schema).items()
        }

    def schema_names(self, connection: Connection) -> list[str]:
        """Leave the server's own databases out."""
        return [one for one in super().schema_names(connection) if one not in _OWN]

    def estimate(self, connection: Connection, schema: str | None, table: str) -> int | None:
        """Return what the storage engine estimates; InnoDB may be off by a half."""
        query = (
            "SELECT table_rows FROM information_schema.tables "
            "WHERE table_schema = :schema AND table_name = :name"
        )
        found = connection.execute(sa.text(query), {"schema": schema, "name": table}).scalar()
        return None if found is None else int(found)

    def readable(self, column: sa.ColumnElement[Any], data_type: str) -> sa.ColumnElement[Any]:
        """Read as text what has a type of its own; bytes that are no text lose their sign."""
        if data_type == "binary":
            return presence(column)
        if data_type == _GEOMETRY:
            return sa.func.substr(sa.func.st_astext(column), 1, LONGEST_TEXT)
        if data_type in {"text", "other", "date", "timestamp"}:
            text = sa.cast(column, mysql.CHAR(charset="utf8mb4"))
            return sa.func.substr(text, 1, LONGEST_TEXT)
        return sa.type_coerce(column, sa.types.NullType())

    def reason(self, error: Exception) -> str:
        """Tell a refused sign-in, a missing database, a missing right and a time-out apart."""
        cause = getattr(error, "orig", None) or error
        number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else 0
        if number >= 2000 and number < 3000:  # the client's own: no connection, or lost
            return SILENT
        return _REASONS.get(number, f"it answered with error {number}" if number else SILENT)

    @staticmethod
    def _is_mariadb(connection: Connection) -> bool:
        return bool(getattr(connection.dialect, "is_mariadb", False))


def _plain(table: TableStructure, spatial: set[str]) -> TableStructure:
    """Write names of columns as they are (reflection leaves a backtick doubled); mark places."""
    named = [(column, column.name.replace("``", "`")) for column in table.columns]
    columns = tuple(
        replace(column, name=name, read_as=_GEOMETRY if name in spatial else "")
        for column, name in named
    )
    return replace(table, columns=columns)
