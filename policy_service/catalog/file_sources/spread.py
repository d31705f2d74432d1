"""A sample spread evenly over rows of unknown number, in one pass and bounded memory.

Systematic sampling: every s-th row is kept, and s doubles whenever twice the wanted number
is held. No randomness, so the same file gives the same sample; not a random sample either:
a file whose rows repeat with a period of s would be seen one-sidedly.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

_T = TypeVar("_T")


class EvenSample(Generic[_T]):
    """Takes rows one after the other and keeps between `wanted` and twice as many."""

    def __init__(self, wanted: int) -> None:
        """Requires wanted >= 1."""
        self._wanted = wanted
        self._step = 1
        self._kept: list[_T] = []
        self.seen = 0

    def add(self, row: _T) -> None:
        """Look at the next row."""
        if self.seen % self._step == 0:
            if len(self._kept) == 2 * self._wanted:
                self._kept = self._kept[::2]
                self._step *= 2
            if self.seen % self._step == 0:
                self._kept.append(row)
        self.seen += 1

    def rows(self) -> list[_T]:
        """Return the rows kept, at most twice `wanted`, in order."""
        return self._kept


def evenly(rows: Sequence[_T], most: int) -> list[_T]:
    """Thin rows to at most `most`, evenly; the first row always stays."""
    if len(rows) <= most:
        return list(rows)
    return [rows[place * len(rows) // most] for place in range(most)]


def even_blocks(total: int, most: int, blocks: int) -> list[tuple[int, int]]:
    """Cut `most` of `total` rows into evenly spread runs: (offset, length), in order.

    One run, the whole, where `total` is no more than `most`.
    """
    if total <= most:
        return [(0, total)] if total else []
    blocks = min(blocks, most)
    lengths = [most * (n + 1) // blocks - most * n // blocks for n in range(blocks)]
    return [
        (n * (total - most) // max(1, blocks - 1) + most * n // blocks, lengths[n])
        for n in range(blocks)
    ]
