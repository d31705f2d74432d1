"""Several scores of the same documents made one: a weighted sum after min-max scaling.

Source: Lee, Analyses of Multiple Evidence Combination (SIGIR 1997); the weights are
those that `benchmarks.retrieval` measured. Fused scores compare documents of one
question only, never two questions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
LEXICAL_WEIGHT = 0.6
DENSE_WEIGHT = 0.4
BIGRAM_WEIGHT = 0.3
DEPTH = 200  # how many documents of each score take part


def min_max(scores: Scores, *, depth: int = DEPTH) -> Scores:
    """Scale the best `depth` scores to 0-1; everything below them is 0.

    Where the best are all equal they become 1, or 0 where nothing matched at all.
    """
    if not scores.size:
        return np.zeros(0)
    keep = min(depth, scores.size)
    threshold = np.partition(scores, scores.size - keep)[scores.size - keep]
    top = scores.max()
    if top <= threshold:
        return np.asarray((scores >= top) & (top > 0.0), dtype=np.float64)
    scaled: Scores = np.clip((scores - threshold) / (top - threshold), 0.0, 1.0)
    return scaled


def fuse(parts: Sequence[tuple[float, Scores]], *, depth: int = DEPTH) -> Scores:
    """Sum weighted min-max scores to one score in 0-1, rounded to six digits.

    Requires arrays of one length and weights above 0.
    """
    total = sum(weight for weight, _ in parts)
    fused = sum(weight * min_max(scores, depth=depth) for weight, scores in parts)
    rounded: Scores = np.round(np.asarray(fused) / total, 6)
    return rounded


def best(scores: Scores, *, ids: Sequence[str], limit: int) -> list[int]:
    """Return the places of the `limit` best scores; equal ones in the order of their ids."""
    places = list(range(scores.size))
    if limit < scores.size:
        threshold = np.partition(scores, scores.size - limit)[scores.size - limit]
        places = np.flatnonzero(scores >= threshold).tolist()
    return sorted(places, key=lambda place: (-scores[place], ids[place]))[:limit]
