"""How well a retriever answers questions: recall, average precision, reciprocal rank.

Source: trec_eval's `recall`, `map_cut` and `recip_rank`; average precision is divided by the
number of relevant provisions, found or not. Nothing here trains or decides.
"""

from collections.abc import Sequence
from typing import Protocol

from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.learning import RetrievalFigures
from policy_service.refinement.relevance import RelevanceQuestion

DEPTH = 10
_SHALLOW = 5
NONE_MEASURED = RetrievalFigures(
    questions=0, recall_at_5=0.0, recall_at_10=0.0, map_at_10=0.0, mrr=0.0
)


class Asked(Protocol):
    """One version of the retriever over one set of provisions."""

    def ask(self, questions: Sequence[str], *, limit: int) -> Sequence[Sequence[ProvisionId]]:
        """Return the ids of the best provisions for each question, best first."""
        ...


def measure(questions: Sequence[RelevanceQuestion], retriever: Asked) -> RetrievalFigures:
    """Ask every question and compare what comes with what is relevant."""
    if not questions:
        return NONE_MEASURED
    answers = retriever.ask([one.text for one in questions], limit=DEPTH)
    rows = [_figures(one, found) for one, found in zip(questions, answers, strict=True)]
    shallow, deep, precision, rank = (
        round(sum(column) / len(rows), 6) for column in zip(*rows, strict=True)
    )
    return RetrievalFigures(
        questions=len(questions),
        recall_at_5=shallow,
        recall_at_10=deep,
        map_at_10=precision,
        mrr=rank,
    )


def _figures(
    question: RelevanceQuestion, found: Sequence[ProvisionId]
) -> tuple[float, float, float, float]:
    relevant = frozenset(question.relevant)
    hits = [place for place, one in enumerate(found[:DEPTH]) if one in relevant]
    shallow = sum(place < _SHALLOW for place in hits) / len(relevant)
    precision = sum(number / (place + 1) for number, place in enumerate(hits, start=1))
    first = 1 / (hits[0] + 1) if hits else 0.0
    return shallow, len(hits) / len(relevant), precision / len(relevant), first
