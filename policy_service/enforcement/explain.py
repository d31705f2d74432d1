"""A decision in a few lines for people. Names and rule ids only, never a data value."""

from collections.abc import Iterator, Mapping

from policy_service.domain.bundle import RuleObligation
from policy_service.domain.control import RowFilter
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.identifiers import RuleId
from policy_service.domain.organisation import Person

_WORDS = {
    DenyReason.NO_MATCHING_RULE: "no rule allows it, and what no rule allows is denied",
    DenyReason.UNKNOWN_SUBJECT: "the directory does not know this subject",
    DenyReason.UNKNOWN_RESOURCE: "the policy does not know this resource",
}


def explain_decision(
    *,
    request: AccessRequest,
    decision: Decision,
    person: Person | None,
    obligations: Mapping[RuleId, RuleObligation],
    considered: tuple[str, ...],
) -> tuple[str, ...]:
    """Write the question, who asks, what decided, and what the answer obliges to."""
    lines = [
        f"`{request.subject}` asks to {request.action} `{request.resource}` "
        f"for `{request.purpose}`; policy revision {decision.revision}"
    ]
    if person is not None:
        held = ", ".join(sorted(person.roles)) or "none"
        lines.append(f"roles: {held}")
    if considered:
        lines.append(f"rules are attached to: {', '.join(considered)}")
    if decision.reason is not None:
        lines.append(f"denied: {_why(decision.reason, decision)}")
    else:
        lines.extend(_permitted(decision, obligations))
    return tuple(lines)


def _why(reason: DenyReason, decision: Decision) -> str:
    return _WORDS.get(reason) or f"{', '.join(decision.rules)} forbids it, and a denial overrides"


def _permitted(decision: Decision, obligations: Mapping[RuleId, RuleObligation]) -> Iterator[str]:
    for rule in decision.rules:
        yield f"{rule} allows it: {obligations[rule].control.label}"
    yield f"allowed: {decision.obligations.control.label}"
    for row_filter in decision.obligations.row_filters:
        yield f"only rows {_rows(row_filter)}"


def _rows(row_filter: RowFilter) -> str:
    path = "".join(f" via {join.references_table}" for join in row_filter.path)
    return (
        f"where `{row_filter.column}`{path} equals the subject's `{row_filter.subject_attribute}`"
    )
