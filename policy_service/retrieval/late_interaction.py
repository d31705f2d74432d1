"""Late interaction without training: what ranks before anybody has refined the retriever.

A first stage scores everything by stems, stem pairs and vectors; its best, and in a small
corpus every passage, are ranked again by how near each token of the question comes to a
token of the passage, rare tokens weighing more. Source: Khattab and Zaharia, ColBERT
(arXiv 2004.12832), over the frozen encoder's own token states. Nothing is learned here:
`learned/` is what a trained retriever puts in this place.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Instrument, Provision
from policy_service.engines.encoder import Encoder
from policy_service.engines.search import Places
from policy_service.retrieval import fusion, store
from policy_service.retrieval.index import IndexParts, ProvisionIndex, indexed_text, open_index
from policy_service.retrieval.lexical import LexicalIndex
from policy_service.retrieval.token_gatherer import TokenEncoder, TokenGatherer
from policy_service.retrieval.token_states import BASIS, SCALE, QuestionTokens, TokenTable

# Chosen on the 30 open questions of `benchmarks.drafter_questions` and half of ObliQA's, so
# that neither loses: people's words rarely are the clause's, a paraphrase's mostly are.
LATE_WEIGHT = 0.6
STEMS_WEIGHT = 0.25
PAIRS_WEIGHT = 0.125
DENSE_WEIGHT = 0.15
SMALL_CORPUS = 2_000  # passages of which every one is a candidate
OF_EACH = 150  # candidates by each first score in a larger one
Floats = NDArray[np.float32]
Scores = NDArray[np.float64]
Read: TypeAlias = tuple[Floats, NDArray[np.int32]]  # states of tokens, and their numbers
_REMEMBERED = 1_024  # questions


class QuestionReader:
    """Embeds questions and keeps their token states until they are ranked by.

    A question is so read once, not twice. Safe to share between threads.
    """

    def __init__(self, encoder: TokenEncoder) -> None:
        self._encoder = encoder
        self._read: OrderedDict[str, Read] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def sha256(self) -> str:
        """Return the hash of the encoder's weights."""
        return self._encoder.sha256

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return what the encoder returns."""
        found = self._encoder.encode_tokens(texts)
        ends = np.cumsum(found.lengths).tolist()
        with self._lock:
            for text, end, length in zip(texts, ends, found.lengths.tolist(), strict=True):
                rows = slice(end - length, end)
                self._read[text] = (found.states[rows], found.tokens[rows])
            while len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return found.vectors

    def tokens(self, text: str) -> Read:
        """Return the states and numbers of a question's tokens, without the special ones."""
        with self._lock:
            found = self._read.get(text)
        if found is None:
            read = self._encoder.encode_tokens([text])
            found = (read.states, read.tokens)
        states, tokens = found
        return (states[1:-1], tokens[1:-1]) if len(tokens) > 2 else found


class LateInteractionRanker:
    """Ranks documents by late interaction fused with the first scores; ties in their order."""

    def __init__(
        self,
        *,
        vectors: Floats,
        lexical: LexicalIndex,
        tokens: TokenTable,
        questions: QuestionReader,
    ) -> None:
        self._vectors = np.asarray(vectors)  # a plain view: indexing a memory map costs more
        self._lexical = lexical
        self._tokens = tokens
        self._rarity = tokens.rarity()
        self._questions = questions

    def rank(
        self, text: str, embedding: Floats, *, allowed: Places, limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places."""
        places = np.asarray(allowed, dtype=np.intp)
        if not places.size:
            return []
        stems, pairs = self._lexical.scores(text)
        dense = (self._vectors @ embedding).astype(np.float64)
        first = (
            (STEMS_WEIGHT, stems[places]),
            (PAIRS_WEIGHT, pairs[places]),
            (DENSE_WEIGHT, dense[places]),
        )
        near = self._late(text, places, _candidates(first))
        fused = fusion.fuse(((LATE_WEIGHT, near), *first))
        best = fusion.best(fused, limit=limit)
        return [(int(places[place]), float(fused[place])) for place in best]

    def _late(self, text: str, places: NDArray[np.intp], rows: NDArray[np.intp]) -> Scores:
        """Score the candidates at `rows`; all other places score 0."""
        question = self._question(text)
        scores = np.zeros(places.size)
        found = self._tokens.nearest(question, places[rows]) @ question.weights
        # Similarities lie in -1 to 1: what was looked at stays above what was not.
        scores[rows] = 1.0 + found.astype(np.float64)
        return scores

    def _question(self, text: str) -> QuestionTokens:
        read, numbers = self._questions.tokens(text)
        states = read @ self._tokens.basis
        states /= np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-9)
        weights = self._rarity[np.minimum(numbers, self._rarity.size - 1)]
        return QuestionTokens(states=states, weights=weights / max(float(weights.sum()), 1e-9))


def open_late_index(
    *,
    folder: Path,
    provisions: Sequence[Provision],
    encoder: Encoder,
    instruments: Sequence[Instrument] = (),
    shipped: Path | None = None,
    verify: bool = False,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the index as `open_index` does, with the token states to rank by beside it."""
    questions = QuestionReader(encoder)

    def ranker(parts: IndexParts) -> LateInteractionRanker:
        return LateInteractionRanker(
            vectors=parts.stored.vectors,
            lexical=parts.stored.lexical,
            tokens=TokenTable.of(parts.stored.extras),
            questions=questions,
        )

    return open_index(
        folder=folder,
        provisions=provisions,
        encoder=questions,
        instruments=instruments,
        shipped=shipped,
        verify=verify,
        extras=gatherer_of(folder, shipped, provisions, encoder=encoder),
        ranker=ranker,
        progress=progress,
    )


def gatherer_of(
    folder: Path,
    shipped: Path | None,
    provisions: Sequence[Provision],
    *,
    encoder: TokenEncoder,
) -> TokenGatherer:
    """Return what gathers token states, in the directions that were used before.

    Those of the shipped embeddings come first, so that no corpus makes its own; with neither
    they are found in the provisions.
    """
    for one in (shipped, folder):
        known = None if one is None else store.known_arrays(one, encoder=encoder.sha256)
        if known is not None and BASIS in known.arrays and SCALE in known.arrays:
            basis, scale = np.array(known.arrays[BASIS]), np.array(known.arrays[SCALE])
            return TokenGatherer(encoder=encoder, basis=basis, scale=scale)
    texts = [indexed_text(one).dense for one in provisions]
    return TokenGatherer.over(texts, encoder=encoder)


def _candidates(first: Sequence[tuple[float, Scores]]) -> NDArray[np.intp]:
    """Return the rows to look at again, ascending: the best by each score and by all."""
    size = first[0][1].size
    if size <= SMALL_CORPUS:
        return np.arange(size, dtype=np.intp)
    scores = [*(one for _, one in first), fusion.fuse(first)]
    found = [np.argpartition(-one, OF_EACH)[:OF_EACH] for one in scores]
    return np.unique(np.concatenate(found)).astype(np.intp)
