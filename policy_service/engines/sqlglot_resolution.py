"""Resolve a query's names against guarded relations and put those in the tables' place (sqlglot).

Structure only: which relation stands for a table, and what its SELECT does, is handed in.
What cannot be resolved to exactly one column of one relation is refused.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, StatementRefusedError
from policy_service.engines.sqlglot_aliases import without_output_names
from policy_service.engines.sqlglot_dialects import (
    fold,
    folded,
    keeps_spelling,
    language,
    quietly,
)
from policy_service.engines.sqlglot_grammar import check_query

_UNRESOLVED = re.compile(r"[Cc]olumn '([^']*)' could not be resolved|Unknown column: ([^\s.]+)")
_Known = dict[tuple[str, str], "Relation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table as its reader may see it: `select(columns)` gives the SQL that stands for it."""

    schema: str
    name: str
    columns: tuple[str, ...]  # readable ones
    denied: frozenset[str]
    select: Callable[[tuple[str, ...]], str]  # uses `parameter(...)` for bind parameters


Used = tuple[tuple[Relation, tuple[str, ...]], ...]  # relations with the columns that are read


def resolve(
    query: exp.Query, *, dialect: str, default_schema: str, relations: Sequence[Relation]
) -> tuple[exp.Query, Used]:
    """Replace every table of a query of accepted syntax.

    Raises `StatementRefusedError` for what cannot be resolved, `AccessDeniedError` for a
    table without a readable column.
    """
    known = {(one.schema, fold(one.name, dialect=dialect)): one for one in relations}
    _check_tables(query, known, dialect, default_schema)
    qualified = _qualified(query, known, dialect, default_schema)
    if dialect == "sqlite":
        _number_columns_of_values(qualified)
    used = _replace_tables(qualified, known, dialect)
    if keeps_spelling(dialect):
        _restore_spelling(qualified, [relation for relation, _ in used])
    return qualified, tuple(used)


def _check_tables(query: exp.Query, known: _Known, dialect: str, default_schema: str) -> None:
    named = {folded(cte.args["alias"].this, dialect=dialect) for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.GenerateSeries):
            continue  # numbers or dates between fixed ends
        schema = folded(table.args.get("db"), dialect=dialect)
        name = folded(table.this, dialect=dialect)
        if not schema and name in named:
            continue  # whether it is in scope here is settled by the scopes
        relation = known.get((schema or default_schema, name))
        if relation is None:
            plain = table.sql(language(dialect), comments=False)
            raise StatementRefusedError(
                f"table `{plain}` is not known; name a table of the catalogue",
                reason=DenyReason.UNKNOWN_RESOURCE,
            )
        if not relation.columns:
            raise AccessDeniedError(f"table `{relation.name}` may not be read for this purpose")


def _qualified(query: exp.Query, known: _Known, dialect: str, default_schema: str) -> exp.Query:
    schema: dict[str, object] = {}
    for (place, name), relation in known.items():
        columns = {fold(column, dialect=dialect): "UNKNOWN" for column in relation.columns}
        tables = schema.setdefault(place, {})
        if isinstance(tables, dict) and columns:
            tables[name] = columns
    spoken = language(dialect)
    mapping = MappingSchema(schema, dialect=spoken, normalize=False)
    strict = without_output_names(query, dialect=dialect)
    try:
        with quietly():
            if strict is not None:
                qualify(
                    strict,
                    dialect=spoken,
                    db=default_schema,
                    schema=mapping,
                    expand_alias_refs=False,
                )
            qualified = qualify(query, dialect=spoken, db=default_schema, schema=mapping)
    except (SqlglotError, RecursionError) as error:
        raise _unresolved(str(error), known) from None
    except Exception as error:
        raise StatementRefusedError("the statement cannot be resolved; simplify it") from error
    _check_whole_rows(qualified)
    return check_query(qualified, dialect=dialect)


def _check_whole_rows(query: exp.Query) -> None:
    """Refuse a table's name as a value: it stands for the whole row, or for nothing known."""
    names = {one.alias_or_name for one in query.find_all(exp.Table, exp.Subquery, exp.Lateral)}
    whole = any(
        not one.table and one.name in names and not _names_output(one)
        for one in query.find_all(exp.Column)
    )
    stars = (one.parent for one in query.find_all(exp.Star))
    if whole or any(not isinstance(parent, exp.Count | exp.Select) for parent in stars):
        raise StatementRefusedError("a whole row is not allowed as a value; name its columns")


def _names_output(column: exp.Column) -> bool:
    """Tell whether a bare name is an output column, which wins in ORDER BY."""
    query = column.find_ancestor(exp.Query)
    ordered = isinstance(column.parent, exp.Ordered) and isinstance(query, exp.Query)
    return ordered and query is not None and column.name in query.named_selects


def _number_columns_of_values(query: exp.Query) -> None:
    """Name the columns of VALUES as SQLite does, which takes no names for them."""
    for scope in traverse_scope(query):
        for name, (node, _) in scope.selected_sources.items():
            if not isinstance(node, exp.Values):
                continue
            alias = node.args["alias"]
            given = [one.name for one in alias.args.get("columns") or ()]
            width = len(node.expressions[0].expressions)
            named = given or [f"_col_{place}" for place in range(width)]
            alias.set("columns", None)
            for column in scope.columns:
                if column.table == name and column.name in named:
                    place = named.index(column.name) + 1
                    column.set("this", exp.to_identifier(f"column{place}", quoted=True))


def _unresolved(message: str, known: _Known) -> StatementRefusedError:
    if message.startswith("Alias already used"):
        return StatementRefusedError("two tables have one name; give each an alias of its own")
    found = _UNRESOLVED.search(message)
    if found is None:
        return StatementRefusedError("the statement cannot be resolved; qualify its columns")
    column = found[1] or found[2]
    having = [one for one in known.values() if column.lower() in map(str.lower, one.columns)]
    if having:
        return StatementRefusedError(
            f"column `{column}` cannot be resolved; write before it which table it is of"
        )
    for relation in known.values():
        if column.lower() in {denied.lower() for denied in relation.denied}:
            return StatementRefusedError(
                f"column `{column}` of `{relation.name}` may not be read for this purpose; "
                "leave it out",
                reason=DenyReason.NO_MATCHING_RULE,
            )
    return StatementRefusedError(
        f"column `{column}` cannot be resolved; name a readable column of a table in FROM",
        reason=DenyReason.UNKNOWN_RESOURCE,
    )


def _replace_tables(
    query: exp.Query, known: _Known, dialect: str
) -> list[tuple[Relation, tuple[str, ...]]]:
    ctes = {id(cte): f"ps_cte_{place}" for place, cte in enumerate(query.find_all(exp.CTE))}
    named: dict[int, str] = {}
    bases: list[exp.Table] = []
    for scope in traverse_scope(query):
        for node, source in scope.selected_sources.values():
            if not isinstance(node, exp.Table) or isinstance(node.this, exp.GenerateSeries):
                continue
            if isinstance(source, Scope):
                named[id(node)] = ctes[id(_defining_cte(source))]
            elif isinstance(source, exp.Table):
                bases.append(node)
    _check_all_seen(query, {*named, *map(id, bases)})
    # CTEs get names that no table has, so that none can stand in for a table or be one.
    for node in [one for one in query.find_all(exp.Table) if id(one) in named]:
        node.set("this", exp.to_identifier(named[id(node)], quoted=True))
        node.set("db", None)
    for cte in query.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(ctes[id(cte)], quoted=True))
    return [_replace_base(query, table, known, dialect) for table in bases]


def _defining_cte(source: Scope) -> exp.Expression:
    cte = source.expression.find_ancestor(exp.CTE)
    if cte is None:
        raise StatementRefusedError("a name in FROM cannot be resolved; simplify the statement")
    return cte


def _check_all_seen(query: exp.Query, seen: set[int]) -> None:
    # INVARIANT: no table reaches the database that was not resolved and replaced.
    tables = (one for one in query.find_all(exp.Table) if isinstance(one.this, exp.Identifier))
    if any(id(table) not in seen for table in tables):
        raise StatementRefusedError("a table cannot be resolved; simplify the statement")


def _replace_base(
    query: exp.Query, table: exp.Table, known: _Known, dialect: str
) -> tuple[Relation, tuple[str, ...]]:
    relation = known.get((table.db, table.name))
    if relation is None or table.catalog:
        raise StatementRefusedError(
            "a table is not known; name a table of the catalogue",
            reason=DenyReason.UNKNOWN_RESOURCE,
        )
    alias = table.alias or table.name
    asked = {column.name for column in query.find_all(exp.Column) if column.table == alias}
    columns = tuple(one for one in relation.columns if fold(one, dialect=dialect) in asked)
    body = exp.Var(this=relation.select(columns))
    guarded = exp.Subquery(
        this=body,
        alias=table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(alias, quoted=True)),
    )
    for name, value in table.args.items():
        if name in ("joins", "laterals") and value:
            guarded.set(name, value)
    table.replace(guarded)
    return relation, columns


def _restore_spelling(query: exp.Query, relations: Sequence[Relation]) -> None:
    """Give plain output columns the spelling the database has, which folding took away."""
    spelling: dict[str, set[str]] = {}
    for relation in relations:
        for column in relation.columns:
            spelling.setdefault(column.lower(), set()).add(column)
    for projection in query.selects:
        names = spelling.get(projection.alias, set())
        plain = isinstance(projection, exp.Alias) and isinstance(projection.this, exp.Column)
        if plain and len(names) == 1 and projection.this.name == projection.alias:
            projection.set("alias", exp.to_identifier(next(iter(names)), quoted=True))
