"""When a rule applies: its condition and its window of validity, read once, asked often.

What is unknown never widens: an allowing rule applies only where this is true, a denying one
unless it is false. A window that is over is an answer (false), a time that nobody gave is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from policy_service.domain.bundle import RuleCondition
from policy_service.domain.condition import ConditionError, Expression, parse_condition
from policy_service.domain.condition_truth import Facts, Truth, every, holds
from policy_service.domain.errors import EnforcementError
from policy_service.domain.identifiers import RuleId
from policy_service.kit.clock import parse_rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicability:
    """A condition and a window; what is none does not restrict."""

    expression: Expression | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    def truth(self, facts: Facts, now: datetime | None) -> Truth:
        """Tell whether both hold, for these facts at this time."""
        within = self.in_force(now)
        if within is False or self.expression is None:
            return within
        return every((within, holds(self.expression, facts)))

    def in_force(self, now: datetime | None) -> Truth:
        """Tell whether `now` is in the window, whose end is no longer part of it."""
        if self.not_before is None and self.not_after is None:
            return True
        if now is None:
            return None
        if self.not_before is not None and now < self.not_before:
            return False
        return self.not_after is None or now < self.not_after


def applies(truth: Truth, *, allows: bool) -> bool:
    """Tell whether a rule applies, so that not knowing never widens what may be done."""
    return truth is True if allows else truth is not False


def applicabilities(conditions: Iterable[RuleCondition]) -> Mapping[RuleId, Applicability]:
    """Read the conditions of a bundle, by rule.

    Raises `EnforcementError` for a rule with two, a condition or a time that cannot be read,
    and a window that ends before it begins; keep the policy in force.
    """
    found: dict[RuleId, Applicability] = {}
    for one in conditions:
        if one.rule in found:
            raise EnforcementError(f"rule `{one.rule}` has two conditions; join them with `and`")
        found[one.rule] = _read(one)
    return found


def _read(condition: RuleCondition) -> Applicability:
    try:
        expression = (
            parse_condition(condition.expression).expression if condition.expression else None
        )
    except ConditionError as error:
        raise EnforcementError(f"rule `{condition.rule}`: {error.message}") from error
    not_before, not_after = (
        _time(text, condition.rule) for text in (condition.not_before, condition.not_after)
    )
    if not_before is not None and not_after is not None and not_after <= not_before:
        raise EnforcementError(
            f"rule `{condition.rule}` ends before it begins; correct `not_before` or `not_after`"
        )
    return Applicability(expression=expression, not_before=not_before, not_after=not_after)


def _time(text: str, rule: RuleId) -> datetime | None:
    if not text:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise EnforcementError(
            f"rule `{rule}` has a window that cannot be read; write RFC 3339 with a zone"
        ) from error
