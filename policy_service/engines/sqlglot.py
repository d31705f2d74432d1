"""Rewrite a query so that it reads guarded relations in place of base tables (sqlglot).

Structure only: which relation stands for a table, and what its SELECT does, is
handed in. Every table is replaced where it is named, so that WHERE, JOIN, GROUP
BY and ORDER BY see nothing but what the relation gives. Pure: no connection.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, StatementRefusedError
from policy_service.engines.sqlglot_grammar import check_statement

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}
_UNRESOLVED = re.compile(r"[Cc]olumn '([^']*)' could not be resolved|Unknown column: ([^\s.]+)")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARK = "\x01"
_LONGEST = 100_000  # characters; parsing is recursive


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table as its reader may see it: `select(columns)` gives the SQL that stands for it."""

    schema: str
    name: str
    columns: tuple[str, ...]  # readable ones
    denied: frozenset[str]
    select: Callable[[tuple[str, ...]], str]  # uses `parameter(...)` for bind parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """The SQL to run; `used` names relations with the columns that the query reads."""

    sql: str
    used: tuple[tuple[Relation, tuple[str, ...]], ...]
    parameters: frozenset[str]  # those the statement itself names


def parameter(name: str) -> str:
    """Write a bind parameter for use inside a relation's SELECT."""
    return f"{_MARK}{name}{_MARK}"


def table_names(statement: str, *, dialect: str) -> tuple[tuple[str, str], ...]:
    """List (schema or empty, name) of everything in FROM, CTEs included, as the dialect folds it.

    Raises `StatementRefusedError` for a statement that cannot be guarded.
    """
    query = _parsed(statement, dialect)
    found = {
        (_folded(table.args.get("db"), dialect), _folded(table.this, dialect))
        for table in query.find_all(exp.Table)
    }
    return tuple(sorted(found))


def fold(name: str, *, dialect: str) -> str:
    """Fold a table or column name as the database compares it when it is stored under `name`."""
    return name.lower() if dialect == "sqlite" else name


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
    query = _parsed(statement, dialect)
    parameters = frozenset(one.this for one in query.find_all(exp.Placeholder))
    known = {(one.schema, fold(one.name, dialect=dialect)): one for one in relations}
    _check_tables(query, known, dialect, default_schema)
    qualified = _qualified(query, known, dialect, default_schema)
    used = _replace_tables(qualified, known, dialect)
    if dialect == "sqlite":
        _restore_spelling(qualified, [relation for relation, _ in used])
    return Rewritten(
        sql=_generated(qualified, dialect, paramstyle), used=tuple(used), parameters=parameters
    )


def _parsed(statement: str, dialect: str) -> exp.Query:
    if dialect not in _DIALECTS:
        raise StatementRefusedError(f"dialect `{dialect}` is not supported; use sqlite, postgresql")
    if _CONTROL_CHARACTERS.search(statement) or len(statement) > _LONGEST:
        raise StatementRefusedError(
            f"a statement must be plain text of at most {_LONGEST} characters; use parameters"
        )
    try:
        found = [one for one in sqlglot.parse(statement, dialect=_DIALECTS[dialect]) if one]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise StatementRefusedError("the statement cannot be parsed; check its syntax") from error
    if len(found) != 1:
        raise StatementRefusedError(f"exactly one statement is run at a time, not {len(found)}")
    return check_statement(found[0])


def _folded(name: exp.Expr | None, dialect: str) -> str:
    if not isinstance(name, exp.Identifier):
        return ""
    return name.name if name.quoted and dialect != "sqlite" else name.name.lower()


def _check_tables(
    query: exp.Query,
    known: dict[tuple[str, str], Relation],
    dialect: str,
    default_schema: str,
) -> None:
    named = {_folded(cte.args["alias"].this, dialect) for cte in query.find_all(exp.CTE)}
    for table in query.find_all(exp.Table):
        schema, name = _folded(table.args.get("db"), dialect), _folded(table.this, dialect)
        if not schema and name in named:
            continue  # whether it is in scope here is settled by the scopes
        relation = known.get((schema or default_schema, name))
        if relation is None:
            raise StatementRefusedError(
                f"table `{table.sql(_DIALECTS[dialect], comments=False)}` is not known; "
                "name a table of the catalogue",
                reason=DenyReason.UNKNOWN_RESOURCE,
            )
        if not relation.columns:
            raise AccessDeniedError(f"table `{relation.name}` may not be read for this purpose")


def _qualified(
    query: exp.Query,
    known: dict[tuple[str, str], Relation],
    dialect: str,
    default_schema: str,
) -> exp.Query:
    schema: dict[str, object] = {}
    for (place, name), relation in known.items():
        columns = {fold(column, dialect=dialect): "UNKNOWN" for column in relation.columns}
        tables = schema.setdefault(place, {})
        if isinstance(tables, dict) and columns:
            tables[name] = columns
    language = _DIALECTS[dialect]
    try:
        qualified = qualify(
            query,
            dialect=language,
            db=default_schema,
            schema=MappingSchema(schema, dialect=language, normalize=False),
        )
    except (SqlglotError, RecursionError) as error:
        raise _unresolved(str(error), known) from None
    except Exception as error:
        raise StatementRefusedError("the statement cannot be resolved; simplify it") from error
    return check_statement(qualified)


def _unresolved(message: str, known: dict[tuple[str, str], Relation]) -> StatementRefusedError:
    found = _UNRESOLVED.search(message)
    if found is None:
        return StatementRefusedError("the statement cannot be resolved; qualify its columns")
    column = found[1] or found[2]
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
    query: exp.Query, known: dict[tuple[str, str], Relation], dialect: str
) -> list[tuple[Relation, tuple[str, ...]]]:
    ctes = {id(cte): f"ps_cte_{place}" for place, cte in enumerate(query.find_all(exp.CTE))}
    named: dict[int, str] = {}
    bases: list[exp.Table] = []
    for scope in traverse_scope(query):
        for node, source in scope.selected_sources.values():
            if not isinstance(node, exp.Table):
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
    if any(id(table) not in seen for table in query.find_all(exp.Table)):
        raise StatementRefusedError("a table cannot be resolved; simplify the statement")


def _replace_base(
    query: exp.Query,
    table: exp.Table,
    known: dict[tuple[str, str], Relation],
    dialect: str,
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


def _generated(query: exp.Query, dialect: str, paramstyle: str) -> str:
    for placeholder in list(query.find_all(exp.Placeholder)):
        placeholder.replace(exp.Var(this=parameter(placeholder.this)))
    try:
        sql = query.sql(dialect=_DIALECTS[dialect], comments=False, identify=True)
    except (SqlglotError, RecursionError) as error:
        raise StatementRefusedError("the statement cannot be written; simplify it") from error
    if paramstyle == "pyformat":
        return re.sub(f"{_MARK}(\\w+){_MARK}", r"%(\1)s", sql.replace("%", "%%"))
    return re.sub(f"{_MARK}(\\w+){_MARK}", r":\1", sql)
