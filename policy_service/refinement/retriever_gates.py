"""The gates of a new retriever: a version that fails one is registered, and never used.

It must answer held-out questions better than the live one: those of reviewers where enough
are held out, else, and by more than noise, those made from the corpus. On neither may recall
fall by more than noise, no floor that the live one finds may be lost, and no single reviewer's
marks may spoil the answers to everybody else's questions. Averages do not reveal poisoning:
each gate stands alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from policy_service.domain.identifiers import ProvisionId, SubjectId
from policy_service.domain.learning import RetrievalFigures, RetrieverCard
from policy_service.refinement.relevance import RelevanceQuestion
from policy_service.refinement.retriever_figures import DEPTH, Asked

MIN_HELD_OUT = 20  # questions; fewer measure nothing
MIN_MARKED = 20  # held-out questions of reviewers from which on they decide
NOISE = 0.01  # a fall of recall by less says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerInfluence:
    """Recall@10 of held-out questions that others asked, without and with one's marks."""

    reviewer: SubjectId
    questions: int
    recall_without: float
    recall_with: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverComparison:
    """The live retriever and the candidate on questions that neither the candidate trained on."""

    marked_before: RetrievalFigures
    marked_after: RetrievalFigures
    made_before: RetrievalFigures
    made_after: RetrievalFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverGateReport:
    """What the gates measured. INVARIANT: promoted exactly when there is no reason against."""

    comparison: RetrieverComparison
    floors: int  # floors that the live version finds by their titles
    floors_lost: tuple[ProvisionId, ...]
    influence: tuple[ReviewerInfluence, ...]
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the version may be promoted."""
        return not self.reasons


def check_retriever_gates(
    comparison: RetrieverComparison,
    *,
    floors_found: Sequence[ProvisionId],
    floors_lost: Sequence[ProvisionId],
    influence: Sequence[ReviewerInfluence],
) -> RetrieverGateReport:
    """Judge what was measured of a candidate."""
    reasons = [
        *_gain_reasons(comparison),
        *_fall_reasons("reviewers'", comparison.marked_before, comparison.marked_after),
        *_fall_reasons("made", comparison.made_before, comparison.made_after),
    ]
    if floors_lost:
        reasons.append(
            f"{len(floors_lost)} floors would no longer be found: `{'`, `'.join(floors_lost)}`"
        )
    reasons.extend(
        f"the marks of reviewer `{one.reviewer}` lower recall on others' questions from "
        f"{one.recall_without:.3f} to {one.recall_with:.3f}; look at them"
        for one in influence
        if one.recall_with < one.recall_without - noise(one.recall_without, one.questions)
    )
    return RetrieverGateReport(
        comparison=comparison,
        floors=len(floors_found),
        floors_lost=tuple(floors_lost),
        influence=tuple(influence),
        reasons=tuple(reasons),
    )


def deciding_figures(
    measured: RetrieverComparison | RetrieverCard,
) -> tuple[RetrievalFigures, RetrievalFigures]:
    """Return the figures that a gain is asked of: reviewers' where enough were held out."""
    if measured.marked_after.questions >= MIN_MARKED:
        return measured.marked_before, measured.marked_after
    return measured.made_before, measured.made_after


def floor_questions(titles: Sequence[tuple[ProvisionId, str]]) -> tuple[RelevanceQuestion, ...]:
    """Ask for each floor by its provision's title: what promotion hangs on."""
    return tuple(
        RelevanceQuestion(text=title, relevant=(provision,))
        for provision, title in sorted(set(titles))
        if title.strip()
    )


def found_floors(questions: Sequence[RelevanceQuestion], retriever: Asked) -> set[ProvisionId]:
    """Return the floors that are among the first ten answers to their own titles."""
    if not questions:
        return set()
    answers = retriever.ask([one.text for one in questions], limit=DEPTH)
    return {
        one.relevant[0]
        for one, found in zip(questions, answers, strict=True)
        if one.relevant[0] in found[:DEPTH]
    }


def noise(recall: float, questions: int) -> float:
    """Return how far a mean of `questions` may fall: one standard error, `NOISE` at least."""
    if not questions:
        return NOISE
    variance = recall * (1 - recall) + 1 / questions
    return max(NOISE, math.sqrt(variance / questions))


def _gain_reasons(comparison: RetrieverComparison) -> list[str]:
    held_out = comparison.marked_after.questions + comparison.made_after.questions
    if held_out < MIN_HELD_OUT:
        return [f"only {held_out} questions could be held out; mark more answers"]
    before, after = deciding_figures(comparison)
    gain = after.map_at_10 - before.map_at_10
    measured = f"average precision {before.map_at_10:.3f} before, {after.map_at_10:.3f} after"
    if after is comparison.marked_after:
        return [] if gain > 0 else [f"no gain on held-out reviewers' questions: {measured}"]
    if gain > noise(before.map_at_10, after.questions):
        return []
    # Made questions are only like real ones: a small gain on them says nothing of those.
    return [
        f"no gain beyond noise on held-out made questions: {measured}; "
        f"{MIN_MARKED} held-out questions of reviewers would decide"
    ]


def _fall_reasons(whose: str, before: RetrievalFigures, after: RetrievalFigures) -> list[str]:
    if after.recall_at_10 >= before.recall_at_10 - noise(before.recall_at_10, after.questions):
        return []
    return [
        f"recall on held-out {whose} questions falls from {before.recall_at_10:.3f} "
        f"to {after.recall_at_10:.3f}"
    ]
