"""Trains the question side of retrieval: low-rank adapters, token map, token weights.

Two losses on the same pass: the question's vector against the adapted vectors of all
candidates of the batch, and late interaction plus lexical scores against the question's own
candidates, so that late interaction learns what words alone do not tell. Both are listwise
cross-entropies with the other relevant passages left out. Sources: Khattab and Zaharia
(arXiv 2004.12832); Hu et al. (arXiv 2106.09685).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress, silent
from policy_service.engines import retriever_head as head
from policy_service.engines.encoder import Encoder

if TYPE_CHECKING:
    import torch
    from transformers import BertModel

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
STAGE = "question encoder"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How the question side is trained."""

    epochs: int = 2
    steps_at_least: int = 91  # few questions are gone over more often
    epochs_at_most: int = 8
    batch: int = 32
    rank: int = 16
    negatives: int = 32
    learning_rate: float = 1.5e-3
    head_learning_rate: float = 1e-3
    warm_up: float = 0.1
    vector_scale: float = 20.0
    late_scale: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """One question with its candidates; the relevant ones need not be among them."""

    text: str
    relevant: Places
    candidates: Places  # none of them relevant
    relevant_lexical: Floats  # relevant × 2: scaled stem and pair scores
    candidate_lexical: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PassageArrays:
    """The passages as the plain encoder read them."""

    vectors: Floats
    states: NDArray[np.int8]
    ends: NDArray[np.int64]
    scale: Floats
    basis: Floats
    rarity: Floats


def train_question_side(
    lessons: Sequence[Lesson],
    passages: PassageArrays,
    *,
    encoder: Encoder,
    seed: int,
    settings: TrainingSettings | None = None,
    progress: Progress = silent,
) -> dict[str, Floats]:
    """Train on `lessons`; the same input and seed give the same parameters on one machine.

    Raises `RetrievalError` where training does not stay finite.
    """
    chosen = settings or TrainingSettings()
    with _deterministic(seed):
        trainer = _Trainer(passages, encoder=encoder, settings=chosen, seed=seed)
        trainer.train(lessons, progress)
        found = trainer.parameters()
    if any(not np.isfinite(one).all() for one in found.values()):
        raise RetrievalError("training did not stay finite; nothing was kept")
    return found


class _Trainer:
    def __init__(
        self, passages: PassageArrays, *, encoder: Encoder, settings: TrainingSettings, seed: int
    ) -> None:
        import torch

        self._passages = passages
        self._scale = torch.from_numpy(np.array(passages.scale))  # a copy: maps are read-only
        self._encoder = encoder
        self._settings = settings
        self._random = np.random.default_rng(seed)
        self._model = head.copy_of(encoder.model)
        self._adapters = _adapt(self._model, settings.rank)
        self._head = _first_head(passages)

    def train(self, lessons: Sequence[Lesson], progress: Progress) -> None:
        import torch

        chosen = self._settings
        a_round = math.ceil(len(lessons) / chosen.batch)
        wanted = math.ceil(chosen.steps_at_least / a_round)
        rounds = min(max(chosen.epochs, wanted), chosen.epochs_at_most)
        optimiser = torch.optim.AdamW(self._groups(), weight_decay=0.0)
        rates = [float(group["lr"]) for group in optimiser.param_groups]
        total, step = rounds * a_round, 0
        self._model.train(True)
        for _ in range(rounds):
            order = self._random.permutation(len(lessons))
            for start in range(0, len(order), chosen.batch):
                step += 1
                for group, rate in zip(optimiser.param_groups, rates, strict=True):
                    group["lr"] = rate * _share(step, total, chosen.warm_up)
                optimiser.zero_grad()
                batch = [lessons[place] for place in order[start : start + chosen.batch]]
                self._loss(batch).backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
                torch.nn.utils.clip_grad_norm_(self._adapters.values(), 1.0)
                optimiser.step()
                progress(STAGE, step, total)

    def parameters(self) -> dict[str, Floats]:
        """Return what was learned, rounded to what is stored."""
        found = {**self._adapters, **self._head}
        return {
            name: one.detach().numpy().astype(np.float16).astype(np.float32)
            for name, one in sorted(found.items())
        }

    def _groups(self) -> list[dict[str, object]]:
        chosen, parts = self._settings, self._head
        rate = chosen.head_learning_rate
        scalars = [parts[name] for name in (head.WEIGHT, head.BIAS, head.RARITY)]
        return [
            {"params": list(self._adapters.values()), "lr": chosen.learning_rate},
            {"params": [parts[head.ADAPTER]], "lr": rate},
            {"params": [parts[head.TOKENS]], "lr": rate / 2},
            {"params": scalars, "lr": rate * 3},
            {"params": [parts[head.LEXICAL]], "lr": rate * 10},
        ]

    def _loss(self, batch: Sequence[Lesson]) -> "torch.Tensor":
        import torch
        from torch.nn import functional

        states = self._read([lesson.text for lesson in batch])
        shown = np.unique(
            np.concatenate([np.append(one.relevant, one.candidates) for one in batch])
        )
        plain = torch.from_numpy(self._passages.vectors[shown])
        adapted = functional.normalize(plain + plain @ self._head[head.ADAPTER], dim=1)
        losses = []
        for lesson, (own, rarity) in zip(batch, states, strict=True):
            vector, tokens, weights = head.read_tokens(own, rarity, self._head)
            scores = self._settings.vector_scale * (adapted @ vector)
            relevant = np.isin(shown, lesson.relevant)
            losses.append(_listwise(scores[relevant], scores[~relevant]))
            losses.append(self._late_loss(lesson, tokens, weights))
        return torch.stack(losses).sum() / len(batch)

    def _late_loss(
        self, lesson: Lesson, tokens: "torch.Tensor", weights: "torch.Tensor"
    ) -> "torch.Tensor":
        import torch

        count = min(self._settings.negatives, lesson.candidates.size)
        drawn = self._random.choice(lesson.candidates.size, count, replace=False)
        places = np.append(lesson.relevant, lesson.candidates[drawn])
        words = np.concatenate((lesson.relevant_lexical, lesson.candidate_lexical[drawn]))
        rows, lengths = _rows(self._passages.ends, places)
        found = torch.from_numpy(self._passages.states[rows].astype(np.float32))
        similar = found @ (tokens * self._scale).T
        nearest = torch.segment_reduce(
            similar, "max", lengths=torch.from_numpy(lengths), axis=0, unsafe=True
        )
        late = self._settings.late_scale * (nearest @ weights)
        scores = late + torch.from_numpy(words) @ self._head[head.LEXICAL]
        split = lesson.relevant.size
        return _listwise(scores[:split], scores[split:])

    def _read(self, texts: Sequence[str]) -> "list[tuple[torch.Tensor, torch.Tensor]]":
        import torch

        tokens = self._encoder.tokens_of(texts)
        width = max(len(one) for one in tokens)
        numbers = torch.zeros((len(tokens), width), dtype=torch.long)
        mask = torch.zeros((len(tokens), width), dtype=torch.long)
        for row, one in enumerate(tokens):
            numbers[row, : len(one)] = torch.tensor(one)
            mask[row, : len(one)] = 1
        states = self._model(input_ids=numbers, attention_mask=mask).last_hidden_state
        rarity = torch.from_numpy(self._passages.rarity)
        last = len(rarity) - 1
        return [
            (states[row, : len(one)], rarity[torch.tensor(one).clamp(max=last)])
            for row, one in enumerate(tokens)
        ]


def _adapt(model: "BertModel", rank: int) -> "dict[str, torch.Tensor]":
    """Put a low-rank addition beside each linear layer; return the additions' parameters."""
    import torch

    class Adapted(torch.nn.Module):
        def __init__(self, plain: torch.nn.Linear) -> None:
            super().__init__()
            self.plain = plain
            down = torch.randn(rank, plain.in_features) / plain.in_features**0.5
            self.down = torch.nn.Parameter(down)
            self.up = torch.nn.Parameter(torch.zeros(plain.out_features, rank))

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            added: torch.Tensor = self.plain(states) + (states @ self.down.T) @ self.up.T
            return added

    found: dict[str, torch.Tensor] = {}
    for one in model.parameters():
        one.requires_grad_(False)
    for name, module, attribute in list(head.linears_of(model)):
        adapted = Adapted(getattr(module, attribute))
        setattr(module, attribute, adapted)
        found[f"{name}.down"], found[f"{name}.up"] = adapted.down, adapted.up
    return found


def _first_head(passages: PassageArrays) -> "dict[str, torch.Tensor]":
    import torch

    first = head.untrained(passages.basis)
    return {name: torch.from_numpy(np.array(one)).requires_grad_() for name, one in first.items()}


def _listwise(relevant: "torch.Tensor", others: "torch.Tensor") -> "torch.Tensor":
    """Average over the relevant: how unlikely each is among the others."""
    import torch

    if not others.numel():
        return relevant.sum() * 0.0
    against = torch.logsumexp(others, dim=0).expand_as(relevant)
    return (torch.logaddexp(relevant, against) - relevant).mean()


def _share(step: int, total: int, warm_up: float) -> float:
    warm = warm_up * total
    return step / warm if step < warm else max(0.02, 1.0 - step / total)


def _rows(ends: NDArray[np.int64], places: Places) -> tuple[Places, NDArray[np.int64]]:
    begins = np.where(places > 0, ends[np.maximum(places - 1, 0)], 0)
    lengths = ends[places] - begins
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    rows = np.arange(int(lengths.sum()), dtype=np.intp) + np.repeat(begins - starts, lengths)
    return rows, lengths


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)  # a fixed order of additions
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)
