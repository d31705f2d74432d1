"""What every vector store holds and is asked: documents, their facets, questions, conditions.

No store and no third party here, so that a stage can name these without loading an engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Places = Sequence[int] | NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What a document can be filtered by: words by name, and numbers by name."""

    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text to be found, with what it can be filtered by."""

    id: str
    text: str
    facets: Facets = Facets()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Keeps documents that hold one of the words under a name."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """Keeps documents whose number is not above this one."""

    name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Keeps documents whose number is above this one."""

    name: str
    number: int


Condition = AnyOf | AtMost | Above


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; a document must meet every condition."""

    text: str
    embedding: NDArray[np.float32]
    limit: int
    conditions: tuple[Condition, ...] = ()


class Ranker(Protocol):
    """Ranks the documents it was built over."""

    def rank(
        self, text: str, embedding: NDArray[np.float32], *, allowed: Places, limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places, best first.

        Requires `allowed` in ascending order.
        """
        ...


class Finder(Protocol):
    """Finds documents for one question: LlamaIndex over the embedded store or over Weaviate."""

    def find(self, question: Question) -> list[tuple[str, float]]:
        """Return (document id, score), best first."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
