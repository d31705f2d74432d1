"""What a question finds before anything is re-ranked: scores of all, and a hundred candidates.

Candidates are the best of each score and of their fusion, so that a passage which any one
of them likes gets a hearing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_service.retrieval import fusion

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
OF_STEMS = 50
OF_PAIRS = 40
OF_VECTORS = 50
OF_FUSED = 50
LATE_WEIGHT = 30.0
STEMS_WEIGHT = 2.0
PAIRS_WEIGHT = 1.7
VECTOR_WEIGHT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FirstScores:
    """Scores of the allowed passages, in their order."""

    stems: Floats
    pairs: Floats
    plain: Floats  # the encoder as it is
    asked: Floats  # the encoder trained on questions, over adapted passages
    scaled_stems: Floats
    scaled_pairs: Floats
    scaled_asked: Floats
    fused: Floats


def first_scores(*, stems: Floats, pairs: Floats, plain: Floats, asked: Floats) -> FirstScores:
    """Scale and fuse the scores of the allowed passages."""
    scaled = [fusion.min_max(one) for one in (stems, pairs, asked, plain)]
    fused = 0.6 * scaled[0] + 0.3 * scaled[1] + 0.4 * scaled[2]
    return FirstScores(
        stems=stems,
        pairs=pairs,
        plain=plain,
        asked=asked,
        scaled_stems=scaled[0],
        scaled_pairs=scaled[1],
        scaled_asked=scaled[2],
        fused=fused,
    )


def candidates_of(scores: FirstScores) -> Places:
    """Return the rows worth a second look, ascending."""
    wanted: Sequence[tuple[Floats, int]] = (
        (scores.stems, OF_STEMS),
        (scores.pairs, OF_PAIRS),
        (scores.plain, OF_VECTORS),
        (scores.asked, OF_VECTORS),
        (scores.fused, OF_FUSED),
    )
    return np.unique(np.concatenate([_top(one, count) for one, count in wanted]))


def second_scores(scores: FirstScores, rows: Places, late: Floats) -> Floats:
    """Fuse the candidates' late interaction with their first scores."""
    fused: Floats = (
        LATE_WEIGHT * late
        + STEMS_WEIGHT * scores.scaled_stems[rows]
        + PAIRS_WEIGHT * scores.scaled_pairs[rows]
        + VECTOR_WEIGHT * scores.scaled_asked[rows]
    ) / 10.0
    return fused


def _top(scores: Floats, count: int) -> Places:
    if count >= scores.size:
        return np.arange(scores.size, dtype=np.intp)
    return np.asarray(np.argpartition(-scores, count)[:count], dtype=np.intp)
