"""Gradient-boosted trees that order candidates: LambdaRank of LightGBM, as text.

Source: Burges, From RankNet to LambdaRank to LambdaMART (MSR-TR-2010-82); lightgbm 4.
Trees see numbers only. They are kept as LightGBM's own text, which is data and not code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress, silent

if TYPE_CHECKING:
    import lightgbm

STAGE = "ranker"
_HEADER = "tree\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSettings:
    """How the trees are grown."""

    trees: int = 400
    learning_rate: float = 0.03
    leaves: int = 7
    leaf_rows: int = 100
    features: float = 0.3
    rows: float = 0.8
    l2: float = 20.0
    truncation: int = 20


class Forest:
    """Grown trees. Safe to share between threads."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._booster = _load(text)

    @property
    def width(self) -> int:
        """Return how many features a row has."""
        return int(self._booster.num_feature())

    def score(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Score each row; higher is better, and only within one question."""
        found = self._booster.predict(rows, num_threads=1)
        return np.asarray(found, dtype=np.float64)


def grow_forest(
    rows: NDArray[np.float32],
    relevant: NDArray[np.bool_],
    groups: Sequence[int],
    *,
    seed: int,
    settings: ForestSettings | None = None,
    progress: Progress = silent,
) -> Forest:
    """Grow trees on rows that come question by question, `groups` of them each.

    The same input and seed give the same text on one machine.
    """
    import lightgbm

    chosen = settings or ForestSettings()
    data = lightgbm.Dataset(rows, relevant.astype(np.int32), group=list(groups))

    def report(environment: Any) -> None:  # noqa: ANN401  # LightGBM's own named tuple
        progress(STAGE, environment.iteration + 1, chosen.trees)

    booster = lightgbm.train(
        _parameters(chosen, seed), data, num_boost_round=chosen.trees, callbacks=[report]
    )
    return Forest(booster.model_to_string())


def _parameters(settings: ForestSettings, seed: int) -> dict[str, object]:
    return {
        "objective": "lambdarank",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": settings.leaf_rows,
        "feature_fraction": settings.features,
        "bagging_fraction": settings.rows,
        "bagging_freq": 1,
        "lambda_l2": settings.l2,
        "lambdarank_truncation_level": settings.truncation,
        "label_gain": [0, 1],
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _load(text: str) -> "lightgbm.Booster":
    import lightgbm

    if not text.startswith(_HEADER):
        raise RetrievalError("the ranker's trees cannot be read; train it again")
    try:
        return lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise RetrievalError("the ranker's trees cannot be read; train it again") from error
