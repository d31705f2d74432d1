"""Which SQL a guarded connection accepts: allow-lists of syntax, functions and types.

What is not listed is refused, so that new syntax of a parser release is never
let through unseen. Not a rewriter.
"""

from sqlglot import exp

from policy_service.domain.errors import StatementRefusedError

_SHAPES = (
    exp.Select, exp.Subquery, exp.Union, exp.Except, exp.Intersect, exp.With, exp.CTE,
    exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit,
    exp.Offset, exp.Fetch, exp.Distinct, exp.Table, exp.TableAlias, exp.Identifier, exp.Column,
    exp.Star, exp.Alias, exp.Paren, exp.Tuple, exp.Window, exp.WindowSpec, exp.Filter,
    exp.WithinGroup, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Placeholder,
)  # fmt: skip
_OPERATORS = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In,
    exp.Between, exp.Like, exp.ILike, exp.Escape, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add,
    exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.DPipe, exp.Exists, exp.Any,
    exp.All, exp.Null, exp.Boolean, exp.Literal, exp.Interval, exp.Var, exp.Case, exp.If,
    exp.Cast, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_FUNCTIONS = (
    exp.Abs, exp.Avg, exp.Ceil, exp.Coalesce, exp.Concat, exp.ConcatWs, exp.Corr, exp.Count,
    exp.CumeDist, exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Date, exp.DateTrunc,
    exp.DenseRank, exp.Exp, exp.Extract, exp.FirstValue, exp.Floor, exp.Greatest, exp.GroupConcat,
    exp.Lag, exp.LastValue, exp.Lead, exp.Least, exp.Left, exp.Length, exp.Ln, exp.Log,
    exp.LogicalAnd, exp.LogicalOr, exp.Lower, exp.Max, exp.Min, exp.NthValue, exp.Ntile,
    exp.Nullif, exp.PercentRank, exp.PercentileCont, exp.PercentileDisc, exp.Pow, exp.Rank,
    exp.Replace, exp.Right, exp.Round, exp.RowNumber, exp.Sign, exp.Sqrt, exp.Stddev,
    exp.StddevPop, exp.StddevSamp, exp.StrPosition, exp.Substring, exp.Sum, exp.TimeToStr,
    exp.TimestampTrunc, exp.TimeStrToTime, exp.TsOrDsToTimestamp, exp.Trim, exp.Upper,
    exp.Variance, exp.VariancePop,
)  # fmt: skip
_NAMED_FUNCTIONS = frozenset({"IFNULL", "JULIANDAY", "SUBSTR", "TOTAL", "TRUNC"})
_ALLOWED = frozenset((*_SHAPES, *_OPERATORS, *_FUNCTIONS))
_KINDS = exp.DataType.Type
_TYPES = frozenset({
    *exp.DataType.INTEGER_TYPES, *exp.DataType.TEXT_TYPES, _KINDS.FLOAT, _KINDS.DOUBLE,
    _KINDS.DECIMAL, _KINDS.BOOLEAN, _KINDS.DATE, _KINDS.TIME, _KINDS.TIMESTAMP,
    _KINDS.TIMESTAMPTZ, _KINDS.DATETIME, _KINDS.INTERVAL,
})  # fmt: skip
_TABLE_PARTS = frozenset({"this", "db", "alias"})
_MOST_PARTS = 20_000  # resolving takes seconds from there on
_STATEMENTS = (exp.Select, exp.Union, exp.Except, exp.Intersect)


def check_statement(statement: exp.Expr) -> exp.Query:
    """Return the statement where it is one query of accepted syntax only.

    Raises `StatementRefusedError` naming what is not accepted.
    """
    if not isinstance(statement, _STATEMENTS):
        kind = statement.key.upper()
        raise StatementRefusedError(f"only SELECT can be guarded; `{kind}` is refused")
    for place, node in enumerate(statement.walk()):
        if place >= _MOST_PARTS:
            raise StatementRefusedError(
                f"the statement has more than `{_MOST_PARTS}` parts; shorten its lists"
            )
        _check_node(node)
    return statement


def _check_node(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous):
        _check_named_function(node)
    elif type(node) not in _ALLOWED:
        what = "function" if isinstance(node, exp.Func) else "syntax"
        raise StatementRefusedError(f"{what} `{node.key.upper()}` is not allowed; leave it out")
    if isinstance(node, exp.Table):
        _check_table(node)
    elif isinstance(node, exp.With) and node.args.get("recursive"):
        raise StatementRefusedError(
            "WITH RECURSIVE is not allowed, as it may never end; write its steps as joins"
        )
    elif isinstance(node, exp.Join) and node.args.get("method"):
        raise StatementRefusedError("a NATURAL join is not allowed; name its columns with ON")
    elif isinstance(node, exp.In) and node.args.get("field") is not None:
        raise StatementRefusedError("`IN` needs a list or a subquery in parentheses")
    elif isinstance(node, exp.DataType):
        _check_type(node)
    elif isinstance(node, exp.Placeholder):
        _check_placeholder(node)


def _check_named_function(node: exp.Anonymous) -> None:
    if node.name.upper() not in _NAMED_FUNCTIONS or not isinstance(node.this, str):
        raise StatementRefusedError(f"function `{node.name}` is not allowed; leave it out")


def _check_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        raise StatementRefusedError("a function cannot stand in FROM; name a table")
    used = {name for name, value in node.args.items() if value}
    if odd := sorted(used - _TABLE_PARTS):
        raise StatementRefusedError(
            f"table `{node.name}` carries `{odd[0]}`, which is not allowed; leave it out"
        )
    alias = node.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise StatementRefusedError(
            f"table `{node.name}` renames its columns, which is not allowed; use AS in SELECT"
        )


def _check_type(node: exp.DataType) -> None:
    if node.this not in _TYPES or node.args.get("nested"):
        raise StatementRefusedError("a cast to this type is not allowed; use a plain type")


def _check_placeholder(node: exp.Placeholder) -> None:
    name = node.this
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("ps_"):
        raise StatementRefusedError("parameters must be named, as `:name`, and not begin by `ps_`")
