"""The LlamaIndex seam: what it refuses, and how a failing store is reported."""

import numpy as np
import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from policy_service.domain.errors import RetrievalError
from policy_service.engines.llama_index import (
    EmbeddedStore,
    LlamaIndexRetrieval,
    filters_of,
    passes,
)
from policy_service.engines.search import Above, AnyOf, AtMost, Document, Facets, Question

DOCUMENTS = [
    Document(
        id="b",
        text="keys",
        facets=Facets(words=(("instrument", ("pci",)),), numbers=(("superseded", 20260101),)),
    ),
    Document(
        id="a",
        text="erase",
        facets=Facets(words=(("instrument", ("gdpr",)),), numbers=(("superseded", 99991231),)),
    ),
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


def _store(ranker):
    facets = [one.facets for one in DOCUMENTS]
    return EmbeddedStore(document=DOCUMENTS.__getitem__, facets=facets, ranker=ranker)


def test_ties_come_in_the_order_of_ids():
    """Documents of one score are ordered by id, whatever the store says."""
    store = _store(EvenRanker())
    assert LlamaIndexRetrieval(store).find(QUESTION) == [("a", 0.5), ("b", 0.5)]


def test_a_failing_store_is_reported_in_one_line():
    """An engine's own error becomes ours, naming its type and nothing of the question."""
    store = _store(BrokenRanker())
    with pytest.raises(RetrievalError, match=r"did not answer \(`OSError`\); check that it runs"):
        LlamaIndexRetrieval(store).find(QUESTION)


def test_the_embedded_store_is_built_whole():
    """Adding to it, deleting from it and other modes of asking are refused."""
    store = _store(EvenRanker())
    assert store.client is None
    with pytest.raises(RetrievalError, match="never added to"):
        store.add([TextNode(text="more")])
    with pytest.raises(RetrievalError, match="never deleted from"):
        store.delete("a")
    dense_only = VectorStoreQuery(query_embedding=[1.0], mode=VectorStoreQueryMode.DEFAULT)
    with pytest.raises(RetrievalError, match="hybrid queries"):
        store.query(dense_only)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ((), ["a", "b"]),
        ((AnyOf(name="instrument", words=("pci", "sox")),), ["b"]),
        ((AnyOf(name="missing", words=("pci",)),), []),
        ((AtMost(name="superseded", number=20260101),), ["b"]),
        ((Above(name="superseded", number=20260101),), ["a"]),
        ((Above(name="missing", number=0),), []),
        ((Above(name="superseded", number=0), AnyOf(name="instrument", words=("gdpr",))), ["a"]),
    ],
)
def test_conditions_keep_what_meets_all_of_them(conditions, found):
    """A document is kept where every condition holds; what lacks the facet is not."""
    retrieval = LlamaIndexRetrieval(_store(EvenRanker()))
    question = Question(text="keys", embedding=QUESTION.embedding, limit=9, conditions=conditions)
    assert [name for name, _ in retrieval.find(question)] == found


def test_many_filters_after_another_keep_their_answers():
    """Selections that are kept between questions are never mixed up or out of bounds."""
    retrieval = LlamaIndexRetrieval(_store(EvenRanker()))
    for number in [*range(40), *range(40)]:
        conditions = (Above(name="superseded", number=20260081 + number),)
        question = Question(
            text="keys", embedding=QUESTION.embedding, limit=9, conditions=conditions
        )
        assert len(retrieval.find(question)) == (2 if number < 20 else 1)


@pytest.mark.parametrize(
    "unknown",
    [
        MetadataFilter(key="instrument", value="pci", operator=FilterOperator.EQ),
        MetadataFilter(key="superseded", value=1, operator=FilterOperator.LT),
        MetadataFilter(key="instrument", value="pci", operator=FilterOperator.ANY),
    ],
)
def test_filters_it_does_not_know_are_refused(unknown):
    """A filter that would be ignored is refused instead."""
    with pytest.raises(RetrievalError, match="knows no `"):
        passes({"instrument": ["pci"]}, MetadataFilters(filters=[unknown]))


def test_alternatives_are_refused_and_nested_filters_are_not():
    """Filters of which one would do are refused; filters within filters must all pass."""
    inner = filters_of((AnyOf(name="instrument", words=("pci",)),))
    nested = MetadataFilters(filters=[inner])
    assert passes({"instrument": ["pci"]}, nested)
    assert not passes({"instrument": ["gdpr"]}, nested)
    either = MetadataFilters(filters=inner.filters, condition=FilterCondition.OR)
    with pytest.raises(RetrievalError, match="must all pass"):
        passes({"instrument": ["pci"]}, either)


def test_closing_an_embedded_store_changes_nothing():
    """A store in this process answers after it was closed as before."""
    retrieval = LlamaIndexRetrieval(_store(EvenRanker()))
    retrieval.close()
    assert len(retrieval.find(QUESTION)) == 2


def test_a_refusal_keeps_its_own_words():
    """Our own error passes the retriever unchanged."""

    class RefusingRanker:
        def rank(self, text, embedding, *, allowed, limit):
            raise RetrievalError("the index is closed")

    store = _store(RefusingRanker())
    with pytest.raises(RetrievalError, match="the index is closed"):
        LlamaIndexRetrieval(store).find(QUESTION)
