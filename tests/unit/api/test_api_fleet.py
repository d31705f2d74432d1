"""The fleet's API: documents, differences, events, reports, and who may fetch them."""

import asyncio

import pytest

from policy_service.api.fleet_events import ChangeFeed
from policy_service.api.routers.fleet import fleet_of
from policy_service.domain.errors import StorageError
from policy_service.storage.fleet import Standing
from tests.fixtures.fleet import publish_stricter
from tests.fixtures.web import Web

REPORT = {"name": "orders-1", "source": "bank", "revision": 1, "stale": False}


def test_a_point_fetches_the_difference_by_what_it_has(web: Web) -> None:
    """`since` answers the difference with the tag of the whole; the tag alone answers 304."""
    web.publish()
    publish_stricter(web.platform)
    token = web.token("orders-1")
    whole = web.client.get("/api/v1/bundles/bank/live", headers=token)
    short = web.client.get("/api/v1/bundles/bank/live?since=1", headers=token)
    assert whole.headers["content-type"] == "application/json"
    assert short.headers["content-type"] == "application/vnd.policy-service.delta+json"
    assert short.headers["etag"] == whole.headers["etag"] == f'"{whole.json()["sha256"]}"'
    assert short.json()["sha256"] == whole.json()["sha256"]
    known = {**token, "If-None-Match": whole.headers["etag"]}
    assert web.client.get("/api/v1/bundles/bank/live?since=2", headers=known).status_code == 304
    assert web.client.get("/api/v1/bundles/shop/live", headers=token).status_code == 404


def test_people_and_keys_are_fetched_alike(web: Web) -> None:
    """The directory has a tag; of the keys come the versions after the one that is known."""
    token = web.token("orders-1")
    people = web.client.get("/api/v1/fleet/directory", headers=token)
    assert people.json()["directory"]["sequence"] == 1
    known = {**token, "If-None-Match": people.headers["etag"]}
    assert web.client.get("/api/v1/fleet/directory", headers=known).status_code == 304
    keys = web.client.get("/api/v1/fleet/keysets", headers=token).json()
    assert [one["keyset"]["version"] for one in keys] == [1]
    assert web.client.get("/api/v1/fleet/keysets?after=1", headers=token).json() == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v1/fleet/directory"), ("POST", "/api/v1/fleet/reports")]
)
def test_people_are_not_for_everybody(web: Web, method: str, path: str) -> None:
    """Who only reads policies fetches no people and reports for no point."""
    answer = web.client.request(method, path, json=REPORT, headers=web.token("ole"))
    assert answer.status_code == 403
    assert web.client.request(method, path, json=REPORT).status_code == 401


def test_a_report_is_shown_with_what_it_means(web: Web) -> None:
    """What a point says is listed with its account and its state; the next report replaces it."""
    web.publish()
    for revision in (7, 1):
        body = {**REPORT, "revision": revision, "unknown": "ignored"}
        answer = web.client.post("/api/v1/fleet/reports", json=body, headers=web.token("orders-1"))
        assert (answer.status_code, answer.content) == (204, b"")
    (shown,) = web.client.get("/api/v1/fleet", headers=web.token("vera")).json()
    assert (shown["name"], shown["account"], shown["state"]) == ("orders-1", "orders-1", "current")
    assert (shown["revision"], shown["live_revision"]) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a b"},
        {"error": "two\nlines"},
        {"error": "x" * 301},
        {"revision": -1},
        {"revision": 2**40},
        {"every_s": 0},
        {"in_force_since": "<script>"},
        {"source": ""},
    ],
)
def test_a_wrong_report_is_refused_whole(web: Web, wrong: dict) -> None:
    """What does not fit is named by its field, and nothing is kept."""
    body = {**REPORT, **wrong}
    answer = web.client.post("/api/v1/fleet/reports", json=body, headers=web.token("orders-1"))
    assert answer.status_code == 422
    assert web.client.get("/api/v1/fleet", headers=web.token("ole")).json() == []


def test_the_feed_tells_changes_once_and_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener hears what stands, then each change; who was cut off hears what it missed."""
    monkeypatch.setattr("policy_service.api.fleet_events.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("policy_service.api.fleet_events.ALIVE_EVERY_S", 0.05)
    standing = [Standing(revisions=(("bank", 1),), people="", signatures="", keyset=1)]
    failing = [False]

    def read() -> Standing:
        if failing[0]:
            raise StorageError("the state is away")
        return standing[0]

    async def listen() -> list[str]:
        feed = ChangeFeed(read)
        stream = feed.follow("bank", "")
        heard = [await anext(stream), await anext(stream)]
        standing[0] = Standing(revisions=(("bank", 2),), people="", signatures="", keyset=1)
        heard.append(await anext(stream))
        failing[0] = True
        heard.append(await anext(stream))
        failing[0] = False
        late = feed.follow("bank", "1-1--")
        heard.extend([await anext(late), await anext(late)])
        await stream.aclose()
        await late.aclose()
        assert feed._watch is not None
        await feed._watch
        return heard

    first, one, two, alive, _, missed = asyncio.run(listen())
    assert (first, alive) == (": listening\n\n", ": still here\n\n")
    assert one == 'id: 1-1--\nevent: change\ndata: {"revision": 1}\n\n'
    assert two == missed == 'id: 2-1--\nevent: change\ndata: {"revision": 2}\n\n'


def test_a_stream_ends_so_that_its_token_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After ten minutes a stream is over; the point comes back with its last event."""
    monkeypatch.setattr("policy_service.api.fleet_events.LONGEST_S", 0.0)
    standing = Standing(revisions=(), people="", signatures="", keyset=0)

    async def listen() -> list[str]:
        return [line async for line in ChangeFeed(lambda: standing).follow("bank", "")]

    assert asyncio.run(listen()) == [": listening\n\n"]


def test_the_event_stream_needs_a_reader(web: Web) -> None:
    """Nobody follows changes without a token, or of a source of which nothing is live."""
    path = "/api/v1/bundles/bank/events"
    assert web.client.get(path).status_code == 401
    assert web.client.get(path, headers=web.token("ole")).status_code == 404
    request = type("Request", (), {"app": type("App", (), {"state": type("S", (), {"fleet": 1})})})
    with pytest.raises(TypeError, match="create_api"):
        fleet_of(request)


def test_a_point_reads_policies_and_nothing_else(web: Web) -> None:
    """A data service's token fetches and reports; drafts, clauses and decisions stay people's."""
    headers = web.token("orders-1")
    assert web.client.get("/api/v1/fleet/keysets", headers=headers).status_code == 200
    for path in ("fleet", "drafts", "corpus/instruments", "decisions", "audit/entries"):
        assert web.client.get(f"/api/v1/{path}", headers=headers).status_code == 403, path
