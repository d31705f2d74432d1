"""Inspects tables and reads a bounded sample of each: structure, row counts, first rows.

Views are left out. Rows are ordered by primary key where there is one, so that the same
database gives the same sample. Dates and other rich types arrive as text; a long text is
cut, binary values only say whether they are there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.sql.elements import quoted_name

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.source import Source
from policy_service.domain.asset import ForeignKey
from policy_service.domain.errors import EmptySourceError
from policy_service.domain.identifiers import asset_id
from policy_service.domain.progress import Progress

_LONGEST_TEXT = 2_000
_COUNT_AT_MOST = 2_000_000  # PostgreSQL tables estimated larger keep the estimate
_TYPES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("boolean", (sa.Boolean,)),
    ("text", (sa.String, sa.Uuid, sa.Enum)),
    ("integer", (sa.Integer,)),
    ("decimal", (sa.Numeric, sa.Float)),
    ("timestamp", (sa.DateTime,)),
    ("date", (sa.Date,)),
    ("binary", (sa.LargeBinary,)),
)


def read_tables(
    source: Source, *, name: str, sample_rows: int, progress: Progress
) -> tuple[ObservedTable, ...]:
    """Inspect and sample every table of the open schema, in order of name.

    Raises `EmptySourceError` where there is none.
    """
    inspector = sa.inspect(source.connection)
    names = sorted(inspector.get_table_names(schema=source.schema))
    if not names:
        raise EmptySourceError(_nothing_found(inspector, source))
    tables = []
    for done, table in enumerate(names):
        progress("scan", done, len(names))
        tables.append(_read_table(source, inspector, name, table, sample_rows))
    progress("scan", len(names), len(names))
    if not any(table.columns for table in tables):
        raise EmptySourceError(_nothing_found(inspector, source))
    return tuple(table for table in tables if table.columns)


def read_rows(
    source: Source, table: ObservedTable, columns: Sequence[str], *, most: int
) -> list[tuple[object, ...]]:
    """Read the first rows of some columns, in order of the primary key."""
    types = {one.name: one.data_type for one in table.columns if one.name in columns}
    keys = [one.name for one in table.columns if one.primary_key]
    return _sample(source, table.name, types, keys, most)


def sql_table(source: Source, table: str, columns: Sequence[str]) -> sa.TableClause:
    """Name a table and its columns for a query; every name is quoted, whatever it holds."""
    schema = None if source.schema is None else quoted_name(source.schema, quote=True)
    return sa.table(
        quoted_name(table, quote=True),
        *(sa.column(quoted_name(column, quote=True)) for column in columns),
        schema=schema,
    )


def _nothing_found(inspector: Inspector, source: Source) -> str:
    if source.schema is not None:
        schemas = [one for one in inspector.get_schema_names() if one != "information_schema"]
        if source.schema not in schemas:
            known = ", ".join(f"`{one}`" for one in sorted(schemas))
            return f"there is no schema `{source.schema}`; the database has {known}"
    return f"schema `{source.shown_schema}` has no tables; load data first or name another schema"


def _read_table(
    source: Source, inspector: Inspector, name: str, table: str, sample_rows: int
) -> ObservedTable:
    described = inspector.get_columns(table, schema=source.schema)
    types = {str(column["name"]): _data_type(column["type"]) for column in described}
    keys = tuple(inspector.get_pk_constraint(table, schema=source.schema)["constrained_columns"])
    unique = _unique_columns(inspector, table, source.schema) | (
        set(keys) if len(keys) == 1 else set()
    )
    rows = _sample(source, table, types, keys, sample_rows) if types else []
    columns = []
    for place, column in enumerate(described):
        values = tuple(row[place] for row in rows)
        column_name = str(column["name"])
        columns.append(
            ObservedColumn(
                name=column_name,
                data_type=types[column_name] or _type_of_values(values),
                nullable=bool(column["nullable"]) and column_name not in keys,
                primary_key=column_name in keys,
                unique=column_name in unique,
                values=values,
            )
        )
    return ObservedTable(
        id=asset_id(name, source.shown_schema, table),
        schema=source.shown_schema,
        name=table,
        row_count=_count(source, table),
        columns=tuple(columns),
        foreign_keys=_declared(inspector, source, name, table),
    )


def _data_type(kind: object) -> str:
    """Name the type; empty where SQLite declares none."""
    if isinstance(kind, sa.types.NullType):
        return ""
    return next((name for name, known in _TYPES if isinstance(kind, known)), "other")


def _type_of_values(values: Sequence[object]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "integer"
    if kinds and kinds <= {int, float}:
        return "decimal"
    return "binary" if kinds == {bytes} else "text"


def _unique_columns(inspector: Inspector, table: str, schema: str | None) -> set[str]:
    constraints: list[Mapping[str, Any]] = [
        *inspector.get_unique_constraints(table, schema=schema),
        *(one for one in inspector.get_indexes(table, schema=schema) if one["unique"]),
    ]
    single = [one["column_names"] for one in constraints if len(one["column_names"]) == 1]
    return {str(names[0]) for names in single if names[0] is not None}


def _declared(
    inspector: Inspector, source: Source, name: str, table: str
) -> tuple[ForeignKey, ...]:
    """Read declared foreign keys of one column that stay inside the schema."""
    found = []
    for key in inspector.get_foreign_keys(table, schema=source.schema):
        columns, targets = key["constrained_columns"], key["referred_columns"]
        inside = (key["referred_schema"] or source.schema) == source.schema
        if len(columns) == 1 and inside:
            parent = key["referred_table"]
            # SQLite lets a reference leave the column out: then it is the primary key.
            target = targets or inspector.get_pk_constraint(parent)["constrained_columns"]
            found.append(
                ForeignKey(
                    column=str(columns[0]),
                    references_table=asset_id(name, source.shown_schema, str(parent)),
                    references_column=str(target[0]) if target else "",
                    inferred=False,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.column, one.references_table)))


def _sample(
    source: Source, table: str, types: Mapping[str, str], keys: Sequence[str], sample_rows: int
) -> list[tuple[object, ...]]:
    clause = sql_table(source, table, list({**types, **dict.fromkeys(keys, "")}))
    chosen = [
        _readable(clause.c[column], kind, source.dialect).label(f"c{place}")
        for place, (column, kind) in enumerate(types.items())
    ]
    query = sa.select(*chosen).order_by(*(clause.c[key] for key in keys)).limit(sample_rows)
    return [tuple(map(_cut, row)) for row in source.connection.execute(query)]


def _readable(column: sa.ColumnElement[Any], kind: str, dialect: str) -> sa.ColumnElement[Any]:
    """Select a column so that no driver has to understand it."""
    if kind == "binary":
        return sa.case((column.is_(None), sa.null()), else_=sa.literal_column("1"))
    if dialect == "postgresql" and kind in {"other", "date", "timestamp", "text"}:
        return sa.func.substr(sa.cast(column, sa.Text), 1, _LONGEST_TEXT)
    return sa.type_coerce(column, sa.types.NullType())


def _cut(value: object) -> object:
    if isinstance(value, bytes):
        return b"1"
    return value[:_LONGEST_TEXT] if isinstance(value, str) else value


def _count(source: Source, table: str) -> int:
    clause = sql_table(source, table, ())
    if source.dialect == "postgresql":
        estimate = source.connection.execute(
            sa.text(
                "SELECT c.reltuples::bigint FROM pg_class c JOIN pg_namespace n "
                "ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relname = :name"
            ),
            {"schema": source.schema, "name": table},
        ).scalar()
        if estimate is not None and int(estimate) > _COUNT_AT_MOST:
            return int(estimate)
    counted = source.connection.execute(sa.select(sa.func.count()).select_from(clause)).scalar()
    return int(counted or 0)
