"""Trees order rows, are text, and refuse what is not theirs."""

import numpy as np
import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.engines.lightgbm import Forest, ForestSettings, grow_forest

SETTINGS = ForestSettings(trees=12, leaf_rows=5, features=1.0)
GROUPS = [10] * 30


def rows() -> tuple[np.ndarray, np.ndarray]:
    """Make questions whose relevant row is the one with the largest first number."""
    rng = np.random.default_rng(5)
    features = rng.random((300, 3)).astype(np.float32)
    best = features[:, 0].reshape(30, 10).argmax(axis=1)
    relevant = np.zeros((30, 10), dtype=np.bool_)
    relevant[np.arange(30), best] = True
    return features, relevant.ravel()


def test_trees_learn_which_feature_orders() -> None:
    """A row with a large first number is put above one with a small."""
    features, relevant = rows()
    forest = grow_forest(features, relevant, GROUPS, seed=1, settings=SETTINGS)
    low, high = forest.score(np.array([[0.05, 0.5, 0.5], [0.97, 0.5, 0.5]], dtype=np.float32))
    assert high > low
    assert forest.width == 3


def test_the_same_rows_give_the_same_text() -> None:
    """Growing twice gives the same text, byte for byte, and it reads back to the same scores."""
    features, relevant = rows()
    one = grow_forest(features, relevant, GROUPS, seed=1, settings=SETTINGS)
    other = grow_forest(features, relevant, GROUPS, seed=1, settings=SETTINGS)
    assert one.text == other.text
    assert Forest(one.text).score(features).tolist() == one.score(features).tolist()


def test_growing_tells_how_far_it_is() -> None:
    """Each tree is reported, the last one as the whole."""
    features, relevant = rows()
    told: list[tuple[int, int]] = []
    grow_forest(
        features,
        relevant,
        GROUPS,
        seed=1,
        settings=SETTINGS,
        progress=lambda _, done, total: told.append((done, total)),
    )
    assert told[-1] == (12, 12)


@pytest.mark.parametrize("text", ["", "not trees", "tree\nversion=v4\nnum_class=x\n"])
def test_what_is_no_forest_is_refused(text: str) -> None:
    """Text that is not LightGBM's ends in one line that says what to do."""
    with pytest.raises(RetrievalError, match="cannot be read; train it again"):
        Forest(text)
