"""The head: its loss and scores against the formulas, its bytes, its determinism."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from policy_service.domain.errors import RefinementError
from policy_service.engines.reward_head import (
    BOUND,
    Choice,
    HeadSettings,
    RewardHead,
    _Batch,
    bounded,
    train_head,
)
from tests.oracles import preference_loss

GENERATOR = np.random.default_rng(3)
VECTORS = [GENERATOR.normal(size=(4, 8)).astype(np.float32) for _ in range(4)]
CHOICES = [
    Choice(point=(0, 1, 2), controls=(3, 0, 1), weight=1.0),
    Choice(point=(1, 1, 0), controls=(0, 2), weight=0.3),
    Choice(point=(2, 3, 3), controls=(1, 0, 2, 3), weight=0.5),
]
PARAMETERS = {
    "hidden.weight": GENERATOR.normal(size=(5, 32)).astype(np.float32),
    "hidden.bias": GENERATOR.normal(size=5).astype(np.float32),
    "output.weight": GENERATOR.normal(size=5).astype(np.float32),
}
QUICK = HeadSettings(steps=20, hidden=8)


def _score(point, control):
    vectors = [*(VECTORS[field][row] for field, row in enumerate(point)), VECTORS[3][control]]
    return preference_loss.head(
        vectors, *(PARAMETERS[name] for name in ("hidden.weight", "hidden.bias", "output.weight"))
    )


def test_scores_are_those_of_the_formula():
    """Summed projections give what the concatenated embeddings give."""
    head = RewardHead(PARAMETERS)
    parts = [head.project(field, VECTORS[field]) for field in range(4)]
    for choice in CHOICES:
        point = sum(parts[field][row] for field, row in enumerate(choice.point))
        found = head.score(np.stack([point + parts[3][one] for one in choice.controls]))
        expected = [_score(choice.point, one) for one in choice.controls]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert head.dimensions == 8


def test_the_loss_is_the_weighted_cross_entropy():
    """Training minimises the naive loss over bounded rewards; pairs are Bradley-Terry."""
    tensors = [torch.tensor(PARAMETERS[name]) for name in PARAMETERS]
    found = float(_Batch(CHOICES, VECTORS).loss(tensors))
    total = 0.0
    for choice in CHOICES:
        scores = [_score(choice.point, one) for one in choice.controls]
        rewards = preference_loss.bounded(scores, bound=BOUND)
        loss = preference_loss.cross_entropy(rewards)
        if len(rewards) == 2:
            assert loss == pytest.approx(preference_loss.bradley_terry(*rewards))
        total += choice.weight * loss
    assert found == pytest.approx(total / sum(one.weight for one in CHOICES), abs=1e-5)


def test_training_lowers_the_loss_and_reports_progress():
    """The chosen controls come first after training; each step is reported."""
    steps = []
    head = train_head(
        VECTORS,
        CHOICES,
        seed=1,
        settings=HeadSettings(hidden=8),
        progress=lambda *step: steps.append(step),
    )
    parts = [head.project(field, VECTORS[field]) for field in range(4)]
    for choice in CHOICES:
        point = sum(parts[field][row] for field, row in enumerate(choice.point))
        found = head.score(np.stack([point + parts[3][one] for one in choice.controls]))
        assert int(found.argmax()) == 0
    assert steps[-1] == ("train", 200, 200)


def test_the_same_seed_gives_the_same_bytes_whatever_torch_was_set_to():
    """Weights depend on input and seed only, and torch's settings are left as they were."""
    torch.manual_seed(1)
    one = train_head(VECTORS, CHOICES, seed=5, settings=QUICK).to_bytes()
    torch.manual_seed(2)
    threads = torch.get_num_threads()
    other = train_head(VECTORS, CHOICES, seed=5, settings=QUICK).to_bytes()
    assert one == other
    assert one != train_head(VECTORS, CHOICES, seed=6, settings=QUICK).to_bytes()
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_bytes_read_back_are_the_same_head():
    """Writing and reading keeps every weight."""
    data = RewardHead(PARAMETERS).to_bytes()
    assert RewardHead.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize("data", [b"", b"no safetensors", RewardHead(PARAMETERS).to_bytes()[:-9]])
def test_damaged_bytes_are_refused(data):
    """Bytes that are no whole head raise and say what to do."""
    with pytest.raises(RefinementError, match="register the model again"):
        RewardHead.from_bytes(data)


def test_weights_that_are_not_finite_are_refused():
    """A head with a NaN is not read, and training that diverges keeps nothing."""
    broken = PARAMETERS | {"hidden.bias": np.full(5, np.nan, dtype=np.float32)}
    with pytest.raises(RefinementError, match="cannot be read"):
        RewardHead.from_bytes(RewardHead(broken).to_bytes())
    wild = [np.full_like(matrix, np.nan) for matrix in VECTORS]
    with pytest.raises(RefinementError, match="did not stay finite"):
        train_head(wild, CHOICES, seed=1, settings=QUICK)


def test_rewards_are_centred_and_bounded():
    """Rewards are the bounded distance from the mean, never beyond the bound."""
    scores = np.array([100.0, 0.0, -50.0])
    np.testing.assert_allclose(
        bounded(scores), preference_loss.bounded(scores.tolist(), bound=BOUND)
    )
    assert np.abs(bounded(scores)).max() <= BOUND


def test_the_module_imports_without_torch():
    """Scoring needs numpy only: importing the module loads no torch."""
    code = "import sys, policy_service.engines.reward_head; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
