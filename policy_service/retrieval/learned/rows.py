"""What the trees are grown on, and how: the marked questions and their candidates.

One row a candidate, question by question. Each question's rows come from a question side
that did not learn from it. A question that several passages answer counts double: such
questions are few, and without it the trees learn to put one passage first and stop.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.progress import Progress, silent
from policy_service.engines.lightgbm import Forest, ForestSettings, grow_forest

_LEAVES_OF_ALL = 1500  # few rows are cut into that many leaves at most
_LEAF_ROWS_AT_LEAST = 20
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingQuestions:
    """The usable examples, read once; `folds` tells which part each belongs to."""

    texts: tuple[str, ...]
    vectors: NDArray[np.float32]
    relevant: tuple[Places, ...]
    folds: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingRows:
    """The candidates' features; a group is the rows of one question."""

    names: tuple[str, ...]
    features: NDArray[np.float32]
    relevant: NDArray[np.bool_]
    groups: tuple[int, ...]  # rows of each group
    asked: Places  # the question of each group
    places: Places  # of each row's passage
    questions: TrainingQuestions


def grow_trees(
    rows: TrainingRows,
    *,
    seed: int,
    settings: ForestSettings | None = None,
    progress: Progress = silent,
) -> Forest:
    """Grow the trees; the same rows and seed give the same trees on one machine."""
    used, picked = _picked(rows)
    return grow_forest(
        rows.features[picked],
        rows.relevant[picked],
        [rows.groups[one] for one in used],
        seed=seed,
        settings=settings or forest_settings(len(rows.features)),
        progress=progress,
    )


def forest_settings(rows: int) -> ForestSettings:
    """Choose smaller trees for few rows."""
    standard = ForestSettings()
    least = max(_LEAF_ROWS_AT_LEAST, min(standard.leaf_rows, rows // _LEAVES_OF_ALL))
    return replace(standard, leaf_rows=least)


def _picked(rows: TrainingRows) -> tuple[list[int], Places]:
    """Return the groups to grow on, those of several answers twice, and their rows."""
    answers = [len(rows.questions.relevant[at]) for at in rows.asked.tolist()]
    used = [*range(len(answers)), *(at for at, count in enumerate(answers) if count > 1)]
    ends = np.cumsum(rows.groups)
    spans = [np.arange(ends[one] - rows.groups[one], ends[one], dtype=np.intp) for one in used]
    return used, np.concatenate(spans)
