"""Rewrite a statement for one subject and purpose: masks and row filters inside base relations.

Pure: a function of statement, dialect and views, so that outside probe suites
can drive it. It runs nothing; `middleware.session` does.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are bound

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import StatementRefusedError
from policy_service.domain.identifiers import AssetId, Revision, RuleId, asset_parts
from policy_service.engines.sqlglot import (
    Relation,
    fold,
    parameter,
    rewrite_query,
    table_names,
)
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.sql_masks import filter_sql, mask_sql, quoted

_ALIAS = "ps_t"
_DATABASE_SCHEMA = {"sqlite": {"public": "main"}}  # SQLite's nameless schema is called public


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenStatement:
    """What may be run: `sql` with `parameters` of its own, and what it reads."""

    sql: str
    parameters: Mapping[str, object]  # to be joined with those of the statement
    statement_parameters: frozenset[str]  # which the statement itself names
    tables: tuple[AssetId, ...]
    columns: tuple[AssetId, ...]  # read in any way
    masked: tuple[AssetId, ...]  # those of them that are not shown in clear
    rules: tuple[RuleId, ...]
    revision: Revision


def referenced_tables(
    statement: str,
    *,
    dialect: str,
    tables: Sequence[AssetId],
    default_schema: str = "public",
) -> tuple[AssetId, ...]:
    """Tell which of `tables` a statement may read, to ask for no more views than needed."""
    named = set(table_names(statement, dialect=dialect))
    default = _schema(dialect, default_schema)
    found = []
    for table in tables:
        _, schema, name = _parts(table)
        place, folded = _schema(dialect, schema), fold(name, dialect=dialect)
        if (place, folded) in named or (place == default and ("", folded) in named):
            found.append(table)
    return tuple(found)


def rewrite(
    statement: str,
    *,
    dialect: str,
    views: Mapping[AssetId, TableView],
    keys: MaskingKeys,
    default_schema: str = "public",
    paramstyle: str = "named",
) -> RewrittenStatement:
    """Rewrite one SELECT so that it sees only what `views` allow.

    `dialect` is sqlite or postgresql; `paramstyle` is `named` (`:x`) or
    `pyformat` (`%(x)s`) and concerns the result: statements name their
    parameters `:x`. Raises `StatementRefusedError` naming what is not accepted,
    `AccessDeniedError` for a table without a readable column.
    """
    parameters: dict[str, object] = {}
    relations = {
        table: _relation(view, dialect=dialect, keys=keys, parameters=parameters)
        for table, view in sorted(views.items())
    }
    result = rewrite_query(
        statement,
        dialect=dialect,
        default_schema=_schema(dialect, default_schema),
        relations=tuple(relations.values()),
        paramstyle=paramstyle,
    )
    names = {(one.schema, one.name): table for table, one in relations.items()}
    used = [(views[names[one.schema, one.name]], columns) for one, columns in result.used]
    return _summary(result.sql, parameters, result.parameters, used)


def _summary(
    sql: str,
    parameters: Mapping[str, object],
    statement_parameters: frozenset[str],
    used: Sequence[tuple[TableView, tuple[str, ...]]],
) -> RewrittenStatement:
    read = {
        one.column: one
        for view, columns in used
        for one in view.columns
        if asset_parts(one.column)[-1] in columns
    }
    return RewrittenStatement(
        sql=sql,
        parameters=dict(parameters),
        statement_parameters=statement_parameters,
        tables=tuple(sorted({view.table for view, _ in used})),
        columns=tuple(sorted(read)),
        masked=tuple(
            sorted(name for name, one in read.items() if one.control.operator is not Operator.CLEAR)
        ),
        rules=tuple(sorted({rule for one in read.values() for rule in one.rules})),
        revision=max((view.revision for view, _ in used), default=Revision(0)),
    )


def _parts(table: AssetId) -> tuple[str, str, str]:
    parts = asset_parts(table)
    if len(parts) != 3:
        raise StatementRefusedError(f"`{table}` is not the id of a table; use source.schema.table")
    return parts[0], parts[1], parts[2]


def _schema(dialect: str, schema: str) -> str:
    return _DATABASE_SCHEMA.get(dialect, {}).get(schema, schema)


def _relation(
    view: TableView, *, dialect: str, keys: MaskingKeys, parameters: dict[str, object]
) -> Relation:
    _, schema, name = _parts(view.table)
    controls = {asset_parts(one.column)[-1]: one.control for one in view.columns}
    if any(row_filter.table != view.table for row_filter in view.row_filters):
        raise StatementRefusedError(f"a row filter of `{view.table}` belongs to another table")

    def select(columns: tuple[str, ...]) -> str:
        return _select(view, controls, columns, dialect=dialect, keys=keys, parameters=parameters)

    denied = {one for one, control in controls.items() if control.operator is Operator.DENY}
    return Relation(
        schema=_schema(dialect, schema),
        name=name,
        columns=tuple(one for one in controls if one not in denied),
        denied=frozenset(denied),
        select=select,
    )


def _select(
    view: TableView,
    controls: Mapping[str, Control],
    columns: tuple[str, ...],
    *,
    dialect: str,
    keys: MaskingKeys,
    parameters: dict[str, object],
) -> str:
    def bind(value: object) -> str:
        name = f"ps_{len(parameters)}"
        parameters[name] = value
        return parameter(name)

    def place(table: AssetId) -> str:
        _, schema, name = _parts(table)
        return f"{quoted(_schema(dialect, schema))}.{quoted(name)}"

    def column(name: str) -> str:
        if name not in controls:
            raise StatementRefusedError(f"a mask of `{view.table}` needs column `{name}`")
        return f"{_ALIAS}.{quoted(name)}"

    shown = [
        mask_sql(
            column(name), controls[name], dialect=dialect, keys=keys, bind=bind, sibling=column
        )
        + f" AS {quoted(fold(name, dialect=dialect))}"
        for name in columns
    ]
    sql = f"SELECT {', '.join(shown) or '1 AS ps_one'} FROM {place(view.table)} AS {_ALIAS}"
    conditions = [
        filter_sql(
            row_filter, alias=_ALIAS, attributes=dict(view.attributes), place=place, bind=bind
        )
        for row_filter in view.row_filters
    ]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    if dialect == "sqlite":
        masked = any(controls[name].operator is not Operator.CLEAR for name in columns)
        # The fence also makes SQLite mask each row once: a join over an open subquery masks
        # it again for every pair of rows.
        return f"{sql}{where} LIMIT -1 OFFSET 0" if conditions or masked else sql
    # The fence keeps conditions of the statement from running on rows that are filtered out.
    return f"{sql}{where} OFFSET 0" if conditions else sql
