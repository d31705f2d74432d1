"""Which SQL a guarded connection accepts: allow-lists of syntax, with those of functions and types.

What is not listed is refused, so that new syntax of a parser release is never
let through unseen. Not a rewriter.
"""

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from policy_service.domain.errors import StatementRefusedError
from policy_service.engines.sqlglot_functions import allowed_functions, named_functions
from policy_service.engines.sqlglot_series import series_rows

_SHAPES = (
    exp.Select, exp.Subquery, exp.Union, exp.Except, exp.Intersect, exp.With, exp.CTE,
    exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered,
    exp.Limit, exp.Offset, exp.Fetch, exp.LimitOptions, exp.Distinct, exp.Table, exp.TableAlias,
    exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Paren, exp.Tuple, exp.Window,
    exp.WindowSpec, exp.Filter, exp.WithinGroup, exp.IgnoreNulls, exp.RespectNulls, exp.Rollup,
    exp.Cube, exp.GroupingSets, exp.Placeholder, exp.Lateral, exp.Values,
)  # fmt: skip
_OPERATORS = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.SimilarTo, exp.Glob, exp.Escape, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe,
    exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.BitwiseLeftShift,
    exp.BitwiseRightShift, exp.Exists, exp.Any, exp.All, exp.Overlaps, exp.AtTimeZone,
    exp.Collate, exp.Null, exp.Boolean, exp.Literal, exp.Interval, exp.IntervalSpan, exp.Var,
    exp.DataType, exp.DataTypeParam, exp.Kwarg,
)  # fmt: skip
_SYNTAX = frozenset((*_SHAPES, *_OPERATORS))
_KINDS = exp.DataType.Type
_TYPES = frozenset({
    *exp.DataType.INTEGER_TYPES, *exp.DataType.TEXT_TYPES, _KINDS.FLOAT, _KINDS.DOUBLE,
    _KINDS.DECIMAL, _KINDS.BOOLEAN, _KINDS.DATE, _KINDS.TIME, _KINDS.TIMESTAMP,
    _KINDS.TIMESTAMPTZ, _KINDS.TIMESTAMPNTZ, _KINDS.DATETIME, _KINDS.INTERVAL, _KINDS.UUID,
})  # fmt: skip
_TABLE_PARTS = frozenset({"this", "db", "alias"})
_FORMATS = frozenset({"PRINTF", "FORMAT"})
_WIDE_FORMAT = re.compile(r"[0-9]{4}|\*|\{[^}]*\{")  # or a width that another argument gives
_LONGEST_SERIES = 1_000_000  # rows; the database may write them down before any is used
_MOST_PARTS = 20_000  # resolving takes seconds from there on
_QUERIES = (exp.Select, exp.Union, exp.Except, exp.Intersect)


def check_query(statement: exp.Expr, *, dialect: str) -> exp.Query:
    """Return the statement where it is one query of accepted syntax only.

    Raises `StatementRefusedError` naming what is not accepted.
    """
    if not isinstance(statement, _QUERIES):
        kind = statement.key.upper()
        raise StatementRefusedError(f"only SELECT can be read through; `{kind}` is refused")
    check_parts(statement, dialect=dialect)
    return statement


def check_parts(part: exp.Expr, *, dialect: str) -> None:
    """Check every node below `part`, itself included. Raises as `check_query` does."""
    functions, names = allowed_functions(dialect), named_functions(dialect)
    for place, node in enumerate(part.walk()):
        if place >= _MOST_PARTS:
            raise StatementRefusedError(
                f"the statement has more than `{_MOST_PARTS}` parts; shorten its lists"
            )
        if type(node) not in _SYNTAX:
            _check_function(node, functions, names)
        check = _CHECKS.get(type(node))
        if check is not None:
            check(node)


def check_target(table: exp.Table) -> None:
    """Check the table that a write names. Raises as `check_query` does."""
    _check_table(table)


def _check_function(node: exp.Expr, functions: frozenset[str], names: frozenset[str]) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.upper() not in names or not isinstance(node.this, str):
            raise StatementRefusedError(f"function `{node.name}` is not allowed; leave it out")
    elif type(node).__name__ not in functions or not isinstance(node, exp.Func):
        what = "function" if isinstance(node, exp.Func) else "syntax"
        raise StatementRefusedError(f"{what} `{node.key.upper()}` is not allowed; leave it out")


def _check_table(node: exp.Expr) -> None:
    if isinstance(node.this, exp.GenerateSeries):
        return
    if not isinstance(node.this, exp.Identifier):
        raise StatementRefusedError("a function cannot stand in FROM; name a table")
    used = {name for name, value in node.args.items() if value}
    if odd := sorted(used - _TABLE_PARTS - {"joins", "laterals"}):
        raise StatementRefusedError(
            f"table `{node.name}` carries `{odd[0]}`, which is not allowed; leave it out"
        )
    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise StatementRefusedError(
            f"table `{node.name}` renames its columns, which is not allowed; use AS in SELECT"
        )


def _check_series(node: exp.Expr) -> None:
    source = node.parent
    used = {name for name, value in source.args.items() if value} if source is not None else set()
    stands = isinstance(source, exp.Table) and used <= {"this", "alias", "joins", "laterals"}
    if not stands or node.find(exp.Column, exp.Query) is not None:
        raise StatementRefusedError("a series stands in FROM and has fixed ends; write them out")
    rows = series_rows(node) if isinstance(node, exp.GenerateSeries) else None
    if rows is None or rows > _LONGEST_SERIES:
        raise StatementRefusedError(
            f"a series has at most `{_LONGEST_SERIES}` rows between fixed ends; write out numbers "
            "or dates, with a step such as `interval '1 day'`, that come to fewer"
        )


def _check_lateral(node: exp.Expr) -> None:
    odd = [name for name in ("view", "outer", "cross_apply", "ordinality") if node.args.get(name)]
    if odd or not isinstance(node.this, exp.Subquery):
        raise StatementRefusedError("LATERAL needs a subquery in parentheses")


def _check_join(node: exp.Expr) -> None:
    if node.args.get("method"):
        raise StatementRefusedError("a NATURAL join is not allowed; name its columns with ON")


def _check_in(node: exp.Expr) -> None:
    if node.args.get("field") is not None or node.args.get("unnest") is not None:
        raise StatementRefusedError("`IN` needs a list or a subquery in parentheses")


def _check_type(node: exp.Expr) -> None:
    if node.this not in _TYPES or node.args.get("nested"):
        raise StatementRefusedError("a cast to this type is not allowed; use a plain type")


def _check_width(node: exp.Expr) -> None:
    width = node.args.get("expression") or node.args.get("times")
    if not isinstance(width, exp.Literal) or width.is_string or len(width.name) > 4:
        raise StatementRefusedError(
            f"`{node.key.upper()}` needs a length in digits, at most 9999, as memory is shared"
        )


def _check_format(node: exp.Expr) -> None:
    form = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    plain = isinstance(form, exp.Literal) and form.is_string
    if not plain or _WIDE_FORMAT.search(form.name):
        raise StatementRefusedError(
            "a format is a plain text with widths below 1000; write it into the statement"
        )


def _check_named(node: exp.Expr) -> None:
    if node.name.upper() in _FORMATS and node.expressions:
        _check_format(node)


def _check_placeholder(node: exp.Expr) -> None:
    name = node.this
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("ps_"):
        raise StatementRefusedError("parameters must be named, as `:name`, and not begin by `ps_`")


_CHECKS: Mapping[type, Callable[[exp.Expr], None]] = {
    exp.Table: _check_table,
    exp.GenerateSeries: _check_series,
    exp.ExplodingGenerateSeries: _check_series,
    exp.Lateral: _check_lateral,
    exp.Join: _check_join,
    exp.In: _check_in,
    exp.Pad: _check_width,
    exp.Repeat: _check_width,
    exp.Format: _check_format,
    exp.Anonymous: _check_named,
    exp.DataType: _check_type,
    exp.Placeholder: _check_placeholder,
}
