"""Ranks passages by what was learned from marked questions; takes the fused ranker's place.

Candidates are re-ordered by the trees; everything else follows in the order of its fused
first scores, so that any `limit` is met. Scores lie in 0-1 and order one question only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.engines.encoder import Encoder
from policy_service.engines.lightgbm import Forest
from policy_service.retrieval import fusion
from policy_service.retrieval.learned.features import Candidates, features_of, scaled
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import PassageTable, passage_table
from policy_service.retrieval.learned.reading import QuestionReader
from policy_service.retrieval.lexical import LexicalIndex

Places = Sequence[int] | NDArray[np.intp]


class LearnedRanker:
    """The trained ranker over one index. Safe to share between threads."""

    def __init__(
        self, *, passages: PassageTable, weights: RetrieverWeights, encoder: Encoder
    ) -> None:
        """Raise `RetrievalError` where the weights belong to another encoder or index."""
        if weights.encoder != encoder.sha256:
            raise RetrievalError("the retriever was trained on another encoder; train it again")
        same = np.array_equal(weights.basis, passages.tokens.basis)
        if not same or not np.array_equal(weights.scale, passages.tokens.scale):
            raise RetrievalError("the index's token states are in another basis; build it again")
        self._passages = passages
        self._features = weights.features
        self._forest = Forest(weights.forest)
        if self._forest.width != len(weights.features):
            raise RetrievalError("the ranker's trees know other features; train it again")
        self._reader = QuestionReader(
            passages=passages, parameters=weights.parameters, encoder=encoder
        )

    @classmethod
    def over(
        cls,
        *,
        ids: Sequence[str],
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        lexical: LexicalIndex,
        extras: Mapping[str, NDArray[Any]],
        weights: RetrieverWeights,
        encoder: Encoder,
    ) -> "LearnedRanker":
        """Build it from the parts of an index, one row a passage."""
        passages = passage_table(
            ids=ids, texts=texts, vectors=vectors, lexical=lexical, extras=extras
        )
        return cls(passages=passages, weights=weights, encoder=encoder)

    def rank(
        self, text: str, embedding: NDArray[np.float32], *, allowed: Places, limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places, best first."""
        places = np.asarray(allowed, dtype=np.intp)
        if not places.size:
            return []
        found = self._reader.read(text, embedding, allowed=places)
        names, rows = features_of(found, self._passages.known)
        if names != self._features:
            raise RetrievalError("the retriever was trained on other features; train it again")
        scores = _all_scores(found, self._forest.score(rows))
        best = fusion.best(scores, limit=limit)
        return [(int(places[row]), float(scores[row])) for row in best]


def _all_scores(found: Candidates, judged: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put the candidates in the upper half of 0-1 and the others in the lower."""
    scores = scaled(found.scores.fused) * 0.49
    scores[found.rows] = 0.5 + 0.5 * scaled(judged)
    rounded: NDArray[np.float64] = np.round(scores, 6)
    return rounded
