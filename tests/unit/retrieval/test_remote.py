"""What opening an index in Weaviate says where no server answers, or the request is wrong."""

import pytest

from policy_service.domain.errors import RetrievalError


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


@pytest.mark.parametrize("tenant", ["", "a tenant", "x" * 41, "bank/../other"])
def test_a_tenant_that_weaviate_cannot_name_is_refused(provisions, word_encoder, tenant):
    """A tenant's name is checked before anything is sent; no two are ever folded into one."""
    from policy_service.retrieval.remote import open_weaviate_index

    with pytest.raises(RetrievalError, match="is no name for weaviate"):
        open_weaviate_index(
            url="http://127.0.0.1:1",
            api_key="",
            provisions=provisions,
            encoder=word_encoder,
            tenant=tenant,
        )
    assert word_encoder.encoded == []
