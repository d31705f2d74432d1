"""Retrieval behind LlamaIndex: one retriever over any LlamaIndex vector store.

The embedded store ranks in this process and leaves ranking to a `Ranker`; any other
`BasePydanticVectorStore` (Weaviate) can stand in its place. No global `Settings`, no
language model and no download: a retriever needs none of them. Source: llama-index-core 0.14.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, assert_never

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.engines.search import (
    Above,
    AnyOf,
    AtMost,
    Condition,
    Document,
    Facets,
    Question,
    Ranker,
)

_ID = "provision"
_KEPT_SELECTIONS = 32  # a draft asks hundreds of questions under a few filters
DENSE_SHARE = 0.4  # LlamaIndex's alpha: 0 is lexical only, 1 dense only


class LlamaIndexRetrieval:
    """Asks a LlamaIndex vector store through a LlamaIndex retriever."""

    def __init__(self, store: BasePydanticVectorStore) -> None:
        self._store = store

    def find(self, question: Question) -> list[tuple[str, float]]:
        """Return (document id, score), best first; ties in the order of ids.

        Raises `RetrievalError` where the store does not answer.
        """
        retriever = HybridRetriever(store=self._store, question=question)
        bundle = QueryBundle(query_str=question.text, embedding=question.embedding.tolist())
        try:
            found = retriever.retrieve(bundle)
        except RetrievalError:
            raise
        except Exception as error:
            raise RetrievalError(
                f"the vector store did not answer (`{type(error).__name__}`); check that it runs"
            ) from error
        hits = [(str(hit.node.metadata[_ID]), round(float(hit.score or 0.0), 6)) for hit in found]
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def close(self) -> None:
        """Do nothing: a store in this process ends with it."""


class HybridRetriever(BaseRetriever):
    """One hybrid query with the question's limit and filters."""

    def __init__(self, *, store: BasePydanticVectorStore, question: Question) -> None:
        super().__init__()
        self._store = store
        self._question = question

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        result = self._store.query(
            VectorStoreQuery(
                query_str=query_bundle.query_str,
                query_embedding=query_bundle.embedding,
                similarity_top_k=self._question.limit,
                mode=VectorStoreQueryMode.HYBRID,
                alpha=DENSE_SHARE,
                filters=filters_of(self._question.conditions),
            )
        )
        scores = result.similarities or []
        return [
            NodeWithScore(node=node, score=score)
            for node, score in zip(result.nodes or [], scores, strict=True)
        ]


class EmbeddedStore(BasePydanticVectorStore):
    """A vector store in this process. It is built whole and never changes afterwards."""

    stores_text: bool = True
    _document: Callable[[int], Document] = PrivateAttr()
    _ranker: Ranker = PrivateAttr()
    _selector: "_Selector" = PrivateAttr()

    def __init__(
        self,
        *,
        document: Callable[[int], Document],
        facets: Sequence[Facets],
        ranker: Ranker,
    ) -> None:
        """Hold one document for each of the `facets`; texts are made when they are found."""
        super().__init__(stores_text=True)
        self._document = document
        self._ranker = ranker
        self._selector = _Selector(facets)

    @property
    def client(self) -> None:
        """There is no client: the store lives in this process."""
        return None

    def add(self, nodes: Sequence[BaseNode], **kwargs: object) -> list[str]:
        """Refuse: the embedded store is built whole from its documents."""
        raise RetrievalError("the embedded index is rebuilt, never added to; open it again")

    def delete(self, ref_doc_id: str, **delete_kwargs: object) -> None:
        """Refuse: the embedded store is built whole from its documents."""
        raise RetrievalError("the embedded index is rebuilt, never deleted from; open it again")

    def query(self, query: VectorStoreQuery, **kwargs: object) -> VectorStoreQueryResult:
        """Answer a hybrid query; other modes are refused."""
        if query.mode is not VectorStoreQueryMode.HYBRID or query.query_embedding is None:
            raise RetrievalError("the embedded index answers hybrid queries with an embedding")
        allowed = self._selector.places(query.filters)
        ranked = self._ranker.rank(
            query.query_str or "",
            np.asarray(query.query_embedding, dtype=np.float32),
            allowed=allowed,
            limit=query.similarity_top_k,
        )
        nodes = [node_of(self._document(place)) for place, _ in ranked]
        return VectorStoreQueryResult(
            nodes=nodes,
            similarities=[score for _, score in ranked],
            ids=[node.node_id for node in nodes],
        )


class _Selector:
    """Which places pass a filter.

    Filters are put to each distinct set of facets once, not to each document: a million
    documents share a few hundred sets.
    """

    def __init__(self, facets: Sequence[Facets]) -> None:
        codes: dict[Facets, int] = {}
        self._codes = np.fromiter(
            (codes.setdefault(one, len(codes)) for one in facets), dtype=np.int32, count=len(facets)
        )
        self._distinct = [metadata_of(one) for one in codes]
        self._everything = np.arange(len(facets), dtype=np.intp)
        self._kept: dict[str, NDArray[np.intp]] = {}
        self._lock = threading.Lock()

    def places(self, filters: MetadataFilters | None) -> NDArray[np.intp]:
        """Return the places that pass, ascending."""
        if filters is None:
            return self._everything
        key = filters.model_dump_json()
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = self._select(filters)
            with self._lock:
                if len(self._kept) >= _KEPT_SELECTIONS:
                    self._kept.clear()
                self._kept[key] = found
        return found

    def _select(self, filters: MetadataFilters) -> NDArray[np.intp]:
        passing = np.array([passes(one, filters) for one in self._distinct], dtype=np.bool_)
        if passing.all():
            return self._everything
        return np.flatnonzero(passing[self._codes])


def metadata_of(facets: Facets) -> dict[str, Any]:
    """Write facets as LlamaIndex metadata: lists of words, and whole numbers."""
    words = {name: list(values) for name, values in facets.words}
    return {**words, **dict(facets.numbers)}


def node_of(document: Document, *, node_id: str | None = None) -> TextNode:
    """Make the LlamaIndex node of a document."""
    metadata = {_ID: document.id, **metadata_of(document.facets)}
    return TextNode(id_=node_id or document.id, text=document.text, metadata=metadata)


def filters_of(conditions: Sequence[Condition]) -> MetadataFilters | None:
    """Write conditions as LlamaIndex metadata filters, all of which must pass."""
    filters: list[MetadataFilter | MetadataFilters] = [_filter_of(one) for one in conditions]
    return MetadataFilters(filters=filters) if filters else None


def _filter_of(condition: Condition) -> MetadataFilter:
    match condition:
        case AnyOf():
            return MetadataFilter(
                key=condition.name, value=list(condition.words), operator=FilterOperator.ANY
            )
        case AtMost():
            return MetadataFilter(
                key=condition.name, value=condition.number, operator=FilterOperator.LTE
            )
        case Above():
            return MetadataFilter(
                key=condition.name, value=condition.number, operator=FilterOperator.GT
            )
        case _:
            assert_never(condition)


def passes(metadata: Mapping[str, object], filters: MetadataFilters) -> bool:
    """Tell whether metadata passes every filter.

    Raises `RetrievalError` for a filter that this store does not know, which would else be
    ignored.
    """
    if filters.condition is not FilterCondition.AND:
        raise RetrievalError("the embedded index knows filters that must all pass, and no others")
    return all(_passes(metadata, one) for one in filters.filters)


def _passes(metadata: Mapping[str, object], wanted: MetadataFilter | MetadataFilters) -> bool:
    if isinstance(wanted, MetadataFilters):
        return passes(metadata, wanted)
    held = metadata.get(wanted.key)
    if wanted.operator is FilterOperator.ANY and isinstance(wanted.value, list):
        values: Iterable[object] = held if isinstance(held, list) else (held,)
        return not set(values).isdisjoint(wanted.value)
    if isinstance(wanted.value, int):
        if wanted.operator is FilterOperator.LTE:
            return isinstance(held, int) and held <= wanted.value
        if wanted.operator is FilterOperator.GT:
            return isinstance(held, int) and held > wanted.value
    raise RetrievalError(
        f"the embedded index knows no `{wanted.operator.value}` filter of that value"
    )
