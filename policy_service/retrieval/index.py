"""The index of provisions: built or opened from a folder, then asked in words.

Lexical and dense scores are fused; every question goes through a LlamaIndex retriever.
This finds provisions; whether one of them is ground enough for a rule is drafting's call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import ControlKind, Instrument, Passage, Provision
from policy_service.engines.search import Document, Facets, Finder, Question, Ranker
from policy_service.retrieval import store
from policy_service.retrieval.filters import (
    Filters,
    QuestionError,
    check_filters,
    conditions_of,
    facet_maker,
)
from policy_service.retrieval.lexical import LexicalIndex
from policy_service.retrieval.neighbours import Listing, list_provisions
from policy_service.retrieval.ranking import FusedRanker
from policy_service.retrieval.texts import (
    STAGE,
    ArrayMaker,
    IndexedText,
    TextEncoder,
    embed,
    indexed_text,
)

if TYPE_CHECKING:
    from policy_service.engines.search import Condition

__all__ = ["Filters", "IndexedText", "ProvisionIndex", "TextEncoder", "indexed_text", "open_index"]

EVERYTHING = Filters()
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexParts:
    """What an embedded index is made of, row by row, for whoever trains on it."""

    listing: Listing
    stored: store.Stored


class ProvisionIndex:
    """Finds provisions by question. Safe to share between threads."""

    def __init__(
        self,
        *,
        listing: Listing,
        encoder: TextEncoder,
        finder: Finder,
        instruments: Sequence[Instrument] = (),
        parts: IndexParts | None = None,
    ) -> None:
        self._listing = listing
        self._encoder = encoder
        self._finder = finder
        held = {one.instrument for one in listing.provisions}
        self._instruments = held | {one.id for one in instruments}
        self.parts = parts  # `None` where the index is kept elsewhere

    def search(
        self,
        query: str,
        *,
        limit: int = 8,
        filters: Filters = EVERYTHING,
        instruments: frozenset[str] | None = None,
        kinds: frozenset[ControlKind] | None = None,
    ) -> tuple[Passage, ...]:
        """Find the provisions nearest to `query`, best first, ties by key.

        `instruments` and `kinds` narrow further. Scores lie in 0-1 and order the passages of
        one question only. Raises `QuestionError` for an empty query, a limit below 1, or a
        filter by a name that nothing bears.
        """
        return self.search_many(
            (query,), limit=limit, filters=filters, instruments=instruments, kinds=kinds
        )[0]

    def search_many(
        self,
        queries: Sequence[str],
        *,
        limit: int = 8,
        filters: Filters = EVERYTHING,
        instruments: frozenset[str] | None = None,
        kinds: frozenset[ControlKind] | None = None,
    ) -> tuple[tuple[Passage, ...], ...]:
        """Answer each query as `search` does; equal queries are asked once."""
        _check(queries, limit)
        check_filters(filters, instruments=self._instruments)
        conditions = conditions_of(_narrowed(filters, instruments, kinds))
        if conditions is None:
            return tuple(() for _ in queries)
        unique = list(dict.fromkeys(queries))
        embedded = self._encoder.encode(unique)
        answers = {
            query: self._ask(query, vector, limit, conditions)
            for query, vector in zip(unique, embedded, strict=True)
        }
        return tuple(answers[query] for query in queries)

    def close(self) -> None:
        """Let go of the store. Do not search afterwards."""
        self._finder.close()

    def _ask(
        self,
        query: str,
        vector: NDArray[np.float32],
        limit: int,
        conditions: "tuple[Condition, ...]",
    ) -> tuple[Passage, ...]:
        question = Question(text=query, embedding=vector, limit=limit, conditions=conditions)
        return tuple(
            self._listing.passage(key, score) for key, score in self._finder.find(question)
        )


def open_index(
    *,
    folder: Path,
    provisions: Sequence[Provision],
    encoder: TextEncoder,
    instruments: Sequence[Instrument] = (),
    shipped: Path | None = None,
    verify: bool = False,
    extras: ArrayMaker | None = None,
    ranker: Callable[[IndexParts], Ranker] | None = None,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the index of exactly these provisions; build what is missing or damaged.

    Neighbours are those of the order given. Places and sectors are filtered by `instruments`.
    Only changed provisions are embedded again; embeddings in the folder `shipped` are reused.
    `verify` hashes an index of any size whole. `extras` makes arrays that are kept with the
    index, `ranker` ranks in the place of `FusedRanker`; both come with a learned retriever.
    Raises `RetrievalError` for no or repeated
    provisions and for a folder that cannot be written.
    """
    from policy_service.engines.llama_index import EmbeddedStore, LlamaIndexRetrieval

    listing = list_provisions(provisions)
    stored = _open(
        folder=folder,
        listing=listing,
        encoder=encoder,
        shipped=shipped,
        verify=verify,
        extras=extras,
        progress=progress,
    )
    parts = IndexParts(listing=listing, stored=stored)
    facets = facets_of(listing, instruments)

    def document(place: int) -> Document:
        text = indexed_text(listing.provisions[place]).dense
        return Document(id=listing.keys[place], text=text, facets=facets[place])

    ranking = fused_ranker(parts) if ranker is None else ranker(parts)
    held = EmbeddedStore(document=document, facets=facets, ranker=ranking)
    return ProvisionIndex(
        listing=listing,
        encoder=encoder,
        finder=LlamaIndexRetrieval(held),
        instruments=instruments,
        parts=parts,
    )


def fused_ranker(parts: IndexParts) -> FusedRanker:
    """Rank by what needs no training."""
    return FusedRanker(vectors=parts.stored.vectors, lexical=parts.stored.lexical)


def facets_of(listing: Listing, instruments: Sequence[Instrument]) -> list[Facets]:
    """Say of each provision what it can be filtered by, in the listing's order."""
    make = facet_maker(instruments)
    return [make(provision) for provision in listing.provisions]


def _open(
    *,
    folder: Path,
    listing: Listing,
    encoder: TextEncoder,
    shipped: Path | None,
    verify: bool,
    extras: ArrayMaker | None,
    progress: Progress,
) -> store.Stored:
    texts = [indexed_text(provision) for provision in listing.provisions]
    keys = [text.sha256 for text in texts]
    made_with = extras.name if extras else ""
    read = partial(
        store.read, folder, encoder=encoder.sha256, documents=keys, extras=made_with, verify=verify
    )
    found = read()
    if found is not None:
        progress(STAGE, len(texts), len(texts))
        return found
    with store.writing(folder):
        found = read()
        if found is not None:  # another process built it while this one waited
            progress(STAGE, len(texts), len(texts))
            return found
        folders = [folder] if shipped is None else [folder, shipped]
        if extras is not None:
            _adopt(extras, folders, texts, keys, encoder=encoder.sha256)
        known = [store.known_vectors(one, encoder=encoder.sha256) for one in folders]
        built = store.Stored(
            vectors=embed(
                texts, [one for one in known if one is not None], extras or encoder, progress
            ),
            lexical=LexicalIndex.build(text.lexical for text in texts),
            extras=extras.arrays([text.dense for text in texts], progress=progress)
            if extras
            else {},
        )
        store.write(folder, built, encoder=encoder.sha256, documents=keys, extras=made_with)
        written = read()
    return written or built


def _adopt(
    extras: ArrayMaker,
    folders: Sequence[Path],
    texts: Sequence[IndexedText],
    keys: Sequence[str],
    *,
    encoder: str,
) -> None:
    """Hand over the arrays that were made before of texts that have not changed."""
    for folder in folders:
        known = store.known_arrays(folder, encoder=encoder)
        if known is None or known.name != extras.name:
            continue
        held = [place for place, key in enumerate(keys) if key in known.rows]
        extras.adopt(
            [texts[place].dense for place in held],
            [known.rows[keys[place]] for place in held],
            known.arrays,
        )


def _narrowed(
    filters: Filters,
    instruments: frozenset[str] | None,
    kinds: frozenset[ControlKind] | None,
) -> Filters:
    return replace(
        filters,
        instruments=_both(filters.instruments, instruments),
        kinds=_both(filters.kinds, kinds),
    )


def _both(one: frozenset[T] | None, other: frozenset[T] | None) -> frozenset[T] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _check(queries: Sequence[str], limit: int) -> None:
    if limit < 1:
        raise QuestionError(f"limit `{limit}` is too small; ask for 1 passage or more")
    if any(not query.strip() for query in queries):
        raise QuestionError("the question is empty; write what to look for")
