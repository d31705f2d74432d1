"""Sets of features compared: the cosine of their weights, through an inverted index.

A feature weighs its inverse document frequency times what its kind (the part before the colon)
is worth. Features are kept as 64-bit hashes: what ships holds no names. Not an embedding.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

Tokens = tuple[str, ...]
_TINY = 1e-9
_KEPT = 16_384  # sets looked up before
_HEAVY_SHARE = 0.03  # features of more sets than this are multiplied as a dense matrix


@lru_cache(maxsize=262_144)
def token_key(token: str) -> int:
    """Return the 64-bit key of a feature."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "big")


class TokenIndex:
    """Distinct sets of features that others are compared with. Safe to share between threads."""

    def __init__(
        self,
        *,
        keys: NDArray[np.uint64],
        weights: NDArray[np.float32],
        starts: NDArray[np.int32],
        postings: NDArray[np.int32],
        size: int,
        kinds: Mapping[str, float],
    ) -> None:
        """Take features sorted by key, the weight of each, and the sets that hold each.

        The sets of feature `i` are `postings[starts[i] : starts[i + 1]]`, below `size`.
        """
        self.keys, self.weights, self.starts, self.postings = keys, weights, starts, postings
        self.size = size
        self._kinds = kinds
        self._place = {int(key): number for number, key in enumerate(keys)}
        per_posting = np.repeat(weights, np.diff(starts))
        norms = np.sqrt(np.bincount(postings, weights=per_posting**2.0, minlength=size))
        self._values = (per_posting / np.maximum(norms, _TINY)[postings]).astype(np.float32)
        self._unseen = log(size + 1)
        self._seen: dict[Tokens, tuple[list[int], float]] = {}
        self._counts = np.diff(starts).astype(np.int64)
        heavy = np.flatnonzero(self._counts > max(size * _HEAVY_SHARE, 1))
        self._heavy_place = np.full(len(keys), -1, dtype=np.int64)
        self._heavy_place[heavy] = np.arange(len(heavy))
        self._heavy = np.zeros((len(heavy), size), dtype=np.float32)
        for row, number in enumerate(heavy):
            begin, end = starts[number], starts[number + 1]
            self._heavy[row, postings[begin:end]] = self._values[begin:end]

    @classmethod
    def build(cls, sets: Sequence[Tokens], *, kinds: Mapping[str, float]) -> "TokenIndex":
        """Index distinct sets; `kinds` lists the kinds of feature that do not weigh one."""
        counts = Counter(token for one in sets for token in one)
        ordered = sorted(counts, key=token_key)
        place = {token: number for number, token in enumerate(ordered)}
        pairs = sorted((place[token], number) for number, one in enumerate(sets) for token in one)
        weights = [_kind(token, kinds) * log(len(sets) / counts[token] + 1) for token in ordered]
        return cls(
            keys=np.array([token_key(token) for token in ordered], dtype=np.uint64),
            weights=np.array(weights, dtype=np.float32),
            starts=np.cumsum([0, *(counts[token] for token in ordered)]).astype(np.int32),
            postings=np.array([number for _, number in pairs], dtype=np.int32),
            size=len(sets),
            kinds=kinds,
        )

    def cosines(self, sets: Sequence[Tokens]) -> NDArray[np.float32]:
        """Compare each set with every indexed one: sets × size, between 0 and 1."""
        rows, places, weights, norms = self._looked_up(sets)
        heavy = self._heavy_place[places] >= 0
        found = np.zeros((len(sets), len(self._heavy)), dtype=np.float32)
        found[rows[heavy], self._heavy_place[places[heavy]]] = weights[heavy]
        cosines = found @ self._heavy
        rows, places, weights = rows[~heavy], places[~heavy], weights[~heavy]
        begins, counts = self.starts[places], self._counts[places]
        # INVARIANT: a set holds a feature once, so no feature adds twice to one cell.
        run = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        posting = np.repeat(begins, counts) + run
        cells = np.repeat(rows * self.size, counts) + self.postings[posting]
        light = np.bincount(
            cells,
            weights=self._values[posting] * np.repeat(weights, counts),
            minlength=len(sets) * self.size,
        )
        cosines += light.reshape(len(sets), self.size)
        cosines /= norms[:, None]
        return np.clip(cosines, 0, 1, out=cosines)

    def known(self, tokens: Tokens) -> tuple[str, ...]:
        """Return the features that training saw, the heaviest first."""
        weighed = [
            (-float(self.weights[number]), token)
            for token in tokens
            if (number := self._place.get(token_key(token))) is not None
        ]
        return tuple(token for _, token in sorted(weighed))

    def _looked_up(
        self, sets: Sequence[Tokens]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Return row, place and weight of each known feature, and each set's norm."""
        found = [self._seen.get(tokens) or self._look_up(tokens) for tokens in sets]
        rows = np.repeat(np.arange(len(sets)), [len(places) for places, _ in found])
        places = np.array([place for places, _ in found for place in places], dtype=np.int64)
        norms = np.array([norm for _, norm in found], dtype=np.float32)
        return rows, places, self.weights[places], norms

    def _look_up(self, tokens: Tokens) -> tuple[list[int], float]:
        places, square = [], 0.0
        for token in tokens:
            place = self._place.get(token_key(token))
            if place is None:
                square += (_kind(token, self._kinds) * self._unseen) ** 2
            else:
                places.append(place)
                square += float(self.weights[place]) ** 2
        if len(self._seen) >= _KEPT:
            self._seen = {}  # a new one: other threads may be reading the old one
        self._seen[tokens] = found = (places, max(sqrt(square), _TINY))
        return found


def _kind(token: str, kinds: Mapping[str, float]) -> float:
    return kinds.get(token.partition(":")[0], 1.0)
