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
    scaled = np.zeros(scores.size)
    best = np.flatnonzero(scores > threshold)  # few: what is zero is not computed with
    scaled[best] = (scores[best] - threshold) / (top - threshold)
    return scaled


def fuse(parts: Sequence[tuple[float, Scores]], *, depth: int = DEPTH) -> Scores:
    """Sum weighted min-max scores to one score in 0-1, rounded to six digits.

    Requires arrays of one length and weights above 0.
    """
    total = sum(weight for weight, _ in parts)
    fused = np.zeros(parts[0][1].size)
    for weight, scores in parts:
        scaled = min_max(scores, depth=depth)
        best = np.flatnonzero(scaled)
        fused[best] += weight * scaled[best]
    found = np.flatnonzero(fused)
    fused[found] = np.round(fused[found] / total, 6)
    return fused


def best(scores: Scores, *, limit: int, ids: Sequence[str] | None = None) -> list[int]:
    """Return the places of the `limit` best scores; equal ones by id, or by place without ids."""
    if limit >= scores.size:
        places = np.arange(scores.size)
    else:
        threshold = np.partition(scores, scores.size - limit)[scores.size - limit]
        above = np.flatnonzero(scores > threshold)
        level = np.flatnonzero(scores == threshold)
        if ids is None:  # of those that tie at the limit the first are enough
            level = level[: limit - above.size]
        places = np.concatenate((above, level))
    if ids is None:
        return [int(place) for place in places[np.lexsort((places, -scores[places]))]]
    return sorted(places.tolist(), key=lambda place: (-scores[place], ids[place]))[:limit]
