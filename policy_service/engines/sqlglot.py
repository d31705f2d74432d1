"""Rewrite a query so that it reads guarded relations in place of base tables (sqlglot).

Every table is replaced where it is named, so that WHERE, JOIN, GROUP BY and ORDER BY
see nothing but what the relation gives. Pure: no connection. What a relation is and how
names are resolved is `sqlglot_resolution`; what is accepted is `sqlglot_grammar`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from policy_service.engines.sqlglot_dialects import folded, parsed, sql_of, written
from policy_service.engines.sqlglot_grammar import check_query
from policy_service.engines.sqlglot_resolution import Relation, Used, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The SQL to run; `used` names relations with the columns that the query reads."""

    sql: str
    used: Used
    parameters: frozenset[str]  # those the statement itself names


def table_names(statement: str, *, dialect: str) -> tuple[tuple[str, str], ...]:
    """List (schema or empty, name) of every table named, CTEs included, as the dialect folds it.

    Raises `StatementRefusedError` for what cannot be parsed.
    """
    found = {
        (
            folded(table.args.get("db"), dialect=dialect),
            folded(table.this, dialect=dialect),
        )
        for table in parsed(statement, dialect=dialect).find_all(exp.Table)
        if isinstance(table.this, exp.Identifier)
    }
    return tuple(sorted(found))


def rewrite_query(
    statement: str,
    *,
    dialect: str,
    default_schema: str,
    relations: Sequence[Relation],
    paramstyle: str,
) -> Rewritten:
    """Put relations in the place of every table of one query.

    `paramstyle` is `named` or `pyformat` (PEP 249). Raises `StatementRefusedError`
    for anything that is not accepted or cannot be resolved.
    """
    query = check_query(parsed(statement, dialect=dialect), dialect=dialect)
    parameters = frozenset(one.this for one in query.find_all(exp.Placeholder))
    resolved, used = resolve(
        query, dialect=dialect, default_schema=default_schema, relations=relations
    )
    sql = sql_of(resolved, dialect=dialect)
    return Rewritten(
        sql=written(sql, dialect=dialect, paramstyle=paramstyle), used=used, parameters=parameters
    )
