"""How the obligations of several matching rules become one: the stricter control wins.

INVARIANT: adding an obligation never loosens the result, in whatever order they come.
"""

from collections.abc import Iterable

from policy_service.domain.bundle import RuleObligation
from policy_service.domain.control import CLEAR, Control, Operator, RowFilter
from policy_service.domain.decision import Obligations


def combine(obligations: Iterable[RuleObligation]) -> Obligations:
    """Join obligations: the strictest control, and all row filters, sorted and each once."""
    found = tuple(obligations)
    filters = (one.row_filter for one in found if one.row_filter is not None)
    return Obligations(
        control=strictest(one.control for one in found), row_filters=sort_filters(filters)
    )


def strictest(controls: Iterable[Control]) -> Control:
    """Return the strictest control; none at all is clear.

    Two different controls of one operator are at least redacted, also where a
    third lies above them: taken two at a time, the result would depend on the order.
    """
    distinct = frozenset(controls)
    if not distinct:
        return CLEAR
    top = max(distinct, key=lambda control: control.operator.strictness)
    if len({control.operator for control in distinct}) == len(distinct):
        return top
    return Control(
        operator=max(top.operator, Operator.REDACT, key=lambda operator: operator.strictness)
    )


def sort_filters(filters: Iterable[RowFilter]) -> tuple[RowFilter, ...]:
    """Order row filters by what they say, each once."""
    return tuple(sorted(set(filters), key=_filter_order))


def _filter_order(row_filter: RowFilter) -> tuple[str, ...]:
    path = (
        part
        for join in row_filter.path
        for part in (join.column, join.references_table, join.references_column)
    )
    return (row_filter.table, row_filter.column, row_filter.subject_attribute, *path)
