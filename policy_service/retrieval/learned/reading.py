"""A question put to the passages by one trained question side: its candidates, scored.

The first stage and late interaction happen here; the order of the candidates is settled by
whoever holds the trees.
"""

import numpy as np
from numpy.typing import NDArray

from policy_service.engines.encoder import Encoder
from policy_service.engines.retriever_head import ADAPTER, Parameters, QuestionEncoder
from policy_service.retrieval.learned.candidates import candidates_of, first_scores
from policy_service.retrieval.learned.features import Candidates
from policy_service.retrieval.learned.passages import PassageTable
from policy_service.retrieval.token_states import QuestionTokens

_CHUNK = 4096
Floats = NDArray[np.float32]


class QuestionReader:
    """Finds and scores candidates. Safe to share between threads."""

    def __init__(self, *, passages: PassageTable, parameters: Parameters, encoder: Encoder) -> None:
        self._passages = passages
        self._questions = QuestionEncoder(encoder=encoder, parameters=parameters)
        self._adapter = parameters[ADAPTER]
        self._lengths = _adapted_lengths(passages.vectors, self._adapter)
        self._rarity = passages.tokens.rarity()

    def read(self, text: str, embedding: Floats, *, allowed: NDArray[np.intp]) -> Candidates:
        """Score the `allowed` passages, and their candidates by late interaction.

        Requires at least one allowed place, ascending.
        """
        held = self._passages
        asked = self._questions.encode(text, rarity=self._rarity)
        both = np.stack((embedding, asked.vector + self._adapter @ asked.vector), axis=1)
        dense = (held.vectors @ both.astype(np.float32)).astype(np.float64)
        stems, pairs = held.lexical.scores(text)
        scores = first_scores(
            stems=stems[allowed],
            pairs=pairs[allowed],
            plain=dense[allowed, 0],
            asked=dense[allowed, 1] / self._lengths[allowed],
        )
        rows = candidates_of(scores)
        places = allowed[rows]
        question = QuestionTokens(states=asked.states, weights=asked.weights)
        return Candidates(
            places=places,
            rows=rows,
            scores=scores,
            nearest=held.tokens.nearest(question, places),
            weights=asked.weights,
        )


def _adapted_lengths(vectors: Floats, adapter: Floats) -> NDArray[np.float64]:
    """Return the length of each adapted passage vector, so that none need be kept.

    With p the passage and q the question, q·(p + pA) is p·(q + Aq).
    """
    found = np.empty(len(vectors))
    for start in range(0, len(vectors), _CHUNK):
        part = vectors[start : start + _CHUNK]
        found[start : start + _CHUNK] = np.linalg.norm(part + part @ adapter, axis=1)
    return np.maximum(found, 1e-9)
