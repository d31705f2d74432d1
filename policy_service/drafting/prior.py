"""The grounded prior π₀: a log-linear score of named features for every candidate control.

What the duty needs weighs most, then how harmful the data is, then what the provisions
that bind this point ask for. The weights are written here, not learned: learning
happens in the reward model, outside (DESIGN section 6).

Advice of a digest raises what it asks for. Advice that was read in an import and accepted
only lowers what is more open than it asks for: it moves a draft towards stricter controls.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policy_service.domain.asset import Sensitivity
from policy_service.domain.control import Control, Operator
from policy_service.domain.identifiers import DataCategory, Purpose, is_accepted_proposal
from policy_service.domain.provision import ControlKind, Obligation
from policy_service.drafting.floors import (
    covers_category,
    loosest_strictness,
    purpose_within,
)
from policy_service.drafting.needs import Need

# How well each operator serves a need, in logits; what is not listed serves it not at all.
_FIT: Mapping[Need, Mapping[Operator, float]] = {
    Need.NONE: {Operator.DENY: 4.0, Operator.REDACT: 1.0, Operator.NULL: 1.0},
    Need.STRUCTURE: {
        Operator.REDACT: 3.5,
        Operator.NULL: 2.0,
        Operator.DENY: 1.5,
        Operator.PSEUDONYMISE: 0.5,
    },
    Need.COARSE: {
        Operator.GENERALISE: 4.0,
        Operator.BUCKET: 4.0,
        Operator.PSEUDONYMISE: 1.5,
        Operator.DENY: 1.4,
        Operator.REDACT: 1.0,
        Operator.CLEAR: 0.4,
    },
    Need.JOIN: {
        Operator.PSEUDONYMISE: 4.0,
        Operator.FORMAT_PRESERVING: 2.5,
        Operator.DENY: 1.0,
        Operator.GENERALISE: 0.8,
        Operator.REDACT: 0.5,
    },
    Need.PART: {
        Operator.PARTIAL: 4.0,
        Operator.GENERALISE: 1.5,
        Operator.REDACT: 1.2,
        Operator.DENY: 1.2,
        Operator.PSEUDONYMISE: 0.8,
        Operator.CLEAR: 0.6,
    },
    Need.FULL: {
        Operator.CLEAR: 4.5,
        Operator.PARTIAL: 1.2,
        Operator.GENERALISE: 0.6,
        Operator.BUCKET: 0.6,
        Operator.REDACT: 1.0,  # of free text: the story without the persons in it
        Operator.PSEUDONYMISE: 0.4,
    },
}
# How much of a value an operator gives away, 0 to 1.
_OPENNESS: Mapping[Operator, float] = {
    Operator.CLEAR: 1.0,
    Operator.PARTIAL: 0.5,
    Operator.FORMAT_PRESERVING: 0.3,
    Operator.PSEUDONYMISE: 0.3,
    Operator.BUCKET: 0.3,
    Operator.GENERALISE: 0.3,
    Operator.AGGREGATE: 0.3,
    Operator.ENCRYPT: 0.3,
    Operator.TOKENISE: 0.3,
    Operator.SYNTHETIC: 0.3,
    Operator.NOISE: 0.8,
    Operator.DATE_SHIFT: 0.8,
    Operator.TOP_BOTTOM: 0.9,
    Operator.SUPPRESS: 0.9,
}
_OPENNESS_IN_ORDER = tuple((one, _OPENNESS.get(one, 0.0)) for one in Operator)
_SENSITIVITY_WEIGHT = 0.5
_EXCLUDED_PURPOSE_WEIGHT = 1.0  # where a clause names the category; a third where it is wide
_ASKED_FOR_WEIGHT = 0.25  # each masking obligation that names the operator
_ASKED_FOR_MOST = 0.75
_ALLOWED_WEIGHT = 0.3  # the purpose is one for which the clear value is foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One named part of a score, in logits."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What a point is like, as far as the prior cares."""

    need: Need
    sensitivity: Sensitivity
    categories: tuple[DataCategory, ...]
    purpose: Purpose


def prior_features(
    control: Control, weighing: Weighing, obligations: Iterable[Obligation]
) -> tuple[Feature, ...]:
    """Score one control, feature by feature; a feature of weight 0 is left out."""
    openness = _OPENNESS.get(control.operator, 0.0)
    binding = [one for one in obligations if covers_category(one, weighing.categories)]
    digested = [one for one in binding if not is_accepted_proposal(one.id)]
    accepted = [one for one in binding if is_accepted_proposal(one.id)]
    excluded = _exclusion(digested, weighing.purpose)
    imported = max(_exclusion(accepted, weighing.purpose) - excluded, 0.0)
    features = (
        Feature(name="need", value=_FIT[weighing.need].get(control.operator, 0.0)),
        Feature(
            name="sensitivity",
            value=-_SENSITIVITY_WEIGHT * openness * weighing.sensitivity.rank,
        ),
        Feature(name="excluded purpose", value=-_EXCLUDED_PURPOSE_WEIGHT * openness * excluded),
        Feature(name="asked for", value=_asked_for(control, weighing.purpose, digested)),
        # INVARIANT: both parts only fall as controls open, so that the choice, whatever is
        # added to it by rewards, can only move towards stricter controls.
        Feature(
            name="purpose excluded by an import",
            value=-_EXCLUDED_PURPOSE_WEIGHT * _most_open(control.operator) * imported,
        ),
        Feature(
            name="too open for an import",
            value=-_too_open(control, weighing.purpose, accepted),
        ),
    )
    return tuple(feature for feature in features if feature.value)


def prior_probabilities(
    controls: Sequence[Control], weighing: Weighing, obligations: Iterable[Obligation]
) -> tuple[float, ...]:
    """Turn the scores of all candidates into probabilities that sum to 1."""
    binding = tuple(obligations)
    scores = [
        math.fsum(feature.value for feature in prior_features(control, weighing, binding))
        for control in controls
    ]
    return softmax(scores)


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Exponentiate and normalise; the largest score is taken out first, so nothing overflows."""
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return tuple(weight / total for weight in weights)


def _exclusion(obligations: Iterable[Obligation], purpose: Purpose) -> float:
    """Tell how far a purpose is excluded, 0 to 1; a third where the clause is wide."""
    excluded = 0.0
    for one in obligations:
        if one.kind is ControlKind.PURPOSE_LIMITATION and purpose_within(
            one.parameters.texts("excluded_purposes"), purpose
        ):
            specific = any("." in wide for wide in one.data_categories)
            excluded = max(excluded, 1.0 if specific else 1 / 3)
    return excluded


def _asked_for(control: Control, purpose: Purpose, obligations: Iterable[Obligation]) -> float:
    """Sum up how much masking obligations ask for a control."""
    asked = 0.0
    for one in obligations:
        if one.kind is not ControlKind.MASKING:
            continue
        foreseen = purpose_within(one.parameters.texts("unless_purposes"), purpose)
        if foreseen and control.operator is Operator.CLEAR:
            asked += _ALLOWED_WEIGHT
        elif not foreseen and control.operator in one.parameters.texts("operators"):
            asked += _ASKED_FOR_WEIGHT
    return min(asked, _ASKED_FOR_MOST)


def _too_open(control: Control, purpose: Purpose, obligations: Iterable[Obligation]) -> float:
    """Sum up the masking obligations whose most open operator is stricter than a control."""
    against = 0.0
    for one in obligations:
        if one.kind is not ControlKind.MASKING:
            continue
        foreseen = purpose_within(one.parameters.texts("unless_purposes"), purpose)
        least = loosest_strictness(one.parameters.texts("operators"))
        if not foreseen and control.operator.strictness < least:
            against += _ASKED_FOR_WEIGHT
    return min(against, _ASKED_FOR_MOST)


def _most_open(operator: Operator) -> float:
    """Return the openness of an operator, or of a stricter one where that is greater."""
    return max(
        openness for one, openness in _OPENNESS_IN_ORDER if one.strictness >= operator.strictness
    )
