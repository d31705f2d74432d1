"""Rewrite INSERT, UPDATE and DELETE so that they touch only what their writer may (sqlglot).

Which rows a write touches is asked of a query over a guarded relation, so that its WHERE
reads what SELECT would; and the rows of the table itself must fulfil the condition too, as
another session may have changed them. What is assigned is read from the row itself: the
relation then has only columns in clear. Pure: no connection.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are checked parts

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import StatementRefusedError
from policy_service.engines.sqlglot_dialects import (
    FENCES,
    ROW_IDS,
    fold,
    folded,
    holds_or_raises,
    parsed,
    quoted,
    sql_of,
    written,
)
from policy_service.engines.sqlglot_grammar import check_parts, check_query, check_target
from policy_service.engines.sqlglot_resolution import Relation, Used, resolve

ROW_ID = "ps_row"  # with the place of the part: ps_row_0
_ACTIONS: Mapping[type, str] = {exp.Insert: "create", exp.Update: "update", exp.Delete: "delete"}
_NEW = "ps_new"
_MOST_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The table written to. Its `relation` shows the columns in clear and the row's id."""

    relation: Relation  # names the id's parts ps_row_0 …, whenever it is asked for any column
    assignable: frozenset[str]
    fixed: frozenset[str]  # decide whether the row may be seen, so they cannot be changed
    returnable: frozenset[str]
    condition: Callable[[str], str]  # on a row of an alias; empty where every row may be touched
    checked: frozenset[str]  # the columns which that reads


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenWrite:
    """The SQL to run, and what it reads."""

    sql: str
    used: Used
    parameters: frozenset[str]
    returns_rows: bool


def written_table(statement: str, *, dialect: str) -> tuple[str, str, str] | None:
    """Tell the action, the schema (or empty) and the name of what a statement writes to.

    None for a query. Raises `StatementRefusedError` for every other statement.
    """
    found = parsed(statement, dialect=dialect)
    action = _ACTIONS.get(type(found))
    if action is None:
        if isinstance(found, exp.Query):
            return None
        raise StatementRefusedError(
            f"`{found.key.upper()}` is refused; only SELECT, INSERT, UPDATE and DELETE are run"
        )
    table = _table(found)
    schema = folded(table.args.get("db"), dialect=dialect)
    return action, schema, folded(table.this, dialect=dialect)


def rewrite_change(
    statement: str,
    *,
    dialect: str,
    default_schema: str,
    relations: Sequence[Relation],
    target: Target,
    paramstyle: str,
) -> RewrittenWrite:
    """Rewrite one INSERT, UPDATE or DELETE of `target`'s table.

    `relations` are what its subqueries read. Raises as `rewrite_query` does.
    """
    change = _Change(dialect, default_schema, relations, target)
    found = parsed(statement, dialect=dialect)
    for name in found.find_all(exp.Identifier):
        if name.name.lower().startswith("ps_"):
            raise StatementRefusedError(f"the name `{name.name}` is kept back; choose another")
    parameters = frozenset(one.this for one in found.find_all(exp.Placeholder))
    if isinstance(found, exp.Insert):
        sql = change.inserted(found)
    elif isinstance(found, exp.Update):
        sql = change.updated(found)
    elif isinstance(found, exp.Delete):
        sql = change.deleted(found)
    else:
        raise StatementRefusedError("the statement writes nothing; run it as a query")
    return RewrittenWrite(
        sql=written(sql, dialect=dialect, paramstyle=paramstyle),
        used=change.used,
        parameters=parameters,
        returns_rows=found.args.get("returning") is not None,
    )


def _table(change: exp.Expr) -> exp.Table:
    table = change.this.this if isinstance(change.this, exp.Schema) else change.this
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise StatementRefusedError("a write needs the name of one table")
    return table


def _value(projection: exp.Expr, *, dialect: str) -> str:
    """Write a projection without its name."""
    value = projection.unalias()
    if isinstance(value, exp.Subquery):
        value.set("alias", None)
    return sql_of(value, dialect=dialect)


def _only(change: exp.Expr, *parts: str) -> None:
    odd = sorted(name for name, value in change.args.items() if value and name not in parts)
    if odd:
        word = odd[0].strip("_").upper()
        raise StatementRefusedError(f"`{word}` is not allowed in a write; leave it out")


class _Change:
    def __init__(
        self, dialect: str, default_schema: str, relations: Sequence[Relation], target: Target
    ) -> None:
        self._dialect = dialect
        self._default_schema = default_schema
        self._relations = relations
        self._target = target
        self._stored = {
            fold(name, dialect=dialect): name
            for name in (*target.relation.columns, *target.relation.denied)
        }
        self._place = f"{quoted(target.relation.schema)}.{quoted(target.relation.name)}"
        self.used: Used = ()

    def updated(self, update: exp.Update) -> str:
        _only(update, "this", "expressions", "where", "returning")
        pairs = [self._assigned(one) for one in update.expressions]
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise StatementRefusedError("a column is assigned twice; assign it once")
        if held := sorted(self._target.fixed & set(names)):
            raise StatementRefusedError(
                f"column `{held[0]}` decides who sees the row and cannot be changed"
            )
        alias, rows, values = self._rows(update, [value for _, value in pairs])
        changes = ", ".join(
            f"{quoted(name)} = {value}" for name, value in zip(names, values, strict=True)
        )
        return (
            f"UPDATE {self._place} AS {alias} SET {changes} WHERE {rows}{self._returning(update)}"
        )

    def deleted(self, delete: exp.Delete) -> str:
        _only(delete, "this", "where", "returning")
        alias, rows, _ = self._rows(delete, [])
        return f"DELETE FROM {self._place} AS {alias} WHERE {rows}{self._returning(delete)}"

    def inserted(self, insert: exp.Insert) -> str:
        _only(insert, "this", "expression", "returning")
        columns = self._columns(insert)
        body = self._body(insert.expression, columns)
        listed = ", ".join(map(quoted, columns))
        into = f"INSERT INTO {self._place} ({listed})"
        condition = self._target.condition(_NEW)
        if condition:
            if missing := sorted(self._target.checked - set(columns)):
                raise StatementRefusedError(
                    f"column `{missing[0]}` decides who sees the row; give it a value"
                )
            fenced = f"SELECT * FROM ({body}) AS ps_body {FENCES[self._dialect]}"
            check = holds_or_raises(condition, dialect=self._dialect)
            body = f"WITH {_NEW} ({listed}) AS ({fenced}) SELECT {listed} FROM {_NEW} WHERE {check}"
        return f"{into} {body}{self._returning(insert)}"

    def _rows(self, change: exp.Expr, values: Sequence[exp.Expr]) -> tuple[str, str, list[str]]:
        """Return the alias, the condition for the rows to be touched, and values as SQL."""
        table = _table(change)
        check_target(table)
        ids = [f"{ROW_ID}_{place}" for place, _ in enumerate(ROW_IDS[self._dialect])]
        query = exp.select(
            *(exp.alias_(value.copy(), f"ps_value_{n}") for n, value in enumerate(values)),
            *(exp.column(one, quoted=True) for one in ids),
        ).from_(table.copy())
        if change.args.get("where") is not None:
            query.set("where", change.args["where"].copy())
        key = (self._target.relation.schema, self._target.relation.name)
        others = [one for one in self._relations if (one.schema, one.name) != key]
        resolved = self._resolved(query, [*others, self._target.relation])
        count = len(values)
        found = [_value(one, dialect=self._dialect) for one in resolved.selects[:count]]
        resolved.set("expressions", resolved.selects[count:])
        alias = quoted(resolved.args["from_"].this.alias)
        row = ", ".join(f"{alias}.{one}" for one in ROW_IDS[self._dialect])
        rows = f"({row}) IN ({sql_of(resolved, dialect=self._dialect)})"
        condition = self._target.condition(alias)
        return alias, f"{condition} AND {rows}" if condition else rows, found

    def _resolved(self, query: exp.Expr, relations: Sequence[Relation]) -> exp.Query:
        checked = check_query(query, dialect=self._dialect)
        resolved, used = resolve(
            checked,
            dialect=self._dialect,
            default_schema=self._default_schema,
            relations=relations,
        )
        self.used = used
        return resolved

    def _assigned(self, one: exp.Expr) -> tuple[str, exp.Expr]:
        if not isinstance(one, exp.EQ) or not isinstance(one.this, exp.Column):
            raise StatementRefusedError("each column is assigned by itself, as `SET a = 1, b = 2`")
        if one.this.table:
            raise StatementRefusedError("a column that is assigned is named without its table")
        return self._assignable(one.this.this), one.expression

    def _columns(self, insert: exp.Insert) -> list[str]:
        check_target(_table(insert))
        if not isinstance(insert.this, exp.Schema):
            raise StatementRefusedError("an INSERT names its columns; list them after the table")
        columns = [self._assignable(one) for one in insert.this.expressions]
        if len(set(columns)) != len(columns):
            raise StatementRefusedError("a column is named twice; name it once")
        return columns

    def _assignable(self, identifier: exp.Expr) -> str:
        name = self._stored.get(folded(identifier, dialect=self._dialect))
        if name is None or name not in self._target.assignable:
            shown = identifier.name
            raise StatementRefusedError(
                f"column `{shown}` may not be written for this purpose; leave it out",
                reason=DenyReason.NO_MATCHING_RULE,
            )
        return name

    def _body(self, source: exp.Expr, columns: Sequence[str]) -> str:
        if not isinstance(source, exp.Values):
            return sql_of(self._resolved(source, self._relations), dialect=self._dialect)
        rows = source.expressions
        if len(rows) > _MOST_ROWS or source.args.get("alias"):
            raise StatementRefusedError(f"VALUES takes at most {_MOST_ROWS} rows; insert in parts")
        check_parts(source, dialect=self._dialect)
        if source.find(exp.Column, exp.Query):
            raise StatementRefusedError(
                "a value in VALUES reads a column or a query; use INSERT … SELECT"
            )
        if any(not isinstance(row, exp.Tuple) or len(row.expressions) != len(columns)
               for row in rows):  # fmt: skip
            raise StatementRefusedError("each row of VALUES has one value for each column")
        values = f"VALUES {', '.join(sql_of(row, dialect=self._dialect) for row in rows)}"
        if self._dialect != "postgresql" or not self._target.condition(_NEW):
            return values
        # Literals take the types of the columns only beside them.
        listed = ", ".join(map(quoted, columns))
        singly = (
            ", ".join(sql_of(one, dialect=self._dialect) for one in row.expressions) for row in rows
        )
        selects = " UNION ALL ".join(f"SELECT {one}" for one in singly)
        return f"SELECT {listed} FROM {self._place} WHERE FALSE UNION ALL {selects}"

    def _returning(self, change: exp.Expr) -> str:
        returning = change.args.get("returning")
        if returning is None:
            return ""
        _only(returning, "expressions")
        return f" RETURNING {', '.join(self._returned(one) for one in returning.expressions)}"

    def _returned(self, one: exp.Expr) -> str:
        column = one.unalias()
        if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
            raise StatementRefusedError("RETURNING gives plain columns; name them one by one")
        name = self._stored.get(folded(column.this, dialect=self._dialect))
        if name is None or name not in self._target.returnable:
            raise StatementRefusedError(
                f"column `{column.name}` is not readable in clear; leave it out of RETURNING",
                reason=DenyReason.NO_MATCHING_RULE,
            )
        return f"{quoted(name)} AS {quoted(one.alias or name)}"
