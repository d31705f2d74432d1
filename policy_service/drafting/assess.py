"""What reviewers are told of a rule: its risk, whether a person must look, and why it is so."""

from collections.abc import Sequence

from policy_service.domain.asset import Sensitivity
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action, Control, Operator
from policy_service.domain.draft import Candidate, Risk
from policy_service.domain.provision import Citation
from policy_service.drafting.duties import DutyProfile
from policy_service.drafting.needs import ColumnKind, Need
from policy_service.drafting.points import PointFacts
from policy_service.drafting.policy import is_doubtful
from policy_service.drafting.prior import Feature
from policy_service.drafting.relevance import Reach

_HIDDEN = frozenset({Operator.DENY, Operator.NULL, Operator.REDACT, Operator.REPLACE})
_HARMFUL = frozenset({ColumnKind.OFFICIAL_ID, ColumnKind.SPECIAL, ColumnKind.CREDENTIAL})
_WEAK_GROUNDS = 2  # fewer citations than this under a high risk need a person
_NEED_WORDS = {
    Need.NONE: "the duties do not need these values",
    Need.STRUCTURE: "the duties need the structure and not the values",
    Need.COARSE: "the duties need coarse values only",
    Need.JOIN: "the duties need to join and to tell apart, not to know who it is",
    Need.PART: "the duties need a part, enough to recognise the right record",
    Need.FULL: "the duties need these values",
}
_REACH_WORDS = {
    Reach.NAMED: "the duties name `{}`",
    Reach.ALIKE: "the duties speak of `{}`",
    Reach.PERSON: "it holds the persons the duties call `{}`",
    Reach.COVERED: "the duties reach {}",
    Reach.LINK: "it links what the duties need (`{}`)",
    Reach.NEIGHBOUR: "an investigation follows references from `{}`",
    Reach.LOOKUP: "it explains codes of `{}`",
}


def risk_of(sensitivity: Sensitivity, control: Control, action: Action, kind: ColumnKind) -> Risk:
    """Rate a rule by what it would let out or let in if it were wrong."""
    if control.operator in _HIDDEN:
        return Risk.LOW
    if sensitivity is Sensitivity.RESTRICTED:
        return Risk.HIGH
    if kind in _HARMFUL and control.operator.shows_true_values:
        return Risk.HIGH
    if sensitivity is Sensitivity.CONFIDENTIAL:
        return Risk.MEDIUM
    return Risk.MEDIUM if action is Action.DELETE else Risk.LOW


def needs_person(
    candidates: Sequence[Candidate], risk: Risk, citations: Sequence[Citation]
) -> bool:
    """Tell whether a person must look: an unsure choice, or a high risk on weak grounds."""
    return is_doubtful(candidates) or (risk is Risk.HIGH and len(citations) < _WEAK_GROUNDS)


def rationale(
    facts: PointFacts,
    profile: DutyProfile,
    *,
    features: Sequence[Feature],
    candidates: Sequence[Candidate],
    categories: CategoryTable,
) -> str:
    """Say in one or two sentences why the rule is as it is, from the parts of its score."""
    if facts.kept_away:
        why = f"the duties keep this job away from `{facts.kept_away}`"
    else:
        reach = _REACH_WORDS[facts.relevance.reach].format(facts.relevance.because)
        why = f"{_NEED_WORDS[facts.need]}; {reach}"
    parts = [why]
    if facts.facts.reveals:
        shown = " and ".join(categories.label(one) for one in facts.facts.reveals)
        parts.append(f"the values give away {shown}")
    if profile.justified and facts.need is Need.FULL and facts.sensitivity.rank > 1:
        parts.append("each look is logged with its justification")
    floors = sorted({one.excluded_by for one in candidates if one.excluded_by is not None})
    if floors:
        parts.append(f"floors take out other controls: {', '.join(floors)}")
    weights = ", ".join(f"{one.name} {one.value:+.2f}" for one in features)
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}. Score: {weights or 'no feature'}."
