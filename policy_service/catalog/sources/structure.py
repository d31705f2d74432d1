"""The structure of every table of one schema, asked for in bulk.

SQLAlchemy's reflection of many tables at once: a handful of queries for a schema, however
many tables it has. Types come down to the eight names of the catalogue; what none of them
fits (arrays, JSON, geometry) is `other` and is read as text.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint
from sqlalchemy.exc import SAWarning
from sqlalchemy.sql.elements import quoted_name

# The order counts: a `BIGINT` is an Integer, a `MONEY` none of them.
_TYPES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("boolean", (sa.Boolean,)),
    ("text", (sa.String, sa.Uuid, sa.Enum)),
    ("integer", (sa.Integer, mysql.YEAR)),
    ("decimal", (sa.Numeric, sa.Float)),
    ("timestamp", (sa.DateTime,)),
    ("date", (sa.Date,)),
    ("binary", (sa.LargeBinary,)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnStructure:
    """One declared column; `data_type` is empty where the database declares none (SQLite)."""

    name: str
    data_type: str
    nullable: bool
    read_as: str = ""  # what `Kind.readable` is told instead of the type


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStructure:
    """A declared foreign key of one column inside the schema; `target` may be left out."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStructure:
    """What is declared of one table. `unique` names the columns that are unique alone."""

    columns: tuple[ColumnStructure, ...]
    primary_key: tuple[str, ...] = ()
    unique: frozenset[str] = frozenset()
    foreign_keys: tuple[KeyStructure, ...] = ()


def reflect(connection: sa.Connection, schema: str | None) -> dict[str, TableStructure]:
    """Read the structure of every table of a schema; views are left out."""
    inspector = sa.inspect(connection)
    with warnings.catch_warnings():
        # A type that SQLAlchemy does not know is read as text: no reason to warn.
        warnings.simplefilter("ignore", SAWarning)
        columns = inspector.get_multi_columns(schema=schema)
        keys = inspector.get_multi_pk_constraint(schema=schema)
        unique = inspector.get_multi_unique_constraints(schema=schema)
        indexes = inspector.get_multi_indexes(schema=schema)
        foreign = inspector.get_multi_foreign_keys(schema=schema)
    found = {}
    for place, described in columns.items():
        key = keys.get(place)
        primary = tuple(key["constrained_columns"] or ()) if key else ()
        found[place[1]] = TableStructure(
            columns=tuple(
                ColumnStructure(
                    name=str(one["name"]),
                    data_type=_data_type(one["type"], connection.dialect.name),
                    nullable=bool(one["nullable"]) and one["name"] not in primary,
                )
                for one in described
            ),
            primary_key=primary,
            unique=_single(unique.get(place, ()), indexes.get(place, ()), primary),
            foreign_keys=tuple(_keys(foreign.get(place, ()), schema)),
        )
    return found


def sql_table(schema: str | None, table: str, columns: Sequence[str]) -> sa.TableClause:
    """Name a table and its columns for a query; every name is quoted, whatever it holds."""
    return sa.table(
        quoted_name(table, quote=True),
        *(sa.column(quoted_name(column, quote=True)) for column in columns),
        schema=None if schema is None else quoted_name(schema, quote=True),
    )


def _data_type(kind: object, dialect: str) -> str:
    if isinstance(kind, postgresql.DOMAIN):
        kind = kind.data_type
    if isinstance(kind, sa.types.NullType):
        return "" if dialect == "sqlite" else "other"
    return next((name for name, known in _TYPES if isinstance(kind, known)), "other")


def _single(
    constraints: Iterable[Mapping[str, Any]],
    indexes: Iterable[Mapping[str, Any]],
    primary: Sequence[str],
) -> frozenset[str]:
    """Name the columns that a constraint, an index or the primary key makes unique alone."""
    whole = [one["column_names"] for one in indexes if one["unique"] and not _partial(one)]
    named = [*(one["column_names"] for one in constraints), *whole, list(primary)]
    return frozenset(str(names[0]) for names in named if len(names) == 1 and names[0] is not None)


def _partial(index: Mapping[str, Any]) -> bool:
    """Tell whether a unique index covers only some of the rows."""
    options = index.get("dialect_options") or {}
    return any(name.endswith("_where") for name in options)


def _keys(
    found: Iterable[ReflectedForeignKeyConstraint], schema: str | None
) -> Iterable[KeyStructure]:
    for key in found:
        columns, targets = key["constrained_columns"], key["referred_columns"]
        if len(columns) == 1 and (key["referred_schema"] or schema) == schema:
            target = str(targets[0]) if targets else ""
            yield KeyStructure(
                column=str(columns[0]), table=str(key["referred_table"]), target=target
            )
