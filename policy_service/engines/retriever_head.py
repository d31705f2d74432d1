"""A question as a trained retriever reads it: a vector, token states, and token weights.

The encoder is adapted to questions by low-rank additions (Hu et al., LoRA, arXiv
2106.09685), a linear map takes its token states to the passages' basis, and each token gets
a weight from its state and its rarity, so that words never seen in training have one too.
Passages stay as the plain encoder reads them. Nothing is trained here.
"""

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.engines.encoder import Encoder

if TYPE_CHECKING:
    import torch
    from transformers import BertModel

Floats = NDArray[np.float32]
Parameters = Mapping[str, Floats]
TOKENS = "tokens"
WEIGHT = "weight"
WEIGHT_SCALE = 4.0
BIAS = "bias"
RARITY = "rarity"
ADAPTER = "adapter"
LEXICAL = "lexical"
NAMES = (TOKENS, WEIGHT, BIAS, RARITY, ADAPTER, LEXICAL)
_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "inner": "intermediate.dense",
    "outer": "output.dense",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedQuestion:
    """One question, read."""

    vector: Floats  # L2-normalised
    states: Floats  # tokens × dimensions, each L2-normalised; special tokens left out
    weights: Floats  # positive, sum to 1


class QuestionEncoder:
    """The adapted encoder. Safe to share between threads."""

    def __init__(self, *, encoder: Encoder, parameters: Parameters) -> None:
        import torch

        check(parameters)
        self._encoder = encoder
        model = _merged(encoder.model, parameters)
        self._embeddings = model.embeddings
        self._layers = [_layer_of(layer) for layer in model.encoder.layer]
        self._heads = int(model.config.num_attention_heads)
        self._head = {name: torch.from_numpy(np.array(parameters[name])) for name in NAMES}
        self._local = threading.local()

    def encode(self, text: str, *, rarity: Floats) -> AskedQuestion:
        """Read one question; `rarity` has a row for each token of the vocabulary."""
        import torch

        tokens = self._encoder.tokens_of([text])[0]
        with torch.inference_mode():
            read = read_tokens(
                self._states(torch.tensor(tokens)),
                torch.from_numpy(rarity[np.minimum(tokens, rarity.size - 1)]),
                self._head,
            )
        vector, states, weights = (one.numpy().astype(np.float32, copy=False) for one in read)
        return AskedQuestion(vector=vector, states=states, weights=weights)

    def _states(self, tokens: "torch.Tensor") -> "torch.Tensor":
        """Run the layers over one text: what the model does, without its bookkeeping.

        One text needs no padding and no mask, and a question is short: the library's own
        forward pass spends as much time on its checks as on the numbers.
        """
        from torch.nn import functional

        states: torch.Tensor = self._embeddings(input_ids=tokens.unsqueeze(0))[0]
        count, width = states.shape
        shape = (count, 3, self._heads, width // self._heads)
        for layer in self._layers:
            split = functional.linear(states, layer.weight, layer.bias).view(shape)
            query, key, value = split.permute(1, 2, 0, 3)
            seen = functional.scaled_dot_product_attention(query[None], key[None], value[None])
            attended = seen[0].transpose(0, 1).reshape(count, width)
            states = layer.attended_norm(states + layer.attended(attended))
            states = layer.outer_norm(states + layer.outer(functional.gelu(layer.inner(states))))
        return states


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layer:
    weight: "torch.Tensor"  # query, key and value in one
    bias: "torch.Tensor"
    attended: "torch.nn.Module"
    attended_norm: "torch.nn.Module"
    inner: "torch.nn.Module"
    outer: "torch.nn.Module"
    outer_norm: "torch.nn.Module"


def _layer_of(layer: "torch.nn.Module") -> _Layer:
    import torch

    own = [layer.get_submodule(f"attention.self.{name}") for name in ("query", "key", "value")]
    return _Layer(
        weight=torch.cat([one.get_parameter("weight") for one in own]).detach(),
        bias=torch.cat([one.get_parameter("bias") for one in own]).detach(),
        attended=layer.get_submodule("attention.output.dense"),
        attended_norm=layer.get_submodule("attention.output.LayerNorm"),
        inner=layer.get_submodule("intermediate.dense"),
        outer=layer.get_submodule("output.dense"),
        outer_norm=layer.get_submodule("output.LayerNorm"),
    )


def read_tokens(
    states: "torch.Tensor", rarity: "torch.Tensor", head: "Mapping[str, torch.Tensor]"
) -> "tuple[torch.Tensor, torch.Tensor, torch.Tensor]":
    """Return the vector, token states and weights of one question's raw token states.

    The first and last token are the encoder's own; a question of nothing else keeps them.
    """
    from torch.nn import functional

    vector = functional.normalize(states.mean(dim=0), dim=0)
    inner = slice(1, -1) if len(states) > 2 else slice(None)
    own, rare = states[inner], rarity[inner]
    raised = own @ head[WEIGHT] / WEIGHT_SCALE + head[BIAS] + head[RARITY] * (2.0 * rare - 1.0)
    weights = functional.softplus(raised)
    mapped = functional.normalize(own @ head[TOKENS], dim=1)
    return vector, mapped, weights / weights.sum()


def linears_of(model: "BertModel") -> "Iterator[tuple[str, torch.nn.Module, str]]":
    """Name each linear layer that is adapted, with the module that holds it."""
    for number in range(model.config.num_hidden_layers):
        for part, path in _PARTS.items():
            holder, _, attribute = f"encoder.layer.{number}.{path}".rpartition(".")
            yield f"{number}.{part}", model.get_submodule(holder), attribute


def copy_of(model: "BertModel") -> "BertModel":
    """Copy a model's layers; the word embeddings are shared and stay as they are."""
    shared = {id(one): one for one in model.embeddings.parameters()}
    copied: BertModel = copy.deepcopy(model, shared)
    return copied


def untrained(basis: Floats) -> dict[str, Floats]:
    """Return what training starts from: the plain encoder, rare words weighing more."""
    size = basis.shape[0]
    return {
        TOKENS: basis,
        WEIGHT: np.zeros(size, dtype=np.float32),
        BIAS: np.array(0.5, dtype=np.float32),
        RARITY: np.array(1.0, dtype=np.float32),
        ADAPTER: np.zeros((size, size), dtype=np.float32),
        LEXICAL: np.array((2.25, 1.7), dtype=np.float32),
    }


def check(parameters: Parameters) -> None:
    """Refuse parameters that are not whole: `RetrievalError`."""
    missing = [name for name in NAMES if name not in parameters]
    if missing:
        raise RetrievalError(f"the retriever's weights lack `{missing[0]}`; train it again")


def _merged(model: "BertModel", parameters: Parameters) -> "BertModel":
    import torch

    merged = copy_of(model)
    with torch.no_grad():
        for name, module, attribute in linears_of(merged):
            up, down = f"{name}.up", f"{name}.down"
            if up in parameters and down in parameters:
                added = torch.from_numpy(parameters[up] @ parameters[down])
                getattr(module, attribute).weight.add_(added)
    return merged
