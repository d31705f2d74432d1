"""One round for the name classifier: learn from corrections, measure, pass the gates, register.

People correct tens of columns, not thousands, so each is judged by a version that learned from
the others (cross-validation; Hastie, Tibshirani and Friedman, 2009, section 7.10), beside what
was shipped: the live version may know the very answers. What is registered learned from all of
them, and is itself asked about the safety set, beside the live version. Every version starts
from what was shipped: what was withdrawn is unlearned. The audit record is the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import DataCategory, ModelVersion, Sha256Hex
from policy_service.domain.learning import ClassifierCard
from policy_service.domain.progress import Progress, silent
from policy_service.kit.clock import Clock, rfc3339
from policy_service.kit.hashing import sha256_hex
from policy_service.refinement.classifier_gates import (
    ClassifierGateReport,
    Named,
    SensitivityOf,
    check_classifier_gates,
    lost_columns,
    measure,
    protected,
)
from policy_service.refinement.classifier_lessons import (
    ColumnLesson,
    NamedColumn,
    folds,
    lessons_sha256,
    sort_lessons,
)
from policy_service.refinement.classifier_registry import NO_ENCODER, ClassifierRegistry
from policy_service.refinement.classifier_safety import SAFETY_COLUMNS

FOLDS = 5
MAX_SUSPECTS = 30  # names; each costs a training, a quarter of a CPU-second
_UNNUMBERED = ModelVersion("")
_STAGE = "classifier gates"


class ClassifierBench(Protocol):
    """Trains classifiers of names, and opens any version of them."""

    def train(self, lessons: Sequence[ColumnLesson]) -> bytes:
        """Train weights from the shipped ones; the same lessons give the same bytes."""
        ...

    def open(self, weights: bytes | None) -> Named:
        """Open weights; None is what was shipped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRefinement:
    """What one round gave: the new version's card, and what the gates measured."""

    card: ClassifierCard
    report: ClassifierGateReport


def refine_classifier(
    lessons: Sequence[ColumnLesson],
    *,
    bench: ClassifierBench,
    registry: ClassifierRegistry,
    sensitivity: SensitivityOf,
    clock: Clock,
    seed: int,
    progress: Progress = silent,
) -> ClassifierRefinement:
    """Train the next version and promote it when it passes every gate.

    Raises `RefinementError` where there is nothing to learn or the live version is damaged.
    """
    known = sort_lessons(lessons)
    if not known:
        raise RefinementError(
            "nobody has corrected or confirmed a column yet: `policy-service catalog correct`"
        )
    live = registry.current()
    weights = bench.train(known)
    judged, before, after = _judge(known, bench, seed, progress)
    safe = partial(_protected_by, bench, sensitivity)
    safe_before, safe_after = safe(live.weights), safe(weights)
    lost = lost_columns(safe_before, safe_after)
    report = check_classifier_gates(
        before=measure(judged, before),
        after=measure(judged, after),
        safe_before=safe_before,
        safe_after=safe_after,
        suspects=_suspects(known, safe_before, bench, safe) if lost else (),
    )
    progress(_STAGE, FOLDS + 1, FOLDS + 1)
    card = registry.register(
        _card(live.version, known, weights, report, created_at=rfc3339(clock.now()), seed=seed),
        weights,
    )
    if report.passed:
        registry.promote(card.version)
    return ClassifierRefinement(card=card, report=report)


def _protected_by(
    bench: ClassifierBench, sensitivity: SensitivityOf, weights: bytes | None
) -> dict[NamedColumn, int]:
    return protected(SAFETY_COLUMNS, bench.open(weights), sensitivity=sensitivity)


def _suspects(
    lessons: Sequence[ColumnLesson],
    safe_before: dict[NamedColumn, int],
    bench: ClassifierBench,
    safe: Callable[[bytes], dict[NamedColumn, int]],
) -> list[str]:
    """Name the columns whose lessons alone lose something; of many names the first are asked."""
    names = sorted({one.column.name for one in lessons})[:MAX_SUSPECTS]
    taught = {name: [one for one in lessons if one.column.name == name] for name in names}
    return [name for name in names if lost_columns(safe_before, safe(bench.train(taught[name])))]


def _judge(
    lessons: Sequence[ColumnLesson], bench: ClassifierBench, seed: int, progress: Progress
) -> tuple[list[ColumnLesson], list[DataCategory], list[DataCategory]]:
    """Ask about each part what was shipped, and what learned from the other parts alone."""
    shipped = bench.open(None)
    judged: list[ColumnLesson] = []
    before: list[DataCategory] = []
    after: list[DataCategory] = []
    for number, part in enumerate(folds(lessons, count=FOLDS, seed=seed)):
        progress(_STAGE, number, FOLDS + 1)
        rest = [one for one in lessons if one not in part]
        if not part or not rest:
            continue
        asked = [one.column for one in part]
        judged += part
        before += shipped.categorise(asked)
        after += bench.open(bench.train(rest)).categorise(asked)
    return judged, before, after


def _card(
    parent: ModelVersion,
    lessons: Sequence[ColumnLesson],
    weights: bytes,
    report: ClassifierGateReport,
    *,
    created_at: str,
    seed: int,
) -> ClassifierCard:
    return ClassifierCard(
        version=_UNNUMBERED,
        parent=parent,
        created_at=created_at,
        weights_sha256=Sha256Hex(sha256_hex(weights)),
        encoder_sha256=NO_ENCODER,
        seed=seed,
        promoted=report.passed,
        note="; ".join(report.reasons),
        lessons=len(lessons),
        lessons_sha256=lessons_sha256(lessons),
        before=report.before,
        after=report.after,
        safety_columns=report.safety_columns,
        safety_lost=len(report.safety_lost),
    )
