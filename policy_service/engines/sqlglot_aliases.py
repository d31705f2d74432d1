"""Where a name may mean an output column: `SELECT a AS b … WHERE b` is no SQL for every database.

The resolver takes such names in every clause. What `without_output_names` gives is resolved
beside the statement, without outputs: a name that then means nothing is refused, as the
database itself would. Sources: the engines' manuals on SELECT, and what they answer.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

# Clauses in which the database itself looks among the outputs; ORDER BY does so everywhere.
_ANYWHERE = frozenset({"expressions", "where", "group", "having", "qualify", "joins"})
_SEEN_IN: Mapping[str, frozenset[str]] = {
    "sqlite": frozenset({"where", "group", "having", "joins"}),
    "postgresql": frozenset({"group"}),
    "duckdb": _ANYWHERE,
}
_GROUPINGS = (exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple, exp.Paren)


def without_output_names(query: exp.Query, *, dialect: str) -> exp.Query | None:
    """Copy a query without the names that may mean outputs; None where none does elsewhere."""
    seen_in = _SEEN_IN[dialect]
    closed = _ANYWHERE - seen_in
    if not any(True for select in query.find_all(exp.Select) for _ in _names(select, closed)):
        return None
    strict = query.copy()
    for select in list(strict.find_all(exp.Select)):
        for column in list(_names(select, seen_in)):
            if dialect != "postgresql" or isinstance(column.parent, _GROUPINGS):
                column.replace(exp.null())
        having = select.args.get("having")
        if having is not None and "having" in closed:
            select.set("having", None)  # the resolver takes outputs there without being asked
            select.where(having.this, copy=False)
    return strict


def _names(select: exp.Select, clauses: frozenset[str]) -> Iterator[exp.Column]:
    """Find bare names in these clauses of a SELECT itself that its outputs have too."""
    outputs = {one.alias for one in select.selects if isinstance(one, exp.Alias)}
    for clause in sorted(clauses):
        held = select.args.get(clause) or []
        for part in held if isinstance(held, list) else [held]:
            for column in part.find_all(exp.Column):
                own = column.find_ancestor(exp.Select) is select
                if own and not column.table and column.name in outputs:
                    yield column
