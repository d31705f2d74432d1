"""One round for the retriever: cut the questions, train, measure, pass the gates, register.

What is registered is what was measured: the held-out questions are not trained on
afterwards. The audit record is the caller's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from policy_service.domain.errors import RefinementError
from policy_service.domain.identifiers import ModelVersion, ProvisionId, Sha256Hex, SubjectId
from policy_service.domain.learning import RelevanceMark, RetrieverCard
from policy_service.domain.progress import Progress, silent
from policy_service.kit.clock import Clock, rfc3339
from policy_service.kit.hashing import sha256_hex
from policy_service.refinement.relevance import (
    Cut,
    RelevanceQuestion,
    count_by_reviewer,
    cut,
    last_marks,
    questions_from_marks,
    questions_sha256,
    without_reviewer,
)
from policy_service.refinement.retriever_figures import Asked, measure
from policy_service.refinement.retriever_gates import (
    RetrieverComparison,
    RetrieverGateReport,
    ReviewerInfluence,
    check_retriever_gates,
    floor_questions,
    found_floors,
)
from policy_service.refinement.retriever_registry import RetrieverRegistry

MIN_TRAINED = 40  # questions
MIN_FOR_INFLUENCE = 5  # marks of one reviewer
MAX_CHECKED = 5  # reviewers whose influence is measured: those with the most marks
_UNNUMBERED = ModelVersion("")
_STAGE = "retriever gates"


class RetrieverBench(Protocol):
    """Trains retrievers over one reviewed corpus, and asks any version of them."""

    @property
    def corpus_sha256(self) -> Sha256Hex:
        """Return the hash of the corpus."""
        ...

    @property
    def encoder_sha256(self) -> Sha256Hex:
        """Return the hash of the encoder's weights."""
        ...

    def train(
        self, questions: Sequence[RelevanceQuestion], *, seed: int, progress: Progress
    ) -> bytes:
        """Train weights; the same questions and seed give the same bytes."""
        ...

    def open(self, weights: bytes | None) -> Asked:
        """Open what is trained on: every reviewed text."""
        ...

    def open_grounds(self, weights: bytes | None) -> Asked:
        """Open what drafts are grounded by."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverLessons:
    """What a round learns from: marks, questions made of the corpus, and the floors' titles."""

    marks: tuple[RelevanceMark, ...]
    made: tuple[RelevanceQuestion, ...]
    known: frozenset[ProvisionId]  # provisions that answers may name
    floors: tuple[tuple[ProvisionId, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverRefinement:
    """What one round gave: the new version's card, and what the gates measured."""

    card: RetrieverCard
    report: RetrieverGateReport


def refine_retriever(
    lessons: RetrieverLessons,
    *,
    bench: RetrieverBench,
    registry: RetrieverRegistry,
    clock: Clock,
    seed: int,
    progress: Progress = silent,
) -> RetrieverRefinement:
    """Train the next version and promote it when it passes every gate.

    Raises `RefinementError` where nothing can be learned or the live version is damaged.
    """
    live = registry.current()
    marks = last_marks(lessons.marks)
    floors = floor_questions(lessons.floors)
    # Floors are to be found, not guessed: they are taught, as far as nobody asked about them.
    parts = cut(_questions(marks, lessons), seed=seed, trained=[one.relevant[0] for one in floors])
    if len(parts.train) < MIN_TRAINED:
        raise RefinementError(
            f"{len(parts.train)} questions are too few to learn from; mark more answers"
        )
    weights = bench.train(parts.train, seed=seed, progress=progress)
    progress(_STAGE, 0, 3)
    before, after = bench.open(live.weights), bench.open(weights)
    comparison = _compare(parts, before, after)
    progress(_STAGE, 1, 3)
    found = found_floors(floors, bench.open_grounds(live.weights))
    lost = found - found_floors(floors, bench.open_grounds(weights))
    progress(_STAGE, 2, 3)
    report = check_retriever_gates(
        comparison,
        floors_found=sorted(found),
        floors_lost=sorted(lost),
        influence=_influence(
            marks,
            parts,
            after,
            trainer=lambda rest: bench.open(_train_without(rest, lessons, parts, bench, seed)),
        ),
    )
    progress(_STAGE, 3, 3)
    card = registry.register(
        _card(live.version, marks, parts, weights, report, bench=bench, clock=clock, seed=seed),
        weights,
    )
    if report.passed:
        registry.promote(card.version)
    return RetrieverRefinement(card=card, report=report)


def _questions(
    marks: Sequence[RelevanceMark], lessons: RetrieverLessons
) -> tuple[RelevanceQuestion, ...]:
    """Join marked, made and floors' questions; what reviewers say of a question wins."""
    found = list(questions_from_marks(marks, known=lessons.known))
    texts = {one.query for one in marks}
    for one in (*lessons.made, *floor_questions(lessons.floors)):
        if one.text not in texts:
            texts.add(one.text)
            found.append(one)
    return tuple(found)


def _compare(parts: Cut, before: Asked, after: Asked) -> RetrieverComparison:
    marked = [one for one in parts.held_out if one.marked]
    made = [one for one in parts.held_out if not one.marked]
    return RetrieverComparison(
        marked_before=measure(marked, before),
        marked_after=measure(marked, after),
        made_before=measure(made, before),
        made_after=measure(made, after),
    )


def _influence(
    marks: Sequence[RelevanceMark],
    parts: Cut,
    candidate: Asked,
    *,
    trainer: Callable[[Sequence[RelevanceMark]], Asked],
) -> tuple[ReviewerInfluence, ...]:
    """Train again without each reviewer who marked much; one alone sways nobody else."""
    counts = count_by_reviewer(marks)
    if len(counts) < 2:
        return ()
    weighty = sorted(
        (name for name, count in counts.items() if count >= MIN_FOR_INFLUENCE),
        key=lambda name: (-counts[name], name),
    )[:MAX_CHECKED]
    trained = {name for one in parts.train for name in one.reviewers}
    found = []
    for name in sorted(weighty):
        others = [one for one in parts.held_out if name not in one.reviewers]
        if name not in trained or not others:
            continue
        without = trainer(without_reviewer(marks, name))
        found.append(
            ReviewerInfluence(
                reviewer=SubjectId(name),
                questions=len(others),
                recall_without=measure(others, without).recall_at_10,
                recall_with=measure(others, candidate).recall_at_10,
            )
        )
    return tuple(found)


def _train_without(
    rest: Sequence[RelevanceMark],
    lessons: RetrieverLessons,
    parts: Cut,
    bench: RetrieverBench,
    seed: int,
) -> bytes:
    """Train on what is left of the training side; nothing held out comes in."""
    held = {provision for one in parts.held_out for provision in one.relevant}
    kept = [one for one in _questions(rest, lessons) if held.isdisjoint(one.relevant)]
    return bench.train(kept, seed=seed, progress=silent)


def _card(
    parent: ModelVersion,
    marks: Sequence[RelevanceMark],
    parts: Cut,
    weights: bytes,
    report: RetrieverGateReport,
    *,
    bench: RetrieverBench,
    clock: Clock,
    seed: int,
) -> RetrieverCard:
    figures = report.comparison
    return RetrieverCard(
        version=_UNNUMBERED,
        parent=parent,
        created_at=rfc3339(clock.now()),
        weights_sha256=Sha256Hex(sha256_hex(weights)),
        encoder_sha256=bench.encoder_sha256,
        seed=seed,
        promoted=report.passed,
        note="; ".join(report.reasons),
        examples=len(parts.train),
        marks=len(marks),
        examples_sha256=questions_sha256((*parts.train, *parts.held_out)),
        corpus_sha256=bench.corpus_sha256,
        marked_before=figures.marked_before,
        marked_after=figures.marked_after,
        made_before=figures.made_before,
        made_after=figures.made_after,
        floors_lost=len(report.floors_lost),
    )
