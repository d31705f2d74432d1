"""What a policy means, as plainly as it can be said: no index, no cache, no bit sets.

Source: DESIGN section 5. Slow on purpose; the laws hold the real engines to it.
"""

from collections.abc import Iterable

from policy_service.domain.bundle import Bundle, Directory, PolicyRow
from policy_service.domain.control import CLEAR, Control, Operator, RowFilter
from policy_service.domain.decision import AccessRequest, DenyReason

Answer = tuple[bool, DenyReason | None, tuple[str, ...], Control, frozenset[RowFilter]]


def decide(bundle: Bundle, directory: Directory, request: AccessRequest) -> Answer:
    """Answer as the PDP must: allow, reason, rules, control, row filters."""
    person = next((one for one in directory.people if one.subject == request.subject), None)
    if person is None:
        return _denied(DenyReason.UNKNOWN_SUBJECT)
    return decide_roles(bundle, person.roles, request)


def decide_roles(bundle: Bundle, roles: Iterable[str], request: AccessRequest) -> Answer:
    """Answer for somebody with these roles; the request's subject does not matter."""
    named = {row.resource for row in bundle.rows}
    linked = {name for link in bundle.resource_links for name in link}
    if request.resource not in named | linked:
        return _denied(DenyReason.UNKNOWN_RESOURCE)
    held = reach(roles, bundle.role_links)
    containers = reach([request.resource], bundle.resource_links)
    matching = [row for row in bundle.rows if _matches(row, held, containers, request)]
    denying = {row.rule for row in matching if row.effect == "deny"}
    allowing = {row.rule for row in matching if row.effect == "allow"}
    if denying:
        return False, DenyReason.DENIED_BY_RULE, tuple(sorted(denying)), CLEAR, frozenset()
    if not allowing:
        return _denied(DenyReason.NO_MATCHING_RULE)
    obliged = [one for one in bundle.obligations if one.rule in allowing]
    filters = frozenset(one.row_filter for one in obliged if one.row_filter)
    control = join_controls([one.control for one in obliged])
    return True, None, tuple(sorted(allowing)), control, filters


def reach(start: Iterable[str], links: Iterable[tuple[str, str]]) -> set[str]:
    """Follow links upwards until nothing new is found."""
    found = set(start)
    while True:
        more = {parent for child, parent in links if child in found} - found
        if not more:
            return found
        found |= more


def join_controls(controls: list[Control]) -> Control:
    """Take the strictest; two of one operator that differ are at least redacted."""
    order = list(Operator)  # from strict to clear
    strictest = min(controls, key=lambda control: order.index(control.operator))
    clash = any(
        one.operator == other.operator and one != other for one in controls for other in controls
    )
    if not clash:
        return strictest
    at_least = min(order.index(strictest.operator), order.index(Operator.REDACT))
    return Control(operator=order[at_least])


def _matches(row: PolicyRow, held: set[str], containers: set[str], request: AccessRequest) -> bool:
    return (
        row.role in held
        and row.resource in containers
        and row.action == request.action
        and row.purpose in ("*", request.purpose)
    )


def _denied(reason: DenyReason) -> Answer:
    return False, reason, (), CLEAR, frozenset()
