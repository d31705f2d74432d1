"""Lexical scores of every document for one question: BM25 over stems and over stem pairs.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), in the
Lucene form that bm25s computes ahead of time (Lù, arXiv 2407.03618). No ranking here.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from policy_service.retrieval.tokens import Tokeniser, bigrams

K1 = 0.8
B = 0.6
_PARTS = ("stems", "bigrams")
Scores = NDArray[np.float64]


class LexicalIndex:
    """Two BM25 indexes over the same documents, in the documents' order."""

    def __init__(self, *, stems: bm25s.BM25 | None, pairs: bm25s.BM25 | None, size: int) -> None:
        self._stems = stems
        self._pairs = pairs
        self._size = size
        self._local = threading.local()

    @classmethod
    def build(cls, texts: Sequence[str]) -> "LexicalIndex":
        """Index `texts`; empty ones are kept and never found."""
        tokeniser = Tokeniser()
        stems = [tokeniser.stems(text) for text in texts]
        return cls(
            stems=_index(stems),
            pairs=_index([bigrams(words) for words in stems]),
            size=len(texts),
        )

    @classmethod
    def load(cls, folder: Path, *, size: int) -> "LexicalIndex":
        """Load what `save` wrote. Raises whatever bm25s raises on a damaged folder."""
        stems, pairs = (
            bm25s.BM25.load(folder / part) if (folder / part).is_dir() else None for part in _PARTS
        )
        return cls(stems=stems, pairs=pairs, size=size)

    def save(self, folder: Path) -> None:
        """Write both indexes below `folder`."""
        for part, index in zip(_PARTS, (self._stems, self._pairs), strict=True):
            if index is not None:
                index.save(folder / part, show_progress=False)

    def scores(self, question: str) -> tuple[Scores, Scores]:
        """Score every document by its stems and by its stem pairs."""
        words = self._tokeniser().stems(question)
        return self._score(self._stems, words), self._score(self._pairs, bigrams(words))

    def _tokeniser(self) -> Tokeniser:
        found: Tokeniser | None = getattr(self._local, "tokeniser", None)
        if found is None:
            found = self._local.tokeniser = Tokeniser()
        return found

    def _score(self, index: bm25s.BM25 | None, tokens: list[str]) -> Scores:
        known = index.get_tokens_ids(tokens) if index is not None else []
        if index is None or not known:
            return np.zeros(self._size)
        return np.asarray(index.get_scores_from_ids(known), dtype=np.float64)


def _index(documents: Sequence[list[str]]) -> bm25s.BM25 | None:
    """Index the documents; `None` where no word is in any: bm25s divides by their length."""
    if not any(documents):
        return None
    index = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float64")
    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(one, len(vocabulary)) for one in words] for words in documents]
    index.index((ids, vocabulary), show_progress=False)
    return index
