"""What a policy means, as plainly as it can be said: no index, no cache, no bit sets.

Source: DESIGN section 5. Slow on purpose; the laws hold the real engines to it.
"""

from collections.abc import Iterable
from datetime import datetime

from policy_service.domain.bundle import Bundle, Directory, PolicyRow
from policy_service.domain.control import CLEAR, Control, Operator, RowFilter
from policy_service.domain.decision import AccessRequest, DenyReason
from tests.oracles import condition_oracle

Answer = tuple[bool, DenyReason | None, tuple[str, ...], Control, frozenset[RowFilter]]


def decide(
    bundle: Bundle, directory: Directory, request: AccessRequest, now: datetime | None = None
) -> Answer:
    """Answer as the PDP must: allow, reason, rules, control, row filters."""
    person = next((one for one in directory.people if one.subject == request.subject), None)
    if person is None:
        return _denied(DenyReason.UNKNOWN_SUBJECT)
    named = {row.resource for row in bundle.rows}.union(*bundle.resource_links)
    known = [one for one in bundle.resources if one.id == request.resource]
    own = request.resource in named and not request.resource.startswith("type:")
    if not own:
        known = [one for one in known if one.type == request.resource_type]
    kind = f"type:{request.resource_type}" if request.resource_type else request.resource
    start = request.resource if own else kind
    if start not in named and not known:
        return _denied(DenyReason.UNKNOWN_RESOURCE)
    held = reach(person.roles, bundle.role_links)
    resource = {**request.properties, "type": request.resource_type}
    for one in known:
        resource |= {**one.properties, "type": one.type}
    facts = {
        "subject": {**person.attributes, "id": person.subject, "roles": tuple(held)},
        "resource": {**resource, "id": request.resource},
        "context": request.context,
    }
    if not resource["type"]:
        del facts["resource"]["type"]
    rows = [
        (row, _truth(bundle, row, facts, now))
        for row in bundle.rows
        if row.role in held
        and row.resource in reach([start], bundle.resource_links)
        and row.action == request.action
        and row.purpose in ("*", request.purpose)
    ]
    return _weigh(bundle, rows)


def _weigh(bundle: Bundle, rows: list[tuple[PolicyRow, bool | None]]) -> Answer:
    denying = {row.rule for row, truth in rows if row.effect == "deny" and truth is not False}
    allowing = {row.rule for row, truth in rows if row.effect == "allow" and truth is True}
    unknown = {row.rule for row, truth in rows if row.effect == "allow" and truth is None}
    if denying:
        return _denied(DenyReason.DENIED_BY_RULE, denying)
    if not allowing:
        reason = DenyReason.CONDITION_UNKNOWN if unknown else DenyReason.NO_MATCHING_RULE
        return _denied(reason, unknown)
    obliged = [one for one in bundle.obligations if one.rule in allowing]
    filters = frozenset(one.row_filter for one in obliged if one.row_filter)
    control = join_controls([one.control for one in obliged])
    return True, None, tuple(sorted(allowing)), control, filters


def _truth(bundle: Bundle, row: PolicyRow, facts: dict, now: datetime | None) -> bool | None:
    for one in bundle.conditions:
        if one.rule == row.rule:
            since = datetime.fromisoformat(one.not_before) if one.not_before else None
            until = datetime.fromisoformat(one.not_after) if one.not_after else None
            if now and ((since and now < since) or (until and now >= until)):
                return False
            truth = condition_oracle.holds(one.expression, facts) if one.expression else True
            return None if truth and not now and (since or until) else truth
    return True


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
    if all(
        one == other for one in controls for other in controls if one.operator == other.operator
    ):
        return strictest
    return Control(operator=min(strictest.operator, Operator.REDACT, key=order.index))


def _denied(reason: DenyReason, rules: Iterable[str] = ()) -> Answer:
    return False, reason, tuple(sorted(rules)), CLEAR, frozenset()
