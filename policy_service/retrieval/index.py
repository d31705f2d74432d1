"""The index of provisions: built or opened from a folder, then asked in words.

Lexical and dense scores are fused; every question goes through a LlamaIndex retriever.
This finds provisions; whether one of them is ground enough for a rule is drafting's call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import ControlKind, Passage, Provision
from policy_service.kit.hashing import sha256_text
from policy_service.retrieval import fusion, store
from policy_service.retrieval.lexical import LexicalIndex

if TYPE_CHECKING:
    from policy_service.engines.llama_index import Document, Question

_STAGE = "index"
_CHUNK = 64  # documents embedded between two progress reports


class TextEncoder(Protocol):
    """Embeds texts; `sha256` names the model, so that its vectors are never mixed."""

    @property
    def sha256(self) -> str:
        """Return the hash of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one normalised row a text."""
        ...


class Finder(Protocol):
    """Finds documents for one question: LlamaIndex over the embedded store or over Weaviate."""

    def find(self, question: "Question") -> list[tuple[str, float]]:
        """Return (document id, score), best first."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedText:
    """What of a provision is searched: `dense` is embedded, `lexical` is counted."""

    dense: str
    lexical: str

    @property
    def sha256(self) -> str:
        """Hash what is searched, so that only what changed is embedded again."""
        return sha256_text(f"{self.dense}\x1f{self.lexical}")


class ProvisionIndex:
    """Finds provisions by question. Safe to share between threads."""

    def __init__(
        self, *, provisions: Sequence[Provision], encoder: TextEncoder, finder: Finder
    ) -> None:
        self._by_id: dict[str, Provision] = {str(one.id): one for one in provisions}
        self._encoder = encoder
        self._finder = finder

    def search(
        self,
        query: str,
        *,
        limit: int = 8,
        instruments: frozenset[str] | None = None,
        kinds: frozenset[ControlKind] | None = None,
    ) -> tuple[Passage, ...]:
        """Find the provisions nearest to `query`, best first, ties by id.

        `kinds` keeps provisions with an obligation of one of them. Scores lie in 0-1 and
        order the passages of one question only. Raises `RetrievalError` for an empty
        query or a limit below 1.
        """
        return self.search_many((query,), limit=limit, instruments=instruments, kinds=kinds)[0]

    def search_many(
        self,
        queries: Sequence[str],
        *,
        limit: int = 8,
        instruments: frozenset[str] | None = None,
        kinds: frozenset[ControlKind] | None = None,
    ) -> tuple[tuple[Passage, ...], ...]:
        """Answer each query as `search` does; equal queries are asked once."""
        _check(queries, limit)
        if (instruments is not None and not instruments) or (kinds is not None and not kinds):
            return tuple(() for _ in queries)
        unique = list(dict.fromkeys(queries))
        embedded = self._encoder.encode(unique)
        kind_names = None if kinds is None else frozenset(kind.value for kind in kinds)
        answers = {
            query: self._ask(query, vector, limit, instruments, kind_names)
            for query, vector in zip(unique, embedded, strict=True)
        }
        return tuple(answers[query] for query in queries)

    def _ask(
        self,
        query: str,
        vector: NDArray[np.float32],
        limit: int,
        instruments: frozenset[str] | None,
        kinds: frozenset[str] | None,
    ) -> tuple[Passage, ...]:
        from policy_service.engines.llama_index import Question

        question = Question(
            text=query, embedding=vector, limit=limit, instruments=instruments, kinds=kinds
        )
        return tuple(
            Passage(provision=self._by_id[found], score=score)
            for found, score in self._finder.find(question)
        )


class FusedRanker:
    """Ranks documents by fused stem, stem-pair and dense scores."""

    def __init__(
        self, *, ids: Sequence[str], vectors: NDArray[np.float32], lexical: LexicalIndex
    ) -> None:
        self._ids = list(ids)
        self._vectors = vectors
        self._lexical = lexical

    def rank(
        self, text: str, embedding: NDArray[np.float32], *, allowed: Sequence[int], limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places."""
        places = np.asarray(allowed, dtype=np.intp)
        stems, pairs = self._lexical.scores(text)
        dense = np.asarray(self._vectors @ embedding, dtype=np.float64)
        fused = fusion.fuse(
            (
                (fusion.LEXICAL_WEIGHT, stems[places]),
                (fusion.DENSE_WEIGHT, dense[places]),
                (fusion.BIGRAM_WEIGHT, pairs[places]),
            )
        )
        ids = [self._ids[place] for place in places]
        best = fusion.best(fused, ids=ids, limit=limit)
        return [(int(places[place]), float(fused[place])) for place in best]


def open_index(
    *,
    folder: Path,
    provisions: Sequence[Provision],
    encoder: TextEncoder,
    shipped: Path | None = None,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the index of exactly these provisions; build what is missing or damaged.

    Only changed provisions are embedded again; embeddings in the folder `shipped` are reused.
    Raises `RetrievalError` for no or repeated provisions and for a folder that cannot be written.
    """
    from policy_service.engines.llama_index import EmbeddedStore, LlamaIndexRetrieval

    ordered = check_provisions(provisions)
    texts = [indexed_text(provision) for provision in ordered]
    stored = _open(folder, texts, encoder, shipped, progress)
    ranker = FusedRanker(
        ids=[provision.id for provision in ordered], vectors=stored.vectors, lexical=stored.lexical
    )
    finder = LlamaIndexRetrieval(EmbeddedStore(documents=documents_of(ordered), ranker=ranker))
    return ProvisionIndex(provisions=ordered, encoder=encoder, finder=finder)


def check_provisions(provisions: Sequence[Provision]) -> list[Provision]:
    """Return the provisions in the order of their ids; there must be some, each once."""
    ordered = sorted(provisions, key=lambda provision: provision.id)
    if not ordered:
        raise RetrievalError("there is no provision to index; check the corpus folder")
    for one, other in pairwise(ordered):
        if one.id == other.id:
            raise RetrievalError(f"provision `{one.id}` is there twice; ids must be unique")
    return ordered


def documents_of(provisions: Sequence[Provision]) -> "list[Document]":
    """Make the documents that a vector store holds, in the order of `provisions`."""
    from policy_service.engines.llama_index import Document

    return [
        Document(
            id=provision.id,
            text=indexed_text(provision).dense,
            instrument=provision.instrument,
            kinds=tuple(sorted({one.kind.value for one in provision.obligations})),
        )
        for provision in provisions
    ]


def indexed_text(provision: Provision) -> IndexedText:
    """Join headings, title and text; lexical search also sees the instrument and section."""
    body = "\n".join(
        part for part in (" > ".join(provision.heading), provision.title, provision.text) if part
    )
    return IndexedText(dense=body, lexical=f"{provision.instrument} {provision.section}\n{body}")


def _open(
    folder: Path,
    texts: Sequence[IndexedText],
    encoder: TextEncoder,
    shipped: Path | None,
    progress: Progress,
) -> store.Stored:
    keys = [text.sha256 for text in texts]
    found = store.read(folder, encoder=encoder.sha256, documents=keys)
    if found is not None:
        progress(_STAGE, len(texts), len(texts))
        return found
    with store.writing(folder):
        found = store.read(folder, encoder=encoder.sha256, documents=keys)
        if found is not None:  # another process built it while this one waited
            progress(_STAGE, len(texts), len(texts))
            return found
        known = dict(store.known_vectors(folder, encoder=encoder.sha256))
        if shipped is not None:
            known = {**store.known_vectors(shipped, encoder=encoder.sha256), **known}
        vectors = embed(texts, known, encoder, progress)
        lexical = LexicalIndex.build([text.lexical for text in texts])
        store.write(
            folder, encoder=encoder.sha256, documents=keys, vectors=vectors, lexical=lexical
        )
    return store.Stored(vectors=vectors, lexical=lexical)


def embed(
    texts: Sequence[IndexedText],
    known: Mapping[str, NDArray[np.float32]],
    encoder: TextEncoder,
    progress: Progress,
) -> NDArray[np.float32]:
    """Embed the texts that `known` does not hold; one row a text, in their order."""
    rows = dict(known)
    missing = sorted(  # texts of like length share a batch
        (text for text in texts if text.sha256 not in rows), key=lambda text: len(text.dense)
    )
    done = len(texts) - len(missing)
    progress(_STAGE, done, len(texts))
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        embedded = encoder.encode([text.dense for text in chunk])
        rows.update(zip((text.sha256 for text in chunk), embedded, strict=True))
        done += len(chunk)
        progress(_STAGE, done, len(texts))
    return np.stack([rows[text.sha256] for text in texts])


def _check(queries: Sequence[str], limit: int) -> None:
    if limit < 1:
        raise RetrievalError(f"limit `{limit}` is too small; ask for 1 passage or more")
    if any(not query.strip() for query in queries):
        raise RetrievalError("the question is empty; write what to look for")
