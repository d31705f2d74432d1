"""What every store keeps: the same answers to the same filters, embedded or in Weaviate.

A small server on loopback stands in for Weaviate in every run and proves what our side sends.
The real one is asked where `POLICY_SERVICE_TEST_WEAVIATE_URL` names a server, with the key of
`POLICY_SERVICE_TEST_WEAVIATE_API_KEY`.
"""

import os
import uuid

import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.domain.provision import ControlKind, Instrument, InstrumentKind, Standing
from policy_service.retrieval.filters import Filters
from policy_service.retrieval.index import open_index

URL = os.environ.get("POLICY_SERVICE_TEST_WEAVIATE_URL", "")
KEY = os.environ.get("POLICY_SERVICE_TEST_WEAVIATE_API_KEY", "")
INSTRUMENTS = [
    Instrument(
        id=name,
        title=name,
        kind=InstrumentKind.LAW,
        jurisdictions=(place,),
        sectors=sectors,
        version="1",
        version_date="2024-01-01",
        url="",
    )
    for name, place, sectors in [("eu", "EU", ()), ("us", "US", ("health",)), ("de", "EU-DE", ())]
]


@pytest.fixture(params=["embedded", "loopback", "weaviate"])
def open_store(request, tmp_path, word_encoder):
    """Open either store over some provisions, as a tenant of this test alone."""
    if request.param == "weaviate" and not URL:
        pytest.skip("POLICY_SERVICE_TEST_WEAVIATE_URL is not set")
    tenant = f"test-{uuid.uuid4().hex[:12]}"
    server = {"url": URL, "api_key": KEY}
    indexes = []
    if request.param == "loopback":
        state = request.getfixturevalue("loopback")
        server = {
            "url": f"http://127.0.0.1:{state.http_port}",
            "api_key": "",
            "grpc_port": state.grpc_port,
        }

    def opened(provisions):
        if request.param == "embedded":
            return open_index(
                folder=tmp_path,
                provisions=provisions,
                instruments=INSTRUMENTS,
                encoder=word_encoder,
            )
        from policy_service.retrieval.remote import open_weaviate_index

        index = open_weaviate_index(
            **server,
            provisions=provisions,
            instruments=INSTRUMENTS,
            encoder=word_encoder,
            tenant=tenant,
        )
        indexes.append(index)
        return index

    yield opened
    for index in indexes:
        index.close()


@pytest.fixture
def texts(provision_of):
    """Provisions of three instruments, one of them in two versions, one unreviewed."""
    masking, erasure = ControlKind.MASKING, ControlKind.ERASURE
    return [
        provision_of("eu/1", "mask the card number on display", kinds=[masking]),
        provision_of("eu/2", "erase data", kinds=[erasure], categories=["user.contact"]),
        provision_of("eu/3", "keys rotate", version_date="2020-01-01", superseded="2025-01-01"),
        provision_of("eu/3", "keys rotate monthly", version_date="2025-01-01"),
        provision_of("us/1", "health data", standing=Standing.UNREVIEWED),
        provision_of("de/1", "national data", standing=Standing.APPROVED),
    ]


def _ids(index, question="data", **filters):
    found = index.search(question, limit=20, filters=Filters(**filters))
    return sorted(one.provision.id for one in found)


def test_the_nearest_comes_first_and_limits_hold(open_store, texts):
    """The answer comes first, a limit holds, and asking twice gives the same."""
    index = open_store(texts)
    found = index.search("mask the card number on display", limit=2)
    assert found[0].provision.id == "eu/1"
    assert len(found) == 2
    assert index.search("mask the card number on display", limit=2) == found
    assert found[0].after is not None
    assert found[0].after.id == "eu/2"


def test_every_filter_keeps_the_same(open_store, texts):
    """Instruments, place, sector, kind, category, date and standing narrow alike everywhere."""
    index = open_store(texts)
    assert _ids(index) == ["de/1", "eu/1", "eu/2", "eu/3", "us/1"]
    assert _ids(index, instruments=frozenset({"eu"})) == ["eu/1", "eu/2", "eu/3"]
    assert _ids(index, jurisdiction="EU") == ["eu/1", "eu/2", "eu/3"]
    assert _ids(index, jurisdiction="EU-DE") == ["de/1", "eu/1", "eu/2", "eu/3"]
    assert _ids(index, sector="Health") == ["de/1", "eu/1", "eu/2", "eu/3", "us/1"]
    assert _ids(index, sector="retail") == ["de/1", "eu/1", "eu/2", "eu/3"]
    assert _ids(index, kinds=frozenset({ControlKind.ERASURE})) == ["eu/2"]
    assert _ids(index, category="user.contact.email") == ["eu/1", "eu/2"]
    assert _ids(index, kinds=frozenset({ControlKind.ERASURE}), category="user.name") == []
    assert _ids(index, in_force="2024-12-31") == ["eu/3"]
    assert _ids(index, standings=frozenset({Standing.UNREVIEWED})) == ["us/1"]
    assert _ids(index, jurisdiction="EU-DE", standings=frozenset({Standing.APPROVED})) == ["de/1"]


def test_the_version_that_held_at_a_date_is_found(open_store, texts):
    """Of two versions under one id each is found at its own time."""
    index = open_store(texts)
    (old,) = index.search("keys", limit=1, filters=Filters(in_force="2024-12-31"))
    (new,) = index.search("keys", limit=1, filters=Filters(in_force="2025-01-01"))
    assert (old.provision.text, new.provision.text) == ("keys rotate", "keys rotate monthly")


def test_changed_content_replaces_the_old_and_embeds_only_what_is_new(
    open_store, texts, word_encoder, provision_of
):
    """What was taken out is no longer found, and one new text costs one embedding."""
    open_store(texts)
    word_encoder.encoded.clear()
    index = open_store([*texts[1:], provision_of("eu/9", "a duty that is new")])
    assert word_encoder.encoded == ["a duty that is new"]
    assert "eu/1" not in _ids(index)
    assert "eu/9" in _ids(index)


def test_reopening_embeds_nothing(open_store, texts, word_encoder):
    """A store that holds the content is used as it is."""
    open_store(texts)
    word_encoder.encoded.clear()
    open_store(texts)
    assert word_encoder.encoded == []


def test_an_unknown_name_is_refused(open_store, texts):
    """A filter by a name that nothing bears is an error in either store."""
    index = open_store(texts)
    with pytest.raises(RetrievalError, match="no instrument `ue` is indexed: nearest `us`, `eu`"):
        index.search("data", filters=Filters(instruments=frozenset({"ue"})))
