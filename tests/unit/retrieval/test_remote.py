"""Weaviate keeps the embedded index's contract; its parts that need no server are tested here."""

import os

import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.domain.provision import ControlKind
from policy_service.retrieval.index import open_index

URL = os.environ.get("POLICY_SERVICE_TEST_WEAVIATE_URL", "")


@pytest.fixture(params=["embedded", "weaviate"])
def index(request, tmp_path, provisions, word_encoder):
    """The same provisions in each store."""
    if request.param == "embedded":
        return open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    if not URL:
        pytest.skip("POLICY_SERVICE_TEST_WEAVIATE_URL is not set")
    from policy_service.retrieval.remote import open_weaviate_index

    return open_weaviate_index(url=URL, api_key="", provisions=provisions, encoder=word_encoder)


def test_every_store_finds_and_filters(index):
    """Either store finds the answer first, keeps filters and limits, and answers alike twice."""
    found = index.search("mask the card number on display", limit=2)
    assert found[0].provision.id == "pci/3.4.1"
    assert len(found) == 2
    assert index.search("mask the card number on display", limit=2) == found
    only = index.search("data", kinds=frozenset({ControlKind.ERASURE}))
    assert [one.provision.id for one in only] == ["gdpr/art-17"]
    assert not index.search("data", instruments=frozenset({"unknown"}))


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "http://"])
def test_a_wrong_address_is_refused(provisions, word_encoder, url):
    """An address that is no web address raises before anything is sent or embedded."""
    from policy_service.retrieval.remote import open_weaviate_index

    with pytest.raises(RetrievalError, match="the weaviate url is wrong"):
        open_weaviate_index(url=url, api_key="", provisions=provisions, encoder=word_encoder)
    assert word_encoder.encoded == []


def test_a_server_that_does_not_answer_is_reported(provisions, word_encoder):
    """A closed port raises one line with the host, never the key, before anything is embedded."""
    pytest.importorskip("weaviate")
    from policy_service.retrieval.remote import open_weaviate_index

    with pytest.raises(RetrievalError, match=r"`127\.0\.0\.1:1` does not answer") as raised:
        open_weaviate_index(
            url="http://127.0.0.1:1",
            api_key="a-secret",
            provisions=provisions,
            encoder=word_encoder,
        )
    assert "a-secret" not in str(raised.value)
    assert word_encoder.encoded == []
