"""The ranker that needs no training: stem, stem-pair and dense scores, fused."""

import numpy as np
from numpy.typing import NDArray

from policy_service.engines.search import Places
from policy_service.retrieval import fusion
from policy_service.retrieval.lexical import LexicalIndex


class FusedRanker:
    """Ranks documents by fused stem, stem-pair and dense scores; ties in their order."""

    def __init__(self, *, vectors: NDArray[np.float32], lexical: LexicalIndex) -> None:
        self._vectors = np.asarray(vectors)  # a plain view: indexing a memory map costs more
        self._lexical = lexical

    def rank(
        self, text: str, embedding: NDArray[np.float32], *, allowed: Places, limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places."""
        places = np.asarray(allowed, dtype=np.intp)
        stems, pairs = self._lexical.scores(text)
        dense = (self._vectors @ embedding).astype(np.float64)
        if places.size < len(self._vectors):
            stems, pairs, dense = stems[places], pairs[places], dense[places]
        fused = fusion.fuse(
            (
                (fusion.LEXICAL_WEIGHT, stems),
                (fusion.DENSE_WEIGHT, dense),
                (fusion.BIGRAM_WEIGHT, pairs),
            )
        )
        best = fusion.best(fused, limit=limit)
        return [(int(places[place]), float(fused[place])) for place in best]
