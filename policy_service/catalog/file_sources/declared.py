"""A description of tables as a source: names, types, keys and meanings, but no data.

What dbt, OpenMetadata, DataHub and Fides files come down to. A scan of it classifies by
names and types, and by what people wrote and tagged. No rows are counted
unless the description counts them, and nothing about values can be answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from policy_service.catalog.file_sources.labels import declared_categories
from policy_service.catalog.file_sources.tables import check_names
from policy_service.catalog.file_sources.type_names import data_type_of
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.asset import ForeignKey
from policy_service.domain.errors import CatalogError, EmptySourceError, NotFoundError
from policy_service.domain.identifiers import asset_id

_SCHEMA = "public"  # where a description names none
_MOST_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredColumn:
    """One column as described. `labels` are its tags, terms and category keys."""

    name: str
    declared_type: str = ""
    nullable: bool = True
    primary_key: bool = False
    unique: bool = False
    description: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredKey:
    """A reference to a table of the same schema."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTable:
    """One table as described; `schema` is empty where none is named."""

    schema: str
    name: str
    columns: tuple[DeclaredColumn, ...]
    keys: tuple[DeclaredKey, ...] = ()
    row_count: int = 0
    description: str = ""


class DeclaredSource:
    """An open description, limited to one of its schemas."""

    def __init__(
        self, tables: Sequence[DeclaredTable], *, dialect: str, schema: str | None, place: str
    ) -> None:
        """Take the tables of `schema`, or of the only one there is.

        Raises `EmptySourceError` where there is no table with columns, `CatalogError` where
        there are several schemas, or two tables of one name.
        """
        with_columns = [table for table in tables if table.columns]
        chosen = _choose(with_columns, schema, place)
        self.dialect = dialect
        self.shown_schema = chosen or _SCHEMA
        self._tables: dict[str, DeclaredTable] = {}
        for table in with_columns:
            if table.schema == chosen:
                if table.name in self._tables:
                    raise CatalogError(f"`{place}` describes the table `{table.name}` twice")
                check_names([column.name for column in table.columns], f"{place}: {table.name}")
                self._tables[table.name] = table

    def table_names(self) -> tuple[str, ...]:
        """List the tables, sorted."""
        return tuple(sorted(self._tables))

    def read_table(self, name: str, *, source: str, sample_rows: int) -> ObservedTable:
        """Return one table as described; there is nothing to sample."""
        del sample_rows
        table = self._tables.get(name)
        if table is None:
            raise NotFoundError(f"there is no table `{name}` any more; scan again")
        return ObservedTable(
            id=asset_id(source, self.shown_schema, name),
            schema=self.shown_schema,
            name=name,
            row_count=table.row_count,
            columns=_observed(table.columns),
            foreign_keys=self._keys(table, source),
        )

    def read_rows(
        self, table: ObservedTable, columns: Sequence[str], *, most: int
    ) -> list[tuple[object, ...]]:
        """Return no rows: a description has none."""
        del table, columns, most
        return []

    def count_distinct(self, table: ObservedTable, column: str) -> int | None:
        """Return None: a description cannot tell."""
        del table, column
        return None

    def count_held(self, table: ObservedTable, column: str, values: Sequence[object]) -> int | None:
        """Return None: a description cannot tell."""
        del table, column, values
        return None

    def _keys(self, table: DeclaredTable, source: str) -> tuple[ForeignKey, ...]:
        names = {column.name for column in table.columns}
        found = {
            ForeignKey(
                column=key.column,
                references_table=asset_id(source, self.shown_schema, key.table),
                references_column=key.target,
                inferred=False,
            )
            for key in table.keys
            if key.column in names and key.table in self._tables
        }
        return tuple(sorted(found, key=lambda one: (one.column, one.references_table)))


def _observed(columns: Sequence[DeclaredColumn]) -> tuple[ObservedColumn, ...]:
    keys = [column for column in columns if column.primary_key]
    return tuple(
        ObservedColumn(
            name=column.name,
            data_type=data_type_of(column.declared_type),
            nullable=column.nullable and not column.primary_key,
            primary_key=column.primary_key,
            unique=column.unique or keys == [column],
            declared=declared_categories(column.labels),
            description=column.description,
        )
        for column in columns
    )


def _choose(tables: Sequence[DeclaredTable], schema: str | None, place: str) -> str:
    """Choose the schema to scan: asset ids and names of tables belong to one."""
    if not tables:
        raise EmptySourceError(f"`{place}` describes no table with columns; describe one first")
    schemas = sorted({table.schema for table in tables})
    if schema is None and len(schemas) == 1:
        return schemas[0]
    listed = ", ".join(f"`{one}`" for one in schemas[:_MOST_LISTED])
    more = f" and {len(schemas) - _MOST_LISTED} more" if len(schemas) > _MOST_LISTED else ""
    if schema is None:
        raise CatalogError(
            f"`{place}` describes the schemas {listed}{more}; name one at the end of the source's "
            f"URL, such as `?schema={schemas[-1]}`"
        )
    if schema not in schemas:
        raise EmptySourceError(f"`{place}` has no schema `{schema}`; it describes {listed}{more}")
    return schema
