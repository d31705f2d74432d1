"""Rewrite a statement for one subject and purpose: masks and row filters inside base relations.

Pure: a function of statement, dialect and views, so that outside probe suites
can drive it. It runs nothing; `middleware.session` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Action, Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, StatementRefusedError
from policy_service.domain.identifiers import AssetId, Revision, RuleId, asset_parts
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.sql_relations import (
    Bound,
    Guard,
    schema_of_bare_names,
    table_parts,
)

if TYPE_CHECKING:
    from policy_service.engines import sqlglot as queries
    from policy_service.engines import sqlglot_dialects as dialects
    from policy_service.engines import sqlglot_writes as writes
else:
    queries = LateModule("policy_service.engines.sqlglot")
    dialects = LateModule("policy_service.engines.sqlglot_dialects")
    writes = LateModule("policy_service.engines.sqlglot_writes")


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenStatement:
    """What may be run: `sql` with `parameters` of its own, and what it reads.

    `secrets` has to be given to PostgreSQL as `middleware.postgresql_keys` says.
    """

    sql: str
    parameters: Mapping[str, object]  # to be joined with those of the statement
    statement_parameters: frozenset[str]  # which the statement itself names
    tables: tuple[AssetId, ...]
    columns: tuple[AssetId, ...]  # read in any way
    masked: tuple[AssetId, ...]  # those of them that are not shown in clear
    rules: tuple[RuleId, ...]
    revision: Revision
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    action: str = Action.READ.value
    returns_rows: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTarget:
    """What a statement writes to: `action` is create, update or delete."""

    action: str
    table: AssetId


def referenced_tables(
    statement: str,
    *,
    dialect: str,
    tables: Sequence[AssetId],
    default_schema: str | None = None,
) -> tuple[AssetId, ...]:
    """Tell which of `tables` a statement may read or write, to ask for no more views than needed.

    `default_schema` is the schema of bare names; None takes the dialect's own.
    """
    named = set(queries.table_names(statement, dialect=dialect))
    default = schema_of_bare_names(default_schema, dialect=dialect)
    found = []
    for table in tables:
        schema, name = table_parts(table, dialect=dialect)
        folded = dialects.fold(name, dialect=dialect)
        if (schema, folded) in named or (schema == default and ("", folded) in named):
            found.append(table)
    return tuple(found)


def write_target(
    statement: str,
    *,
    dialect: str,
    tables: Sequence[AssetId],
    default_schema: str | None = None,
) -> WriteTarget | None:
    """Tell what a statement writes to; None for a query.

    Raises `StatementRefusedError` for other statements, and for a table that is not of `tables`.
    """
    found = writes.written_table(statement, dialect=dialect)
    if found is None:
        return None
    action, schema, name = found
    place = schema or schema_of_bare_names(default_schema, dialect=dialect)
    for table in tables:
        known, stored = table_parts(table, dialect=dialect)
        if (known, dialects.fold(stored, dialect=dialect)) == (place, name):
            return WriteTarget(action=action, table=table)
    raise StatementRefusedError(
        "the table to be written is not known; name a table of the catalogue",
        reason=DenyReason.UNKNOWN_RESOURCE,
    )


def rewrite(
    statement: str,
    *,
    dialect: str,
    views: Mapping[AssetId, TableView],
    keys: MaskingKeys,
    default_schema: str | None = None,
    paramstyle: str = "named",
) -> RewrittenStatement:
    """Rewrite one SELECT so that it sees only what `views` allow.

    `dialect` is sqlite, postgresql or duckdb; `paramstyle` is `named` (`:x`, in DuckDB `$x`)
    or `pyformat` (`%(x)s`) and concerns the result: statements name their parameters `:x`.
    Raises `StatementRefusedError` naming what is not accepted, `AccessDeniedError` for a
    table without a readable column.
    """
    guard = Guard(dialect=dialect, keys=keys, bound=Bound())
    result = queries.rewrite_query(
        statement,
        dialect=dialect,
        default_schema=schema_of_bare_names(default_schema, dialect=dialect),
        relations=[guard.relation(view) for _, view in sorted(views.items())],
        paramstyle=paramstyle,
    )
    return _summary(result, guard=guard, views=views)


def rewrite_write(
    statement: str,
    *,
    dialect: str,
    views: Mapping[AssetId, TableView],
    write_views: Mapping[str, Mapping[AssetId, TableView]],
    keys: MaskingKeys,
    default_schema: str | None = None,
    paramstyle: str = "named",
) -> RewrittenStatement:
    """Rewrite one INSERT, UPDATE or DELETE so that it touches only what the views allow.

    `views` are those for reading, of every table that is named; `write_views` those of the
    table written to, by action: create, update, delete. A column is written where its view
    for the action shows it in clear; WHERE, SET and RETURNING read what may be read in clear.
    A row that the writer could not see afterwards makes the database refuse the statement.
    Raises as `rewrite` does.
    """
    target = write_target(
        statement, dialect=dialect, tables=tuple(sorted(views)), default_schema=default_schema
    )
    if target is None:
        raise StatementRefusedError("the statement writes nothing; run it as a query")
    writable = write_views.get(target.action, {}).get(target.table)
    if writable is None or not _allows(writable, target.action):
        raise AccessDeniedError(
            f"`{target.action}` on `{target.table}` is not allowed for this purpose"
        )
    if writable.table != target.table:
        raise StatementRefusedError(f"the view for writing is not one of `{target.table}`")
    guard = Guard(dialect=dialect, keys=keys, bound=Bound())
    result = writes.rewrite_change(
        statement,
        dialect=dialect,
        default_schema=schema_of_bare_names(default_schema, dialect=dialect),
        relations=[guard.relation(view) for _, view in sorted(views.items())],
        target=guard.target(readable=views[target.table], writable=writable, action=target.action),
        paramstyle=paramstyle,
    )
    return _summary(result, guard=guard, views=views, action=target.action, writable=writable)


def _allows(writable: TableView, action: str) -> bool:
    """Tell whether anything may be written; who deletes a row deletes all of its columns."""
    operators = [one.control.operator for one in writable.columns]
    if action == Action.DELETE:
        return bool(operators) and Operator.DENY not in operators
    return Operator.CLEAR in operators


def _summary(
    result: queries.Rewritten | writes.RewrittenWrite,
    *,
    guard: Guard,
    views: Mapping[AssetId, TableView],
    action: str = Action.READ.value,
    writable: TableView | None = None,
) -> RewrittenStatement:
    tables = {table_parts(table, dialect=guard.dialect): table for table in views}
    seen = [(views[tables[one.schema, one.name]], columns) for one, columns in result.used]
    read = {
        one.column: one
        for view, columns in seen
        for one in view.columns
        if asset_parts(one.column)[-1] in columns
    }
    asked = [view for view, _ in seen] + ([writable] if writable is not None else [])
    rules = {rule for one in read.values() for rule in one.rules}
    if writable is not None:
        rules |= {rule for one in writable.columns for rule in one.rules}
    return RewrittenStatement(
        sql=result.sql,
        parameters=dict(guard.bound.parameters),
        statement_parameters=result.parameters,
        tables=tuple(sorted({view.table for view in asked})),
        columns=tuple(sorted(read)),
        masked=tuple(
            sorted(name for name, one in read.items() if one.control.operator is not Operator.CLEAR)
        ),
        rules=tuple(sorted(rules)),
        revision=max((view.revision for view in asked), default=Revision(0)),
        secrets=dict(guard.bound.secrets),
        action=action,
        returns_rows=not isinstance(result, writes.RewrittenWrite) or result.returns_rows,
    )
