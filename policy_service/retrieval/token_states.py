"""Token states of passages, one byte a dimension, and late interaction with a question's.

Each question token looks for its nearest passage token, and a passage scores the weighted
mean of what they found: Khattab and Zaharia, ColBERT (arXiv 2004.12832). Passage tokens are
the frozen encoder's, so that no training makes an index stale; what is learned is on the
question's side. Only candidates are scored: this is no first stage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError

Floats = NDArray[np.float32]
STATES = "token_states"
ENDS = "token_ends"
SCALE = "token_scale"
BASIS = "token_basis"
COUNTS = "token_documents"
NAMES = (STATES, ENDS, SCALE, BASIS, COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuestionTokens:
    """A question as late interaction sees it; weights are positive and sum to 1."""

    states: Floats  # tokens × dimensions, in the passages' basis
    weights: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenTable:
    """The tokens of all passages, one after another."""

    states: NDArray[np.int8]
    ends: NDArray[np.int64]  # one a passage: where its tokens end
    scale: Floats  # of each dimension
    basis: Floats  # encoder dimensions × dimensions kept
    counts: NDArray[np.int32]  # in how many passages each token of the vocabulary stands

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "TokenTable":
        """Read the named arrays that `build_extras` made."""
        missing = [name for name in NAMES if name not in arrays]
        if missing:
            raise RetrievalError(f"the index has no `{missing[0]}`; build it again")
        return cls(
            states=np.asarray(arrays[STATES]),
            ends=np.asarray(arrays[ENDS]),
            scale=np.asarray(arrays[SCALE]),
            basis=np.asarray(arrays[BASIS]),
            counts=np.asarray(arrays[COUNTS]),
        )

    def rarity(self) -> Floats:
        """Return each token's inverse document frequency, 0-1 or a little above."""
        size = max(self.ends.size, 1)
        rarity = np.log1p((size - self.counts + 0.5) / (self.counts + 0.5)) / _RARITY_SCALE
        return np.asarray(rarity, dtype=np.float32)

    def rows(self, places: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the token rows of these passages one after another, and where each begins."""
        ends = self.ends[places]
        begins = np.where(places > 0, self.ends[np.maximum(places - 1, 0)], 0)
        lengths = ends - begins
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.intp)
        rows = np.arange(int(lengths.sum()), dtype=np.intp)
        rows += np.repeat(begins - starts, lengths)
        return rows, starts

    def nearest(self, question: QuestionTokens, places: NDArray[np.intp]) -> Floats:
        """Return passages × question tokens: the similarity of the nearest passage token.

        Requires at least one place; each passage has at least one token.
        """
        rows, starts = self.rows(places)
        asked = np.ascontiguousarray(question.states * self.scale)
        similar = asked @ self.states[rows].astype(np.float32).T
        found: Floats = np.maximum.reduceat(similar, starts, axis=1).T
        return found


_RARITY_SCALE = 8.0
