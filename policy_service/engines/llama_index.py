"""Retrieval behind LlamaIndex: one retriever over any LlamaIndex vector store.

The embedded store keeps its nodes in memory and leaves ranking to a `Ranker`; any other
`BasePydanticVectorStore` (Weaviate) can stand in its place. No global `Settings`, no
language model and no download: a retriever needs none of them. Source: llama-index-core 0.14.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError

_ID = "provision"
DENSE_SHARE = 0.4  # LlamaIndex's alpha: 0 is lexical only, 1 dense only


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One text to be found, with what it can be filtered by."""

    id: str
    text: str
    instrument: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; `None` for a filter means everything."""

    text: str
    embedding: NDArray[np.float32]
    limit: int
    instruments: frozenset[str] | None = None
    kinds: frozenset[str] | None = None


class Ranker(Protocol):
    """Ranks the documents it was built over."""

    def rank(
        self, text: str, embedding: NDArray[np.float32], *, allowed: Sequence[int], limit: int
    ) -> list[tuple[int, float]]:
        """Return (place, score) of the best `limit` among the `allowed` places, best first."""
        ...


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
                filters=filters_of(self._question),
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
    _nodes: list[BaseNode] = PrivateAttr()
    _ranker: Ranker = PrivateAttr()

    def __init__(self, *, documents: Sequence[Document], ranker: Ranker) -> None:
        super().__init__(stores_text=True)
        self._nodes = [node_of(document) for document in documents]
        self._ranker = ranker

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
        ranked = self._ranker.rank(
            query.query_str or "",
            np.asarray(query.query_embedding, dtype=np.float32),
            allowed=self._allowed(query.filters),
            limit=query.similarity_top_k,
        )
        nodes = [self._nodes[place] for place, _ in ranked]
        return VectorStoreQueryResult(
            nodes=nodes,
            similarities=[score for _, score in ranked],
            ids=[node.node_id for node in nodes],
        )

    def _allowed(self, filters: MetadataFilters | None) -> Sequence[int]:
        places = range(len(self._nodes))
        if filters is None:
            return places
        return [place for place in places if passes(self._nodes[place].metadata, filters)]


def node_of(document: Document, *, node_id: str | None = None) -> TextNode:
    """Make the LlamaIndex node of a document."""
    metadata: dict[str, Any] = {
        _ID: document.id,
        "instrument": document.instrument,
        "kinds": list(document.kinds),
    }
    return TextNode(id_=node_id or document.id, text=document.text, metadata=metadata)


def filters_of(question: Question) -> MetadataFilters | None:
    """Write a question's filters as LlamaIndex metadata filters."""
    wanted = (("instrument", question.instruments), ("kinds", question.kinds))
    filters: list[MetadataFilter | MetadataFilters] = [
        MetadataFilter(key=key, value=sorted(values), operator=FilterOperator.ANY)
        for key, values in wanted
        if values is not None
    ]
    return MetadataFilters(filters=filters) if filters else None


def passes(metadata: Mapping[str, object], filters: MetadataFilters) -> bool:
    """Tell whether a node's metadata passes every filter; only `any` filters are known."""
    return all(_passes(metadata, one) for one in filters.filters)


def _passes(metadata: Mapping[str, object], wanted: MetadataFilter | MetadataFilters) -> bool:
    if isinstance(wanted, MetadataFilters) or wanted.operator is not FilterOperator.ANY:
        raise RetrievalError("the embedded index knows `any` filters only")
    held = metadata.get(wanted.key)
    values: Iterable[object] = held if isinstance(held, list | tuple) else (held,)
    listed = wanted.value if isinstance(wanted.value, list) else [wanted.value]
    return not set(values).isdisjoint(listed)
