"""A database as a source: opened for reading only, said plainly what is wrong where it cannot.

Errors name the place without user, password or options, and the failure in our own words:
a driver's text may repeat options of the URL, or a value.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.sources.duckdb import DuckDb
from policy_service.catalog.sources.kind import Kind
from policy_service.catalog.sources.mysql import MySql
from policy_service.catalog.sources.postgresql import PostgreSql
from policy_service.catalog.sources.sampling import Wanted, sample
from policy_service.catalog.sources.sqlite import Sqlite
from policy_service.catalog.sources.structure import (
    ColumnStructure,
    KeyStructure,
    TableStructure,
    sql_table,
)
from policy_service.catalog.sources.warehouse import Warehouse
from policy_service.domain.asset import ForeignKey
from policy_service.domain.errors import (
    EmptySourceError,
    NotFoundError,
    SourceUnreachableError,
)
from policy_service.domain.identifiers import asset_id

_COUNT_AT_MOST = 2_000_000  # tables estimated larger keep the estimate
_KINDS: dict[str, Kind] = {
    "sqlite": Sqlite(),
    "postgresql": PostgreSql(),
    "postgres": PostgreSql(),
    "mysql": MySql("mysql"),
    "mariadb": MySql("mariadb"),
    "duckdb": DuckDb(),
    "snowflake": Warehouse("snowflake"),
    "bigquery": Warehouse("bigquery"),
}


class DatabaseSource:
    """An open database: `schema` is what SQL calls it, `shown_schema` what asset ids do."""

    def __init__(
        self, connection: Connection, kind: Kind, *, schema: str | None, shown_schema: str
    ) -> None:
        self.connection = connection
        self.schema = schema
        self.shown_schema = shown_schema
        self.dialect = kind.dialect(connection)
        self._kind = kind
        self._structure: dict[str, TableStructure] | None = None

    def table_names(self) -> tuple[str, ...]:
        """List the tables that have columns. Raises `EmptySourceError` where there is none."""
        names = sorted(name for name, table in self._tables().items() if table.columns)
        if not names:
            raise EmptySourceError(self._nothing_found())
        return tuple(names)

    def read_table(self, name: str, *, source: str, sample_rows: int) -> ObservedTable:
        """Count and sample one table. Raises `NotFoundError` where it is gone."""
        structure = self._tables().get(name)
        if structure is None:
            raise NotFoundError(f"there is no table `{name}`")
        with self._unless_gone(name):
            row_count = self._count(name)
            rows = self._rows(name, structure.columns, row_count, sample_rows)
        return ObservedTable(
            id=asset_id(source, self.shown_schema, name),
            schema=self.shown_schema,
            name=name,
            row_count=row_count,
            columns=_columns(structure, rows),
            foreign_keys=tuple(self._declared(key, source) for key in _sorted_keys(structure)),
        )

    def read_rows(
        self, table: ObservedTable, columns: Sequence[str], *, most: int
    ) -> list[tuple[object, ...]]:
        """Read some columns in at most `most` rows. Raises `NotFoundError` for a gone table."""
        known = {column.name: column for column in self._tables()[table.name].columns}
        with self._unless_gone(table.name):
            return self._rows(table.name, [known[name] for name in columns], table.row_count, most)

    def count_distinct(self, table: ObservedTable, column: str) -> int | None:
        """Count the different values of a whole column; None where it takes too long."""
        clause = sql_table(self.schema, table.name, (column,))
        return self._proof(sa.select(sa.func.count(sa.distinct(clause.c[column]))))

    def count_held(self, table: ObservedTable, column: str, values: Sequence[object]) -> int | None:
        """Count how many of `values` occur in a column; None where the types do not compare."""
        clause = sql_table(self.schema, table.name, (column,))
        referred = sa.type_coerce(clause.c[column], sa.types.NullType())
        return self._proof(
            sa.select(sa.func.count(sa.distinct(referred))).where(referred.in_(list(values)))
        )

    def _tables(self) -> dict[str, TableStructure]:
        if self._structure is None:
            self._structure = self._kind.structure(self.connection, self.schema)
        return self._structure

    def _rows(
        self, name: str, columns: Sequence[ColumnStructure], row_count: int, most: int
    ) -> list[tuple[object, ...]]:
        """Sample some columns; one of a type that cannot be read does not stop the scan."""
        wanted = Wanted(
            schema=self.schema,
            table=name,
            types={column.name: column.read_as or column.data_type for column in columns},
            primary_key=self._tables()[name].primary_key,
            row_count=row_count,
            most=most,
        )
        try:
            with self._attempt():
                return sample(self.connection, self._kind, wanted)
        except DBAPIError as error:
            odd = {column.name: "binary" for column in columns if column.data_type == "other"}
            if error.connection_invalidated or not odd:
                raise
        with self._attempt():
            only_presence = replace(wanted, types={**wanted.types, **odd})
            return sample(self.connection, self._kind, only_presence)

    def _count(self, name: str) -> int:
        """Count the rows; where that would take too long, what the server estimates."""
        with self._attempt():
            estimate = self._kind.estimate(self.connection, self.schema, name)
        if estimate is not None and estimate > _COUNT_AT_MOST:
            return estimate
        counted = self._proof(
            sa.select(sa.func.count()).select_from(sql_table(self.schema, name, ()))
        )
        return (estimate or 0) if counted is None else counted

    def _proof(self, query: sa.Select[int]) -> int | None:
        """Ask for one number; None where the database cannot tell."""
        try:
            with self._attempt():
                return int(self.connection.execute(query).scalar() or 0)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            return None

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        """Let a statement fail without losing the session."""
        if self._kind.has_savepoints:
            with self.connection.begin_nested():
                yield
            return
        try:
            yield
        except DBAPIError:
            self.connection.rollback()
            raise

    @contextmanager
    def _unless_gone(self, name: str) -> Iterator[None]:
        """Tell a table that was dropped from a database that fails."""
        try:
            yield
        except DBAPIError as error:
            try:
                there = name in self._kind.structure(self.connection, self.schema)
            except DBAPIError:
                raise error from None
            if there:
                raise
            raise NotFoundError(f"table `{name}` is gone since the scan began") from None

    def _declared(self, key: KeyStructure, source: str) -> ForeignKey:
        # A reference may leave the column out: then it is the primary key.
        target = self._tables().get(key.table, TableStructure(columns=())).primary_key
        return ForeignKey(
            column=key.column,
            references_table=asset_id(source, self.shown_schema, key.table),
            references_column=key.target or (target[0] if target else ""),
            inferred=False,
        )

    def _nothing_found(self) -> str:
        if self.schema is not None:
            schemas = [
                one
                for one in self._kind.schema_names(self.connection)
                if one != "information_schema"
            ]
            if self.schema not in schemas:
                known = ", ".join(f"`{one}`" for one in schemas)
                return f"there is no schema `{self.schema}`; the database has {known}"
        return f"schema `{self.shown_schema}` has no tables; load data first or name another schema"


@contextmanager
def open_database(url: str, schema: str | None) -> Iterator[DatabaseSource]:
    """Open the database behind a SQLAlchemy URL for reading.

    Raises `SourceUnreachableError` where the URL is wrong, its kind of database is not
    supported, its driver is missing, or it does not answer or fails while it is read.
    """
    kind, parsed = _recognise(url)
    place = kind.place(parsed)
    used, shown = kind.schemas(parsed, schema)
    engine = kind.engine(parsed)
    try:
        with engine.connect() as connection:
            kind.restrict(connection)
            yield DatabaseSource(connection, kind, schema=used, shown_schema=shown)
    except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
        raise SourceUnreachableError(
            f"cannot read `{place}`: {kind.reason(error)}; check that the database runs and "
            "that the account may read it"
        ) from None  # the driver's own text may repeat options of the URL, or a value
    finally:
        engine.dispose()


def _recognise(url: str) -> tuple[Kind, URL]:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise SourceUnreachableError(
            "this is not a database URL; write `sqlite:///file.db` or "
            "`postgresql://user:password@host/database`"
        ) from None  # the cause repeats the URL, and the URL may hold a password
    kind = _KINDS.get(backend)
    if kind is None:
        known = ", ".join(f"`{name}`" for name in _KINDS if name != "postgres")
        raise SourceUnreachableError(
            f"databases of the kind `{backend}` are not supported; use one of {known}"
        )
    return kind, parsed


def _columns(
    structure: TableStructure, rows: Sequence[tuple[object, ...]]
) -> tuple[ObservedColumn, ...]:
    found = []
    for place, column in enumerate(structure.columns):
        values = tuple(row[place] for row in rows)
        found.append(
            ObservedColumn(
                name=column.name,
                data_type=column.data_type or _type_of_values(values),
                nullable=column.nullable,
                primary_key=column.name in structure.primary_key,
                unique=column.name in structure.unique,
                values=values,
            )
        )
    return tuple(found)


def _type_of_values(values: Sequence[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "integer"
    if kinds and kinds <= {int, float}:
        return "decimal"
    return "binary" if kinds == {bytes} else "text"


def _sorted_keys(structure: TableStructure) -> list[KeyStructure]:
    return sorted(structure.foreign_keys, key=lambda key: (key.column, key.table))
