"""The gates of promotion: a version that fails one is registered, and never used.

Held-out acceptance must not fall by more than noise, the frozen safety set must hold, and
no single reviewer may sway what the others judged: averages do not reveal poisoning, so
each gate stands alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policy_service.domain.control import Control
from policy_service.domain.learning import Preference
from policy_service.domain.progress import Progress, silent
from policy_service.kit.hashing import sha256_text
from policy_service.refinement.preferences import Priors
from policy_service.refinement.reward_model import RewardModel
from policy_service.refinement.safety_set import SAFETY_CASES
from policy_service.refinement.training import sort_preferences

FOLDS = 5
SAFETY_MARGIN = 1.0  # reward: at β 1 and an even prior, exp(1) = 2.7 times likelier
MAX_INFLUENCE = 0.2  # share of the decisions on others' points that one reviewer may flip
MIN_FOR_INFLUENCE = 20  # preferences
NOISE = 0.01  # a fall of held-out acceptance by less says nothing, however many lessons
_STAGE = "gates"
_NO_PRIOR = 1e-6  # of a control that no draft considered
Trainer = Callable[[Sequence[Preference]], RewardModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """How far one reviewer sways decisions on points that only others judged."""

    reviewer: str
    points: int
    flipped: int

    @property
    def share(self) -> float:
        """Return the share of those points whose first control depends on this reviewer."""
        return self.flipped / self.points if self.points else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What the gates measured. INVARIANT: promoted exactly when there is no reason against."""

    acceptance_before: float  # share of held-out lessons, weighted, whose control comes first
    acceptance_after: float
    held_out: int
    violations: tuple[str, ...]  # names of safety cases
    influence: tuple[Influence, ...]
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the version may be promoted."""
        return not self.reasons


def check_gates(
    preferences: Sequence[Preference],
    *,
    trainer: Trainer,
    candidate: RewardModel,
    current: RewardModel,
    priors: Priors,
    progress: Progress = silent,
) -> GateReport:
    """Measure `candidate`, which `trainer` made of all `preferences`, against `current`.

    Acceptance is measured by training again without each fold of decision points; a
    control without an entry in `priors` counts as unlikely, an empty table as even.
    """
    ordered = sort_preferences(preferences)
    before, after = _held_out(ordered, trainer, current, priors, progress)
    violations = safety_violations(candidate)
    influence = _influence(ordered, trainer, candidate, priors)
    points = len({one.point.key for one in ordered})
    return GateReport(
        acceptance_before=round(before, 6),
        acceptance_after=round(after, 6),
        held_out=len(ordered) if points > 1 else 0,
        violations=violations,
        influence=influence,
        reasons=tuple(
            _reasons(
                points=points,
                lessons=len(ordered),
                before=before,
                after=after,
                violations=violations,
                influence=influence,
            )
        ),
    )


def safety_violations(model: RewardModel) -> tuple[str, ...]:
    """Name the safety cases where a forbidden control beats every allowed one by the margin."""
    rewards = model.rewards(
        [case.point_text for case in SAFETY_CASES],
        [(*case.allowed, *case.forbidden) for case in SAFETY_CASES],
    )
    return tuple(
        case.name
        for case, found in zip(SAFETY_CASES, rewards, strict=True)
        if max(found[len(case.allowed) :]) > max(found[: len(case.allowed)]) + SAFETY_MARGIN
    )


def acceptance(preferences: Sequence[Preference], *, model: RewardModel, priors: Priors) -> float:
    """Return the weighted share of lessons whose chosen control comes first; ties are shared.

    Requires one preference or more.
    """
    right = total = 0.0
    for one, scores in zip(preferences, _scores(preferences, model, priors), strict=True):
        first = [place for place, score in enumerate(scores) if score >= max(scores) - 1e-9]
        right += one.weight * (1 / len(first) if 0 in first else 0.0)
        total += one.weight
    return right / total


def _held_out(
    preferences: Sequence[Preference],
    trainer: Trainer,
    current: RewardModel,
    priors: Priors,
    progress: Progress,
) -> tuple[float, float]:
    folds = _folds(preferences)
    if len(folds) < 2:
        return 0.0, 0.0
    before = after = total = 0.0
    for number, fold in enumerate(folds, start=1):
        rest = [one for other in folds if other is not fold for one in other]
        weight = sum(one.weight for one in fold)
        before += weight * acceptance(fold, model=current, priors=priors)
        after += weight * acceptance(fold, model=trainer(rest), priors=priors)
        total += weight
        progress(_STAGE, number, len(folds))
    return before / total, after / total


def _folds(preferences: Sequence[Preference]) -> list[list[Preference]]:
    """Cut by decision point, so that no point is on both sides; in an order that hides names."""
    keys = sorted({one.point.key for one in preferences}, key=sha256_text)
    place = {key: index % FOLDS for index, key in enumerate(keys)}
    folds: list[list[Preference]] = [[] for _ in range(min(FOLDS, len(keys)))]
    for one in preferences:
        folds[place[one.point.key]].append(one)
    return folds


def _influence(
    preferences: Sequence[Preference], trainer: Trainer, candidate: RewardModel, priors: Priors
) -> tuple[Influence, ...]:
    reviewers = sorted({one.reviewer for one in preferences})
    if len(reviewers) < 2 or len(preferences) < MIN_FOR_INFLUENCE:
        return ()
    found = []
    for reviewer in reviewers:
        own = {one.point.key for one in preferences if one.reviewer == reviewer}
        others = [one for one in preferences if one.reviewer != reviewer]
        judged = [one for one in others if one.point.key not in own]
        if judged:
            without = _first(judged, trainer(others), priors)
            with_all = _first(judged, candidate, priors)
            flipped = sum(without[key] != with_all[key] for key in without)
            found.append(Influence(reviewer=reviewer, points=len(without), flipped=flipped))
    return tuple(found)


def _first(
    preferences: Sequence[Preference], model: RewardModel, priors: Priors
) -> Mapping[str, Control]:
    """Return the control that comes first at each point, among those the lessons name."""
    found: dict[str, Control] = {}
    for one, scores in zip(preferences, _scores(preferences, model, priors), strict=True):
        controls = (one.chosen, *one.alternatives)
        best = max(range(len(controls)), key=lambda place: (scores[place], controls[place].label))
        found.setdefault(one.point.key, controls[best])
    return found


def _scores(
    preferences: Sequence[Preference], model: RewardModel, priors: Priors
) -> list[list[float]]:
    """Return log prior + reward of each lesson's controls, the chosen one first."""
    controls = [(one.chosen, *one.alternatives) for one in preferences]
    rewards = model.rewards([one.point_text for one in preferences], controls)
    return [
        [
            log_prior + reward
            for log_prior, reward in zip(_log_priors(one, group, priors), row, strict=True)
        ]
        for one, group, row in zip(preferences, controls, rewards, strict=True)
    ]


def _log_priors(one: Preference, group: Sequence[Control], priors: Priors) -> list[float]:
    found = [priors.get((one.point.key, control)) for control in group]
    if all(prior is None for prior in found):
        return [0.0] * len(group)
    return [math.log(max(prior or 0.0, _NO_PRIOR)) for prior in found]


def _noise(acceptance_before: float, lessons: int) -> float:
    """Return how far held-out acceptance may fall: one standard error, `NOISE` at least."""
    variance = acceptance_before * (1 - acceptance_before) + 1 / lessons
    return max(NOISE, math.sqrt(variance / lessons))


def _reasons(
    *,
    points: int,
    lessons: int,
    before: float,
    after: float,
    violations: Sequence[str],
    influence: Sequence[Influence],
) -> list[str]:
    reasons = []
    if points < 2:
        reasons.append("verdicts on one decision point only cannot be held out; review more rules")
    elif after < before - _noise(before, lessons):
        reasons.append(f"held-out acceptance falls from {before:.3f} to {after:.3f}")
    if violations:
        reasons.append(f"the safety set does not hold at `{'`, `'.join(violations)}`")
    reasons.extend(
        f"reviewer `{one.reviewer}` alone flips {one.flipped} of {one.points} decisions "
        "that only others judged; look at these verdicts"
        for one in influence
        if one.share > MAX_INFLUENCE
    )
    return reasons
