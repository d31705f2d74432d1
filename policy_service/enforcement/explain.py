"""Why a decision is as it is, for people. Names and rule ids only, never a data value."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy_service.domain.control import RowFilter
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.enforcement.grounds import Ground

_MOST_ELSEWHERE = 5  # rules for other purposes that are told; more are only counted
_WORDS = {
    DenyReason.NO_MATCHING_RULE: "no rule allows it, and what no rule allows is denied",
    DenyReason.UNKNOWN_SUBJECT: "the directory does not know this subject",
    DenyReason.UNKNOWN_RESOURCE: "the policy does not know this resource",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The full reason of a decision: the rows that decided, that did not, and that would.

    `considered` are the places with rules from the resource upwards; `elsewhere` are rows
    that would speak for the asker if the purpose were theirs.
    """

    request: AccessRequest
    decision: Decision
    roles: tuple[str, ...] | None  # as held; none of a stranger
    considered: tuple[str, ...]
    grounds: tuple[Ground, ...]
    elsewhere: tuple[Ground, ...]

    @property
    def deciding(self) -> tuple[Ground, ...]:
        """Return the grounds that the decision rests on."""
        denies = self.decision.reason is DenyReason.DENIED_BY_RULE
        return tuple(
            one
            for one in self.grounds
            if one.decides and (one.control is None) is denies and one.rule in self.decision.rules
        )

    @property
    def summary(self) -> str:
        """Say it in one line: `allowed by R17 through role fraud-analyst; R3 would deny …`."""
        parts = [self._outcome()]
        parts += [
            f"{one.rule} would {'deny' if one.control is None else 'allow'} for {one.purpose}"
            for one in self.elsewhere[:_MOST_ELSEWHERE]
        ]
        left = len(self.elsewhere) - _MOST_ELSEWHERE
        if left > 0:
            parts.append(f"{left} more rules are for other purposes")
        return "; ".join(parts)

    def lines(self) -> tuple[str, ...]:
        """Write the question, who asks, every rule with how it applies, and the summary."""
        request = self.request
        lines = [
            f"`{request.subject}` asks to {request.action} `{request.resource}` "
            f"for `{request.purpose}`; policy revision {self.decision.revision}"
        ]
        if self.roles is not None:
            lines.append(f"roles: {', '.join(self.roles) or 'none'}")
        if self.considered:
            lines.append(f"rules are attached to: {', '.join(self.considered)}")
        lines += [_ground(one) for one in self.grounds]
        lines += [f"only rows {_rows(one)}" for one in self.decision.obligations.row_filters]
        return (*lines, self.summary)

    def _outcome(self) -> str:
        decision = self.decision
        if decision.allow:
            return f"allowed: {decision.obligations.control.label}, by {_through(self.deciding)}"
        if decision.reason is DenyReason.DENIED_BY_RULE:
            return f"denied by {_through(self.deciding)}; a denial overrides"
        if decision.reason is DenyReason.CONDITION_UNKNOWN:
            return f"denied: the condition of {', '.join(decision.rules)} cannot be answered"
        assert decision.reason is not None  # noqa: S101 - a denial has one
        return f"denied: {_WORDS[decision.reason]}"


def _through(grounds: Iterable[Ground]) -> str:
    roles: dict[str, dict[str, None]] = {}
    for one in grounds:
        roles.setdefault(one.rule, {}).setdefault(one.roles[-1])
    return ", ".join(f"{rule} through role {' and '.join(held)}" for rule, held in roles.items())


def _ground(ground: Ground) -> str:
    does = "forbids it" if ground.control is None else f"allows it: {ground.control.label}"
    return (
        f"{ground.rule} {does}, through role {_way(ground.roles)}, "
        f"about `{ground.containers[-1]}`{''.join(_aside(ground))}"
    )


def _aside(ground: Ground) -> Iterator[str]:
    if ground.truth is False:
        yield "; its condition does not hold, so it does not apply"
    elif ground.truth is None:
        applies = "a denial applies all the same" if ground.decides else "so it does not apply"
        yield f"; its condition cannot be answered, {applies}"


def _way(roles: tuple[str, ...]) -> str:
    return " > ".join(roles)


def _rows(row_filter: RowFilter) -> str:
    path = "".join(f" via {join.references_table}" for join in row_filter.path)
    return (
        f"where `{row_filter.column}`{path} equals the subject's `{row_filter.subject_attribute}`"
    )
