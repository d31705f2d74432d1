"""The named arrays that late interaction needs beside an index: the passages' token states.

They fall out of the pass that embeds the passages: `TokenGatherer` stands in for the
encoder while an index is built and keeps what passes by. States are taken to the main
directions of the corpus (its principal components) and stored in one byte a dimension.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress, silent
from policy_service.kit.hashing import sha256_hex
from policy_service.retrieval.token_states import BASIS, COUNTS, ENDS, SCALE, STATES

DIMENSIONS = 128
SAMPLE = 256  # texts that the directions are found in, spread over the corpus
VOCABULARY = 30_522
STAGE = "token states"
_CHUNK = 64
_LEVELS = 127
_MARGIN = 1.1  # of the scale, above the largest state of the sample
Floats = NDArray[np.float32]


class Tokens(Protocol):
    """What an encoder says of the tokens of some texts."""

    @property
    def vectors(self) -> Floats:
        """Return one row a text."""
        ...

    @property
    def states(self) -> Floats:
        """Return one row a token."""
        ...

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Return the tokens' numbers."""
        ...

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return how many tokens each text has."""
        ...


class TokenEncoder(Protocol):
    """Embeds texts and shows their tokens; `engines.encoder.Encoder` does."""

    @property
    def sha256(self) -> str:
        """Return the hash of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one normalised row a text."""
        ...

    def encode_tokens(self, texts: Sequence[str]) -> Tokens:
        """Return the same rows with the states of the tokens."""
        ...

    def tokens_of(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the numbers of each text's tokens."""
        ...


class TokenGatherer:
    """An encoder that keeps the token states of every text it is given."""

    def __init__(self, *, encoder: TokenEncoder, basis: Floats, scale: Floats) -> None:
        self._encoder = encoder
        self._basis = basis
        self._scale = scale
        self._kept: dict[str, NDArray[np.int8]] = {}
        self._tokens: dict[str, NDArray[np.int32]] = {}  # the different ones of each text
        self._read: dict[str, Floats] = {}  # vectors of the sample, which is read only once

    @classmethod
    def over(cls, texts: Sequence[str], *, encoder: TokenEncoder) -> "TokenGatherer":
        """Find the main directions in a sample of `texts`, of which there must be some."""
        if not texts:
            raise RetrievalError("there is no passage to read; check the corpus folder")
        step = max(len(texts) // SAMPLE, 1)
        sample = list(dict.fromkeys(list(texts)[::step][:SAMPLE]))
        read = encoder.encode_tokens(sample)
        states = _unit(read.states)
        _, directions = np.linalg.eigh((states.T @ states).astype(np.float64))
        basis = np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS])
        signs = np.where(basis[np.abs(basis).argmax(axis=0), range(basis.shape[1])] < 0, -1.0, 1.0)
        kept = (basis * signs).astype(np.float32)
        largest = np.abs(states @ kept).max(axis=0) * _MARGIN / _LEVELS
        made = cls(encoder=encoder, basis=kept, scale=np.maximum(largest, 1e-6))
        made._keep(sample, read)
        made._read.update(zip(sample, read.vectors, strict=True))
        return made

    @property
    def sha256(self) -> str:
        """Return the hash of the encoder's weights."""
        return self._encoder.sha256

    @property
    def name(self) -> str:
        """Name what the arrays are made with."""
        return sha256_hex(self._basis.tobytes() + self._scale.tobytes())

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return what the encoder returns, and keep the token states."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._read]
        rows = dict(self._read)
        if missing:
            found = self._encoder.encode_tokens(missing)
            self._keep(missing, found)
            rows.update(zip(missing, found.vectors, strict=True))
        return np.stack([rows[text] for text in texts])

    def _keep(self, texts: Sequence[str], found: Tokens) -> None:
        ends = np.cumsum(found.lengths)
        levels = np.rint((_unit(found.states) @ self._basis) / self._scale)
        states = np.clip(levels, -_LEVELS, _LEVELS).astype(np.int8)
        for text, end, length in zip(texts, ends.tolist(), found.lengths.tolist(), strict=True):
            begin = end - length
            self._kept[text] = states[begin:end]
            self._tokens[text] = np.unique(found.tokens[begin:end])

    def adopt(
        self, texts: Sequence[str], rows: Sequence[int], arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Take over the states of `texts`, which stand at `rows` of arrays made before.

        Requires arrays that bear this gatherer's name.
        """
        states, ends = arrays[STATES], arrays[ENDS]
        pairs = zip(texts, rows, strict=True)
        new = [(text, row) for text, row in pairs if text not in self._kept]
        read = self._encoder.tokens_of([text for text, _ in new])
        for (text, row), tokens in zip(new, read, strict=True):
            begin = int(ends[row - 1]) if row else 0
            self._kept[text] = np.array(states[begin : int(ends[row])])
            self._tokens[text] = np.unique(np.array(tokens, dtype=np.int32))

    def arrays(
        self, texts: Sequence[str], *, progress: Progress = silent
    ) -> Mapping[str, NDArray[Any]]:
        """Return the named arrays of `texts`; those not seen yet are encoded now."""
        missing = sorted({text for text in texts if text not in self._kept}, key=_length)
        for start in range(0, len(missing), _CHUNK):
            self.encode(missing[start : start + _CHUNK])
            progress(STAGE, min(start + _CHUNK, len(missing)), len(missing))
        counts = np.zeros(VOCABULARY, dtype=np.int32)
        for text in texts:
            counts[self._tokens[text]] += 1
        blocks = [self._kept[text] for text in texts]
        return {
            STATES: np.concatenate(blocks),
            ENDS: np.cumsum([len(block) for block in blocks], dtype=np.int64),
            SCALE: self._scale,
            BASIS: self._basis,
            COUNTS: counts,
        }


def build_extras(
    texts: Sequence[str],
    *,
    encoder: TokenEncoder,
    basis: Floats | None = None,
    scale: Floats | None = None,
    progress: Progress = silent,
) -> Mapping[str, NDArray[Any]]:
    """Make the named arrays of `texts`, in the basis given or in one found in them."""
    if basis is None or scale is None:
        gatherer = TokenGatherer.over(texts, encoder=encoder)
    else:
        gatherer = TokenGatherer(encoder=encoder, basis=basis, scale=scale)
    return gatherer.arrays(texts, progress=progress)


def _unit(states: Floats) -> Floats:
    unit: Floats = states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-9)
    return unit


def _length(text: str) -> tuple[int, str]:
    return len(text), text
