"""Training: preferences → a reward model, the same bits from the same preferences and seed.

Every version is trained from nothing on all preferences, never continued from its parent:
so it can be made again from its card. Source: cross-entropy on choices, Plackett-Luce's
first place (Luce 1959); the anchors of `safety_set` are lessons beside the reviewers'.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policy_service.domain.control import Control
from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion, Sha256Hex
from policy_service.domain.learning import Preference
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import Progress, silent
from policy_service.engines.reward_head import FIELDS, Choice, HeadSettings, RewardHead, train_head
from policy_service.kit.canonical import canonical_json, content_sha256
from policy_service.kit.hashing import sha256_hex
from policy_service.refinement.reward_model import (
    PointText,
    RewardModel,
    TextEncoder,
    control_text,
    fields_of,
)
from policy_service.refinement.safety_set import ANCHOR_FLOOR, ANCHOR_SHARE, ANCHORS

CANDIDATE = ModelVersion("candidate")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A trained head that has no version yet, and what it was trained on."""

    model: RewardModel
    weights: bytes
    weights_sha256: Sha256Hex
    parent: ModelVersion
    preferences: int
    preferences_sha256: Sha256Hex
    encoder_sha256: Sha256Hex
    seed: int


@dataclass(frozen=True, slots=True)
class _Lesson:
    point: PointText
    controls: tuple[Control, ...]  # the chosen one first
    weight: float


def train(
    preferences: Sequence[Preference],
    *,
    encoder: TextEncoder,
    parent: ModelVersion,
    seed: int,
    settings: HeadSettings | None = None,
    progress: Progress = silent,
) -> TrainedModel:
    """Train on `preferences`, in whatever order they come.

    Raises `RefinementError` where there is none, or one does not leave a choice.
    """
    ordered = sort_preferences(preferences)
    lessons = [*map(_lesson, ordered), *_anchors(ordered)]
    head = _fit(lessons, encoder, seed, settings, progress)
    weights = head.to_bytes()
    return TrainedModel(
        model=RewardModel(encoder=encoder, version=CANDIDATE, head=head),
        weights=weights,
        weights_sha256=Sha256Hex(sha256_hex(weights)),
        parent=parent,
        preferences=len(ordered),
        preferences_sha256=preferences_sha256(ordered),
        encoder_sha256=Sha256Hex(encoder.sha256),
        seed=seed,
    )


def sort_preferences(preferences: Iterable[Preference]) -> list[Preference]:
    """Put preferences in one order whatever order they came in; check that each is a choice."""
    ordered = sorted(preferences, key=lambda one: canonical_json(to_plain(one)))
    if not ordered:
        raise RefinementError("no verdict teaches anything yet; review some rules first")
    for one in ordered:
        if not one.alternatives or one.chosen in one.alternatives or one.weight <= 0:
            raise RefinementError(f"the preference at `{one.point.key}` leaves no choice")
    return ordered


def preferences_sha256(preferences: Iterable[Preference]) -> Sha256Hex:
    """Hash preferences, whatever order they come in."""
    return Sha256Hex(content_sha256(to_plain(sort_preferences(preferences))))


def _lesson(preference: Preference) -> _Lesson:
    return _Lesson(
        preference.point_text, (preference.chosen, *preference.alternatives), preference.weight
    )


def _anchors(preferences: Sequence[Preference]) -> list[_Lesson]:
    total = ANCHOR_FLOOR + ANCHOR_SHARE * sum(one.weight for one in preferences)
    pairs = [
        (case.point_text, (allowed, *case.forbidden))
        for case in ANCHORS
        for allowed in case.allowed
    ]
    return [_Lesson(point, controls, total / len(pairs)) for point, controls in pairs]


def _fit(
    lessons: Sequence[_Lesson],
    encoder: TextEncoder,
    seed: int,
    settings: HeadSettings | None,
    progress: Progress,
) -> RewardHead:
    rows = [
        (fields_of(lesson.point), tuple(map(control_text, lesson.controls))) for lesson in lessons
    ]
    texts = [sorted({fields[field] for fields, _ in rows}) for field in range(FIELDS - 1)]
    texts.append(sorted({text for _, controls in rows for text in controls}))
    places = [{text: place for place, text in enumerate(column)} for column in texts]
    choices = [
        Choice(
            point=(places[0][fields[0]], places[1][fields[1]], places[2][fields[2]]),
            controls=tuple(places[FIELDS - 1][text] for text in controls),
            weight=lesson.weight,
        )
        for (fields, controls), lesson in zip(rows, lessons, strict=True)
    ]
    vectors = [encoder.encode(column) for column in texts]
    return train_head(vectors, choices, seed=seed, settings=settings, progress=progress)
