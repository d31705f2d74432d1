"""Filling Weaviate: tenants, what broke off, what is refused, what is let go."""

import numpy as np
import pytest

pytest.importorskip("weaviate")

from llama_index.core.schema import TextNode

from policy_service.domain.errors import Cancelled, RetrievalError
from policy_service.engines.search import AnyOf, Document, Facets, Question
from policy_service.engines.weaviate import open_weaviate
from policy_service.engines.weaviate_store import TenantStore
from tests.unit.retrieval.weaviate_loopback import Loopback, start

DOCUMENTS = [
    Document(
        id=f"law/{number}",
        text=f"text {number}",
        facets=Facets(
            words=(("instrument", ("law",)), ("duties", ())), numbers=(("superseded", 99991231),)
        ),
    )
    for number in range(5)
]


@pytest.fixture
def loopback():
    """A small Weaviate on loopback, in memory."""
    state = Loopback()
    rest, server = start(state)
    yield state
    rest.shutdown()
    rest.server_close()
    server.stop(None).wait()


@pytest.fixture
def fill(loopback):
    """Open a tenant, note which places were embedded, and close it at the end."""
    opened, asked = [], []

    def vectors(places):
        asked.extend(places)
        return np.eye(8, dtype=np.float32)[list(places)]

    def run(content="a", *, organisation="bank", documents=DOCUMENTS, **more):
        asked.clear()
        finder = open_weaviate(
            url=f"http://127.0.0.1:{loopback.http_port}",
            api_key="a-key",
            organisation=organisation,
            encoder_sha256="e" * 64,
            content_sha256=content * 64,
            documents=documents,
            vectors=vectors,
            grpc_port=loopback.grpc_port,
            **more,
        )
        opened.append(finder)
        return finder, list(asked)

    yield run
    for finder in opened:
        finder.close()


def _question(**more):
    return Question(text="text", embedding=np.eye(8, dtype=np.float32)[3], limit=2, **more)


def test_an_organisation_finds_its_own_and_nothing_else(fill, loopback):
    """Two organisations share a collection and neither finds what the other put there."""
    one, _ = fill("a", organisation="bank")
    other, _ = fill("b", organisation="clinic", documents=DOCUMENTS[:2])
    assert one.find(_question())[0] == ("law/3", 1.0)
    assert {name for name, _ in other.find(_question())} == {"law/0", "law/1"}
    assert len(loopback.schema) == 1
    assert loopback.tenants() == ["bank-" + "a" * 16, "clinic-" + "b" * 16]
    assert set(loopback.keys) == {"Bearer a-key"}


def test_conditions_reach_the_server(fill):
    """A condition that nothing meets finds nothing."""
    finder, _ = fill()
    none = (AnyOf(name="instrument", words=("other",)),)
    assert finder.find(_question(conditions=none)) == []


def test_what_was_refused_is_sent_again_and_nothing_else(fill, loopback):
    """A refused document is an error that says how many; the next run sends just that one."""
    loopback.refuse = frozenset({"law/2"})
    with pytest.raises(RetrievalError, match="weaviate refused 1 of 5 provisions"):
        fill()
    loopback.refuse = frozenset()
    _, asked = fill()
    assert asked == [2]
    _, asked = fill()
    assert asked == []


def test_stopping_leaves_what_is_in_and_says_so(fill):
    """Cancelled filling raises as it was raised, and progress tells how far it came."""
    seen = []

    def stop(stage, done, total):
        seen.append((stage, done, total))
        if done == total:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fill(progress=stop)
    assert seen == [("index", 0, 5), ("index", 5, 5)]


def test_replaced_contents_are_put_to_sleep_then_removed(fill, loopback):
    """The content before the present one sleeps; the one before that is gone."""
    fill("a")
    fill("b")
    (held,) = loopback.active.values()
    assert held == {"bank-" + "a" * 16: False, "bank-" + "b" * 16: True}
    _, asked = fill("c")
    assert asked == []  # the texts are the same: their vectors come from the older content
    assert sorted(held) == ["bank-" + "b" * 16, "bank-" + "c" * 16]


def test_a_tenant_is_filled_by_opening_it_alone(fill):
    """LlamaIndex's own ways to add and delete are refused."""
    finder, _ = fill()
    store = finder._retrieval._store
    assert isinstance(store, TenantStore)
    assert store.client is finder._client
    with pytest.raises(RetrievalError, match="filled when it is opened"):
        store.add([TextNode(text="more")])
    with pytest.raises(RetrievalError, match="never deleted from"):
        store.delete("law/1")


def test_a_server_that_refuses_is_reported_in_one_line(fill, loopback, monkeypatch):
    """An engine's own error becomes ours with the host and without the key."""
    fill()
    loopback.active.clear()  # a schema without tenants: the server breaks
    with pytest.raises(RetrievalError, match=r"refused the index \(`\w+`\)") as raised:
        fill("b")
    assert "a-key" not in str(raised.value)
