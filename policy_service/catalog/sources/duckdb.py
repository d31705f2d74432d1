"""DuckDB files, opened for reading only and cut off from everything outside the file.

Extensions are neither fetched nor loaded by themselves, other files and addresses cannot
be reached, and memory is bounded. The structure comes from DuckDB's own catalogue
functions: it answers PostgreSQL's catalogue queries only in part.
"""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine

from policy_service.catalog.sources.duckdb_dialect import DRIVER, register
from policy_service.catalog.sources.kind import Kind
from policy_service.catalog.sources.structure import (
    ColumnStructure,
    KeyStructure,
    TableStructure,
)
from policy_service.domain.errors import SourceUnreachableError

_CONFIG: dict[str, str | bool] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "512MB",
    "temp_directory": "",  # a folder to spill to could be read from, too
}
_TYPES = {
    "BOOLEAN": "boolean",
    "VARCHAR": "text",
    "UUID": "text",
    "FLOAT": "decimal",
    "DOUBLE": "decimal",
    "DATE": "date",
    "BLOB": "binary",
}
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM")
_COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type, c.is_nullable
    FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_oid, database_oid)
    WHERE c.database_name = current_database() AND c.schema_name = :schema
    ORDER BY c.table_name, c.column_index
"""
_CONSTRAINTS = """
    SELECT table_name, constraint_type, constraint_column_names, referenced_table,
        referenced_column_names
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND schema_name = :schema
        AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
        AND len(constraint_column_names) > 0
    ORDER BY table_name, constraint_index
"""


class DuckDb(Kind):
    """A DuckDB file; `main` where no schema is named."""

    name = "duckdb"
    package = "`policy-service[duckdb]`"
    has_savepoints = False

    def place(self, url: URL) -> str:
        """Name the file."""
        return f"duckdb:///{url.database or ''}"

    def schemas(self, url: URL, asked: str | None) -> tuple[str | None, str]:
        """Every schema is called what it is."""
        return asked or "main", asked or "main"

    def engine(self, url: URL) -> Engine:
        """Open the file for reading; options of the URL are left out."""
        if not url.database or url.database.startswith((":memory:", "md:")):
            raise SourceUnreachableError(
                f"`{self.place(url)}` is no file; name one: `duckdb:///file.duckdb`"
            )
        if not Path(url.database).is_file():
            raise SourceUnreachableError(
                f"there is no database file `{url.database}`; check the path"
            )
        register()
        return self._engine(
            URL.create(DRIVER, database=url.database),
            connect_args={"read_only": True, "config": dict(_CONFIG)},
        )

    def restrict(self, connection: Connection) -> None:
        """Nothing the file holds can change how it is read."""
        connection.exec_driver_sql("SET lock_configuration = true")

    def structure(self, connection: Connection, schema: str | None) -> dict[str, TableStructure]:
        """Ask DuckDB's catalogue: two queries for the schema."""
        columns: dict[str, list[ColumnStructure]] = defaultdict(list)
        for table, name, declared, nullable in connection.execute(
            sa.text(_COLUMNS), {"schema": schema}
        ):
            columns[table].append(
                ColumnStructure(name=name, data_type=_data_type(declared), nullable=bool(nullable))
            )
        keys: dict[str, list[_Constraint]] = defaultdict(list)
        for table, kind, names, referred, targets in connection.execute(
            sa.text(_CONSTRAINTS), {"schema": schema}
        ):
            keys[table].append(_Constraint(kind, tuple(names), referred or "", tuple(targets)))
        return {table: _table(found, keys[table]) for table, found in columns.items()}

    def schema_names(self, connection: Connection) -> list[str]:
        """List the schemas of the file, not those of the engine."""
        query = (
            "SELECT schema_name FROM duckdb_schemas() "
            "WHERE database_name = current_database() ORDER BY schema_name"
        )
        return list(connection.execute(sa.text(query)).scalars())

    def row_key(self, connection: Connection, table: str) -> str | None:
        """DuckDB numbers the rows of every table."""
        return "rowid"

    def reason(self, error: Exception) -> str:
        """Tell a file that is none from one that is busy."""
        cause = getattr(error, "orig", None) or error
        if type(cause).__name__ in {"IOException", "SerializationException"}:
            return "it is not a whole DuckDB file, or another process has it open for writing"
        return f"it answered with `{type(cause).__name__}`"


class _Constraint(NamedTuple):
    kind: str
    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


def _table(columns: list[ColumnStructure], found: list[_Constraint]) -> TableStructure:
    primary = next((one.columns for one in found if one.kind == "PRIMARY KEY"), ())
    single = [one for one in found if len(one.columns) == 1]
    return TableStructure(
        columns=tuple(columns),
        primary_key=primary,
        unique=frozenset(one.columns[0] for one in single if one.kind != "FOREIGN KEY"),
        foreign_keys=tuple(
            KeyStructure(column=one.columns[0], table=one.table, target=one.targets[0])
            for one in single
            if one.kind == "FOREIGN KEY"
        ),
    )


def _data_type(declared: str) -> str:
    if declared.endswith("]"):
        return "other"
    if declared.startswith(("TIMESTAMP", "DATETIME")):
        return "timestamp"
    if declared.startswith("DECIMAL"):
        return "decimal"
    if declared.startswith("ENUM"):
        return "text"
    return "integer" if declared.removeprefix("U") in _INTEGERS else _TYPES.get(declared, "other")
