"""A small torch head over field embeddings: trained by choices, read back as plain arrays.

One hidden layer over the concatenated embeddings of role, asset with category, purpose and
control. Loss: cross-entropy of the chosen control among its alternatives; with a single
alternative that is the Bradley-Terry model (Bradley and Terry 1952). Scoring needs no torch.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RefinementError
from policy_service.domain.progress import Progress, silent

if TYPE_CHECKING:
    import torch

FIELDS = 4  # role, asset with category, purpose, control
BOUND = 3.0  # no reward is larger: two controls differ by a factor of exp(2 * 3 / β) at most
_NAMES = ("hidden.weight", "hidden.bias", "output.weight")
_STAGE = "train"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSettings:
    """How the head is trained: full-batch Adam, no dropout, one thread."""

    hidden: int = 64
    steps: int = 200
    learning_rate: float = 0.005
    weight_decay: float = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One lesson: rows of the field matrices for the point, and for its controls, chosen first."""

    point: tuple[int, int, int]
    controls: tuple[int, ...]
    weight: float


class RewardHead:
    """The trained head. Immutable; scores in 64-bit floats."""

    def __init__(self, parameters: Mapping[str, NDArray[np.float32]]) -> None:
        hidden, bias, output = (np.asarray(parameters[name], dtype=np.float64) for name in _NAMES)
        self._parameters = {name: np.asarray(parameters[name]) for name in _NAMES}
        self._fields = np.split(hidden, FIELDS, axis=1)
        self._bias = bias
        self._output = output

    @property
    def dimensions(self) -> int:
        """Return how long the embedding of one field is."""
        return int(self._fields[0].shape[1])

    def project(self, field: int, vectors: NDArray[np.float32]) -> Floats:
        """Take one field's embeddings to the hidden layer, before its activation."""
        projected: Floats = vectors.astype(np.float64) @ self._fields[field].T
        return projected

    def score(self, projected: Floats) -> Floats:
        """Score rows that sum the projections of all fields."""
        scores: Floats = (np.tanh(projected + self._bias) * self._output).sum(axis=1)
        return scores

    def to_bytes(self) -> bytes:
        """Serialise to safetensors; the same weights always give the same bytes."""
        from safetensors.numpy import save

        return save({name: np.ascontiguousarray(self._parameters[name]) for name in _NAMES})

    @classmethod
    def from_bytes(cls, data: bytes) -> "RewardHead":
        """Read what `to_bytes` wrote. Raises `RefinementError` for anything else."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            parameters = load(data)
            if any(not np.isfinite(parameters[name]).all() for name in _NAMES):
                raise ValueError("not finite")
            return cls(parameters)
        except (SafetensorError, KeyError, ValueError, IndexError) as error:
            raise RefinementError(
                "the reward model's weights cannot be read; register the model again"
            ) from error


def bounded(scores: Floats) -> Floats:
    """Centre one point's scores over its controls and bound them to ±`BOUND`."""
    rewards: Floats = BOUND * np.tanh((scores - scores.mean()) / BOUND)
    return rewards


def train_head(
    vectors: Sequence[NDArray[np.float32]],
    choices: Sequence[Choice],
    *,
    seed: int,
    settings: HeadSettings | None = None,
    progress: Progress = silent,
) -> RewardHead:
    """Train a head on `choices`; the same input and seed give the same weights, bit for bit.

    Requires one matrix a field and two controls or more a choice. Raises
    `RefinementError` where training does not stay finite.
    """
    import torch

    chosen = settings or HeadSettings()
    with _deterministic():
        batch = _Batch(choices, vectors)
        parameters = _initial(batch.dimensions, chosen.hidden, seed)
        optimiser = torch.optim.AdamW(
            parameters, lr=chosen.learning_rate, weight_decay=chosen.weight_decay
        )
        for step in range(chosen.steps):
            optimiser.zero_grad()
            loss = batch.loss(parameters)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
            optimiser.step()
            progress(_STAGE, step + 1, chosen.steps)
        arrays = [parameter.detach().numpy().copy() for parameter in parameters]
    if any(not np.isfinite(array).all() for array in arrays):
        raise RefinementError("training did not stay finite; nothing was kept")
    return RewardHead(dict(zip(_NAMES, arrays, strict=True)))


class _Batch:
    """All choices as tensors: projections are computed once a text and gathered."""

    def __init__(self, choices: Sequence[Choice], vectors: Sequence[NDArray[np.float32]]) -> None:
        import torch

        width = max(len(choice.controls) for choice in choices)
        padded = [
            choice.controls + (choice.controls[0],) * (width - len(choice.controls))
            for choice in choices
        ]
        counts = torch.tensor([len(choice.controls) for choice in choices])
        self._vectors = [torch.tensor(np.asarray(matrix)) for matrix in vectors]
        self._points = torch.tensor([choice.point for choice in choices])
        self._controls = torch.tensor(padded)
        self._real = torch.arange(width).unsqueeze(0) < counts.unsqueeze(1)
        self._weights = torch.tensor([choice.weight for choice in choices])
        self.dimensions = int(vectors[0].shape[1])

    def loss(self, parameters: "Sequence[torch.Tensor]") -> "torch.Tensor":
        """Return the weighted mean cross-entropy of the chosen controls."""
        import torch

        hidden, bias, output = parameters
        fields = torch.split(hidden, self.dimensions, dim=1)
        projected = [matrix @ field.T for matrix, field in zip(self._vectors, fields, strict=True)]
        point = sum(
            (projected[field][self._points[:, field]] for field in range(FIELDS - 1)),
            start=bias.unsqueeze(0),
        )
        states = torch.tanh(point.unsqueeze(1) + projected[FIELDS - 1][self._controls])
        scores = (states * output).sum(dim=2)
        mean = (scores * self._real).sum(dim=1) / self._real.sum(dim=1)
        rewards = BOUND * torch.tanh((scores - mean.unsqueeze(1)) / BOUND)
        logits = rewards.masked_fill(~self._real, float("-inf"))
        losses = torch.logsumexp(logits, dim=1) - logits[:, 0]
        return (losses * self._weights).sum() / self._weights.sum()


def _initial(dimensions: int, hidden: int, seed: int) -> "list[torch.Tensor]":
    import torch

    generator = torch.Generator().manual_seed(seed)
    scale = 1.0 / float(np.sqrt(FIELDS))
    return [
        (torch.randn((hidden, FIELDS * dimensions), generator=generator) * scale).requires_grad_(),
        torch.zeros(hidden).requires_grad_(),
        torch.zeros(hidden).requires_grad_(),  # an untrained head rewards nothing
    ]


@contextmanager
def _deterministic() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)  # a fixed order of additions
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)
