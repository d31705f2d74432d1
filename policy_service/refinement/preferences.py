"""What verdicts teach: each becomes choices between controls at one decision point.

An amendment says which control is right; an approval says so more softly, for nobody chose
it among the others; a rejection without an amendment only says that the others are better.
Comments teach nothing, and neither does a verdict on content that has changed since.
"""

from collections.abc import Callable, Iterable, Mapping

from policy_service.domain.control import Control
from policy_service.domain.draft import AccessRule, DecisionPoint, Draft
from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import DraftId
from policy_service.domain.learning import Preference
from policy_service.domain.review import Verdict, VerdictKind
from policy_service.refinement.reward_model import PointText

CORRECTION_WEIGHT = 1.0
APPROVAL_WEIGHT = 0.3
REJECTION_WEIGHT = 0.5
PriorKey = tuple[str, Control]  # decision point key, control
Priors = Mapping[PriorKey, float]


def preferences_from(
    *,
    verdicts: Iterable[Verdict],
    drafts: Mapping[DraftId, Draft],
    point_text: Callable[[DecisionPoint], PointText],
) -> tuple[Preference, ...]:
    """Turn verdicts on access rules into preferences, in the order of time.

    Only a reviewer's last word on a rule counts. Controls that a floor excludes are
    neither chosen nor alternatives.
    """
    found: list[Preference] = []
    for verdict in _last_words(verdicts):
        draft = drafts.get(verdict.draft)
        rule = draft.rule(verdict.rule) if draft else None
        if isinstance(rule, AccessRule):
            found.extend(_lessons(verdict, rule, point_text))
    return tuple(found)


def priors_from(drafts: Iterable[Draft]) -> dict[PriorKey, float]:
    """Collect the grounded prior of every considered control; later drafts win."""
    return {
        (rule.point.key, candidate.control): candidate.prior
        for draft in drafts
        for rule in draft.access
        for candidate in rule.candidates
        if candidate.excluded_by is None
    }


def _last_words(verdicts: Iterable[Verdict]) -> list[Verdict]:
    last: dict[tuple[str, str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: (one.at, one.id)):
        if verdict.kind is not VerdictKind.COMMENT:
            last[(verdict.draft, verdict.rule, verdict.reviewer)] = verdict
    return sorted(last.values(), key=lambda one: (one.at, one.id))


def _lessons(
    verdict: Verdict, rule: AccessRule, point_text: Callable[[DecisionPoint], PointText]
) -> list[Preference]:
    allowed = [one.control for one in rule.candidates if one.excluded_by is None]
    excluded = {one.control for one in rule.candidates if one.excluded_by is not None}
    pairs = [
        (chosen, alternatives, weight)
        for chosen, alternatives, weight in _choices(verdict, rule, allowed)
        if alternatives and chosen not in excluded
    ]
    if not pairs:
        return []
    text = point_text(rule.point)
    return [
        Preference(
            point=rule.point,
            point_text=text,
            chosen=chosen,
            alternatives=alternatives,
            reviewer=verdict.reviewer,
            weight=weight,
        )
        for chosen, alternatives, weight in pairs
    ]


def _choices(
    verdict: Verdict, rule: AccessRule, allowed: list[Control]
) -> list[tuple[Control, tuple[Control, ...], float]]:
    amended = verdict.amendment.control if verdict.amendment else None
    if amended is not None and verdict.kind is not VerdictKind.APPROVE:
        return [(amended, _others(allowed, amended), CORRECTION_WEIGHT)]
    if verdict.rule_sha256 != rule_sha256(rule):
        return []
    if verdict.kind is VerdictKind.APPROVE:
        return [(rule.control, _others(allowed, rule.control), APPROVAL_WEIGHT)]
    if verdict.kind is VerdictKind.REJECT:
        better = _others(allowed, rule.control)
        return [(one, (rule.control,), REJECTION_WEIGHT / len(better)) for one in better]
    return []  # an amendment of row filters or settings says nothing of the control


def _others(allowed: list[Control], chosen: Control) -> tuple[Control, ...]:
    return tuple(control for control in dict.fromkeys(allowed) if control != chosen)
