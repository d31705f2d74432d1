"""The policy π(c | d) ∝ π₀(c | d) · exp(r(d, c) / β) over the candidates the floors leave.

The exact optimum of the KL-regularised objective over a finite set (DESIGN section 6):
β bounds how far learned rewards can move a draft away from its grounds.
"""

import math
from collections.abc import Sequence

from policy_service.domain.control import Control
from policy_service.domain.draft import Candidate
from policy_service.domain.errors import DraftingError
from policy_service.domain.identifiers import ObligationId

_DIGITS = 6
_CLOSE = 0.1  # the second best is nearly as good
_UNSURE = 0.5


def weigh_candidates(
    controls: Sequence[Control],
    *,
    priors: Sequence[float],
    rewards: Sequence[float],
    excluded: Sequence[ObligationId | None],
    beta: float,
) -> tuple[Candidate, ...]:
    """Weigh the candidates of one point, in their order. Excluded ones have probability 0.

    Requires beta > 0 and finite rewards. Raises `DraftingError` where not, and where
    the floors left no candidate.
    """
    if not beta > 0 or not all(math.isfinite(reward) for reward in rewards):
        raise DraftingError("beta must be above 0 and every reward finite; check the reward model")
    scores = [
        -math.inf if floor is not None else math.log(max(prior, 1e-12)) + reward / beta
        for prior, reward, floor in zip(priors, rewards, excluded, strict=True)
    ]
    top = max(scores, default=-math.inf)
    if top == -math.inf:
        raise DraftingError("the floors left no candidate; deny must always be one")
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return tuple(
        Candidate(
            control=control,
            prior=round(prior, _DIGITS),
            reward=round(reward, _DIGITS),
            probability=round(weight / total, _DIGITS),
            excluded_by=floor,
        )
        for control, prior, reward, weight, floor in zip(
            controls, priors, rewards, weights, excluded, strict=True
        )
    )


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """Choose the most probable candidate; of equals the stricter, then the first by label."""
    allowed = [one for one in candidates if one.excluded_by is None]
    return min(
        allowed,
        key=lambda one: (
            -one.probability,
            -one.control.operator.strictness,
            one.control.label,
        ),
    )


def is_doubtful(candidates: Sequence[Candidate]) -> bool:
    """Tell whether the choice is unsure or nearly a tie, so that a person must look."""
    ranked = sorted((one.probability for one in candidates), reverse=True)
    gap = ranked[0] - ranked[1] if len(ranked) > 1 else 1.0
    return ranked[0] < _UNSURE or gap < _CLOSE
