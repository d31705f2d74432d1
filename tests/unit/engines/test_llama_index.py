"""The LlamaIndex seam: what it refuses, and how a failing store is reported."""

import numpy as np
import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from policy_service.domain.errors import RetrievalError
from policy_service.engines.llama_index import (
    Document,
    EmbeddedStore,
    LlamaIndexRetrieval,
    Question,
    passes,
)

DOCUMENTS = [
    Document(id="b", text="keys", instrument="pci", kinds=("masking",)),
    Document(id="a", text="erase", instrument="gdpr", kinds=()),
]
QUESTION = Question(text="keys", embedding=np.ones(2, dtype=np.float32), limit=2)


class EvenRanker:
    """Ranks every allowed document alike, in the order it is given."""

    def rank(self, text, embedding, *, allowed, limit):
        """Return the allowed places with one score."""
        return [(place, 0.5) for place in allowed][:limit]


class BrokenRanker:
    """Fails as an engine would."""

    def rank(self, text, embedding, *, allowed, limit):
        """Raise an error that is none of ours."""
        raise OSError("a disk is gone")


def test_ties_come_in_the_order_of_ids():
    """Documents of one score are ordered by id, whatever the store says."""
    store = EmbeddedStore(documents=DOCUMENTS, ranker=EvenRanker())
    assert LlamaIndexRetrieval(store).find(QUESTION) == [("a", 0.5), ("b", 0.5)]


def test_a_failing_store_is_reported_in_one_line():
    """An engine's own error becomes ours, naming its type and nothing of the question."""
    store = EmbeddedStore(documents=DOCUMENTS, ranker=BrokenRanker())
    with pytest.raises(RetrievalError, match=r"did not answer \(`OSError`\); check that it runs"):
        LlamaIndexRetrieval(store).find(QUESTION)


def test_the_embedded_store_is_built_whole():
    """Adding to it, deleting from it and other modes of asking are refused."""
    store = EmbeddedStore(documents=DOCUMENTS, ranker=EvenRanker())
    assert store.client is None
    with pytest.raises(RetrievalError, match="never added to"):
        store.add([TextNode(text="more")])
    with pytest.raises(RetrievalError, match="never deleted from"):
        store.delete("a")
    dense_only = VectorStoreQuery(query_embedding=[1.0], mode=VectorStoreQueryMode.DEFAULT)
    with pytest.raises(RetrievalError, match="hybrid queries"):
        store.query(dense_only)


def test_filters_it_does_not_know_are_refused():
    """A filter that would be ignored is refused instead."""
    equal = MetadataFilter(key="instrument", value="pci", operator=FilterOperator.EQ)
    with pytest.raises(RetrievalError, match="`any` filters only"):
        passes({"instrument": "pci"}, MetadataFilters(filters=[equal]))


def test_a_refusal_keeps_its_own_words():
    """Our own error passes the retriever unchanged."""

    class RefusingRanker:
        def rank(self, text, embedding, *, allowed, limit):
            raise RetrievalError("the index is closed")

    store = EmbeddedStore(documents=DOCUMENTS, ranker=RefusingRanker())
    with pytest.raises(RetrievalError, match="the index is closed"):
        LlamaIndexRetrieval(store).find(QUESTION)
