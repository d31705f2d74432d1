"""Lexical scores of every document for one question: BM25 over stems and over stem pairs.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), in the Lucene
form; scored ahead of time and kept as bm25s keeps it (Lù, arXiv 2407.03618). The matrix is
made here by sorting: bm25s builds it in Python, word by word, and needs each word pair as a
string. No ranking here.
"""

import math
import threading
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.retrieval.tokens import Tokeniser

K1 = 0.8
B = 0.6
_STEMS = "stems"
_PAIRS = "bigrams"
_PAIR_KEYS = "keys.npy"
_HALF = 32  # a pair of stems is one 64-bit number: the first stem's above the second's
_SORTED_BITS = 63  # a pair and its document are sorted as one number
Scores = NDArray[np.float64]
Integers = NDArray[np.int64]


class LexicalIndex:
    """Two BM25 indexes over the same documents, in the documents' order."""

    def __init__(
        self,
        *,
        stems: bm25s.BM25 | None,
        pairs: bm25s.BM25 | None,
        pair_keys: Integers,
        size: int,
    ) -> None:
        self._stems = stems
        self._pairs = pairs
        self._pair_keys = pair_keys  # ascending; a pair's number is its place here
        self._size = size
        self._local = threading.local()

    @classmethod
    def build(cls, texts: Iterable[str]) -> "LexicalIndex":
        """Index `texts`; empty ones are kept and never found.

        Raises `RetrievalError` for more texts and words than can be numbered together.
        """
        vocabulary, words, lengths = _read(texts)
        size = lengths.size
        word_bits, document_bits = len(vocabulary).bit_length(), size.bit_length()
        if 2 * word_bits + document_bits > _SORTED_BITS:
            raise RetrievalError(
                f"{size:,} passages are too many for the embedded index; "
                "search them in weaviate: POLICY_SERVICE_RETRIEVAL=weaviate"
            )
        documents = np.repeat(np.arange(size, dtype=np.int32), lengths)
        stems = _index(words, documents, bits=document_bits, size=size)
        if stems is not None:
            stems[0].vocab_dict = vocabulary
        inside = documents[1:] == documents[:-1]
        pairs = _index(
            ((words[:-1] << word_bits) | words[1:])[inside],
            documents[1:][inside],
            bits=document_bits,
            size=size,
        )
        keys = np.zeros(0, dtype=np.int64) if pairs is None else pairs[1]
        return cls(
            stems=stems and stems[0],
            pairs=pairs and pairs[0],
            pair_keys=((keys >> word_bits) << _HALF) | (keys & ((1 << word_bits) - 1)),
            size=size,
        )

    @classmethod
    def load(cls, folder: Path, *, size: int) -> "LexicalIndex":
        """Map what `save` wrote into memory. Raises whatever numpy and bm25s raise on damage."""
        keys = folder / _PAIRS / _PAIR_KEYS
        return cls(
            stems=_load(folder / _STEMS, with_vocabulary=True),
            pairs=_load(folder / _PAIRS, with_vocabulary=False),
            pair_keys=np.load(keys, mmap_mode="r", allow_pickle=False)
            if keys.parent.is_dir()
            else np.empty(0, dtype=np.int64),
            size=size,
        )

    def save(self, folder: Path) -> None:
        """Write both indexes below `folder`."""
        if self._stems is not None:
            self._stems.save(folder / _STEMS, show_progress=False)
        if self._pairs is not None:
            self._pairs.save(folder / _PAIRS, show_progress=False)
            np.save(folder / _PAIRS / _PAIR_KEYS, self._pair_keys, allow_pickle=False)

    def scores(self, question: str) -> tuple[Scores, Scores]:
        """Score every document by its stems and by its stem pairs."""
        words = self._tokeniser().stems(question)
        known = {} if self._stems is None else self._stems.vocab_dict
        numbers = [known.get(word, -1) for word in words]
        asked = [number for number in numbers if number >= 0]
        return self._score(self._stems, asked), self._score(self._pairs, self._paired(numbers))

    def _paired(self, numbers: Sequence[int]) -> list[int]:
        """Number the pairs of neighbouring stems that occur in some document."""
        one, other = np.array(numbers[:-1], dtype=np.int64), np.array(numbers[1:], dtype=np.int64)
        wanted = ((one << _HALF) | other)[(one >= 0) & (other >= 0)]
        if not self._pair_keys.size:
            return []
        places = np.searchsorted(self._pair_keys, wanted).clip(max=self._pair_keys.size - 1)
        return [int(place) for place in places[self._pair_keys[places] == wanted]]

    def _tokeniser(self) -> Tokeniser:
        found: Tokeniser | None = getattr(self._local, "tokeniser", None)
        if found is None:
            found = self._local.tokeniser = Tokeniser()
        return found

    def _score(self, index: bm25s.BM25 | None, tokens: list[int]) -> Scores:
        if index is None or not tokens:
            return np.zeros(self._size)
        return np.asarray(index.get_scores_from_ids(tokens), dtype=np.float64)


def _read(texts: Iterable[str]) -> tuple[dict[str, int], Integers, Integers]:
    """Return the vocabulary, the stems of all texts by number, and how many each text has."""
    tokeniser = Tokeniser()
    vocabulary: dict[str, int] = {}
    words, lengths = array("i"), array("i")
    for text in texts:
        stems = tokeniser.stems(text)
        words.extend([vocabulary.setdefault(stem, len(vocabulary)) for stem in stems])
        lengths.append(len(stems))
    return vocabulary, _integers(words), _integers(lengths)


def _integers(values: "array[int]") -> Integers:
    return np.array(values, dtype=np.int64)


def _index(
    words: Integers, documents: NDArray[np.int32], *, bits: int, size: int
) -> tuple[bm25s.BM25, Integers] | None:
    """Score each word in each of the `size` documents, which take `bits` bits to number.

    Returns the index with the distinct words, whose places are their numbers in it; `None`
    where no word is in any document.
    """
    if not words.size:
        return None
    lengths = np.bincount(documents, minlength=size)
    postings = words << bits
    postings |= documents
    postings.sort()
    first = np.flatnonzero(np.diff(postings, prepend=-1))
    counts = np.diff(first, append=postings.size)
    postings = postings[first]
    places = (postings & ((1 << bits) - 1)).astype(np.int32)
    postings >>= bits
    starts = np.flatnonzero(np.diff(postings, prepend=-1))
    frequencies = np.diff(starts, append=postings.size)
    norm = K1 * ((1 - B) + B * lengths / lengths.mean())
    scores = counts / (norm[places] + counts)
    scores *= np.repeat(_idf(frequencies, size), frequencies)
    index = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float64")
    index.scores = {
        "data": scores,
        "indices": places,
        "indptr": np.append(starts, postings.size),
        "num_docs": size,
    }
    index.vocab_dict = {}
    index.nonoccurrence_array = None
    return index, postings[starts]


def _idf(frequencies: Integers, size: int) -> Scores:
    """Return the inverse document frequency of each word, by the C library's logarithm."""
    distinct, places = np.unique(frequencies, return_inverse=True)
    # numpy's own logarithm differs in the last bit from processor to processor.
    values = [math.log(1 + (size - one + 0.5) / (one + 0.5)) for one in distinct.tolist()]
    return np.array(values)[places]


def _load(folder: Path, *, with_vocabulary: bool) -> bm25s.BM25 | None:
    if not folder.is_dir():
        return None
    return bm25s.BM25.load(folder, mmap=True, load_vocab=with_vocabulary, show_progress=False)
