"""The lean face of the PDP: the router's answers without the router, and its own limits."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from policy_service.api.access import Limits
from policy_service.api.application import create_api
from policy_service.api.decision_line import DecisionLine
from policy_service.api.edge import MAX_BODY_BYTES
from policy_service.api.pdp_access import PdpAccess
from policy_service.api.pdp_gate import REMEMBERED_S, Gate
from policy_service.app import create_decision_point, create_web
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import UsageError
from policy_service.kit.clock import FixedClock
from policy_service.workflows.accounts import make_api_token, revoke_api_token
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.decision_batches import (
    Answer,
    Ask,
    DecisionQueue,
    OverloadedError,
    denied,
)
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.platform import Platform
from policy_service.workflows.reading import find_decision
from policy_service.workflows.recorded_decisions import find_recorded
from tests.fixtures.decision_point import ALLOWED, DENIED

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"


def _body(request: object = ALLOWED) -> dict[str, object]:
    assert isinstance(request, type(ALLOWED))
    return {
        "subject": {"type": "user", "id": request.subject},
        "action": {"name": request.action},
        "resource": {"type": request.resource_type, "id": request.resource},
        "context": {"purpose": request.purpose},
    }


@pytest.fixture
def headers(decision_platform: Platform) -> dict[str, str]:
    """The header of an account that may ask for decisions."""
    _, secret = make_api_token(decision_platform, "pep", label="test")
    return {"Authorization": f"Bearer {secret}", "X-Request-ID": "req-1"}


@pytest.fixture
def client(decision_platform: Platform) -> Iterator[TestClient]:
    """A decision point and nothing else."""
    closed: list[bool] = []
    app = create_decision_point(decision_platform, on_close=lambda: closed.append(True))
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened
    assert closed == [True]


@pytest.fixture
def routed(decision_platform: Platform) -> Iterator[TestClient]:
    """The same service by its FastAPI routes."""
    app = create_api(
        decision_platform, jobs=JobRunner(decision_platform), desk=DecisionDesk(decision_platform)
    )
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


LIST = {"evaluations": [{"resource": _body(DENIED)["resource"]}, {}, {"subject": 1}], **_body()}
SEARCH = {**_body(), "subject": {"type": "user"}}


CASES = (
    (EVALUATION, json.dumps(_body())),
    (EVALUATION, json.dumps(_body(DENIED))),
    (EVALUATION, json.dumps({**_body(), "options": {"explain": True}})),
    (EVALUATIONS, json.dumps(_body())),
    (EVALUATIONS, json.dumps(LIST)),
    (EVALUATIONS, json.dumps({**LIST, "options": {"evaluations_semantic": "sideways"}})),
    (EVALUATIONS, json.dumps({**LIST, "options": {"evaluations_semantic": "deny_on_first_deny"}})),
    (EVALUATION, ""),
    (EVALUATION, "{"),
    (EVALUATION, "[]"),
    (EVALUATION, '{"subject": "teller-1"}'),
    (EVALUATIONS, '{"evaluations": {}}'),
)


def test_both_faces_answer_alike(
    client: TestClient, routed: TestClient, headers: dict[str, str]
) -> None:
    """Status and body are the router's, but for the decisions' ids."""
    sent = {**headers, "Content-Type": "application/json"}
    for path, content in CASES:
        lean = client.post(path, content=content, headers=sent)
        full = routed.post(path, content=content, headers=sent)
        assert lean.status_code == full.status_code, content
        assert _without_ids(lean.json()) == _without_ids(full.json()), content
        assert lean.headers["content-type"] == full.headers["content-type"]
        assert lean.headers["x-request-id"] == "req-1"
        assert lean.headers["cache-control"] == "no-store"


def test_a_search_is_answered_in_pages(client: TestClient, headers: dict[str, str]) -> None:
    """The search endpoints stand beside the evaluations."""
    answer = client.post("/access/v1/search/subject", json=SEARCH, headers=headers)
    assert [one["id"] for one in answer.json()["results"]] == ["teller-1", "teller-2"]


def test_a_decision_names_who_asked(
    client: TestClient, headers: dict[str, str], decision_platform: Platform
) -> None:
    """The record says which enforcement point asked, beside whom it asked about."""
    answer = client.post(EVALUATION, json=_body(), headers=headers).json()
    found = find_recorded(decision_platform, answer["context"]["decision_id"])
    assert (found.pep, found.record.request.subject) == ("account:pep", "teller-1")


@pytest.mark.parametrize(
    ("given", "status"), [({}, 401), ({"Authorization": "Bearer pst_wrong"}, 401)]
)
def test_who_is_not_known_is_not_answered(
    client: TestClient, given: dict[str, str], status: int
) -> None:
    """Without a token, or with a wrong one, there is a problem document and no decision."""
    answer = client.post(EVALUATION, json=_body(), headers=given)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", EVALUATION, 405),
        ("PUT", EVALUATIONS, 405),
        ("GET", "/api/v1/drafts", 404),
        ("POST", "/healthz", 404),
        ("GET", "/healthz", 200),
        ("GET", "/.well-known/authzen-configuration", 200),
    ],
)
def test_a_decision_point_alone_offers_little(
    client: TestClient, method: str, path: str, status: int
) -> None:
    """Its own paths, its health and its description; nothing of the API."""
    assert client.request(method, path).status_code == status


def test_the_description_names_the_address_that_was_asked(client: TestClient) -> None:
    """Without a public address a client is sent back where it asked."""
    found = client.get("/.well-known/authzen-configuration").json()
    assert found["access_evaluation_endpoint"] == f"http://testserver{EVALUATION}"


def test_a_body_has_its_limit(client: TestClient, headers: dict[str, str]) -> None:
    """A body that is too large is refused before it is read whole."""
    parts = (b"x" * MAX_BODY_BYTES for _ in range(3))
    answer = client.post(EVALUATION, content=parts, headers=headers)
    assert answer.status_code == 413


def test_a_defect_shows_nothing(
    decision_platform: Platform, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is a 500 without a word of what it was about."""
    monkeypatch.setattr("policy_service.api.pdp_app.read_evaluation", lambda _: 1 / 0)
    with TestClient(create_decision_point(decision_platform, https=True)) as client:
        answer = client.post(EVALUATION, json=_body(), headers=headers)
    assert answer.status_code == 500
    assert "division" not in answer.text
    assert answer.headers["strict-transport-security"].startswith("max-age")


def test_the_whole_application_has_the_lean_face_in_front(
    decision_platform: Platform, headers: dict[str, str]
) -> None:
    """Decisions by the lean face, everything else by the API and the portal, one lifespan."""
    with TestClient(create_web(decision_platform), raise_server_exceptions=False) as client:
        answer = client.post(EVALUATION, json=_body(), headers=headers)
        assert "content-security-policy" not in answer.headers
        assert find_decision(decision_platform, answer.json()["context"]["decision_id"])
        found = client.get("/healthz")
        assert "content-security-policy" in found.headers
        assert client.get("/.well-known/authzen-configuration").status_code == 200


def test_a_revoked_token_is_remembered_for_a_moment_only(decision_platform: Platform) -> None:
    """Within two seconds of its revocation nobody is let in by a token."""
    token, secret = make_api_token(decision_platform, "pep", label="test")
    passed = [0.0]
    access = PdpAccess(decision_platform, limits=Limits(), monotonic=lambda: passed[0])
    gate = Gate(access, monotonic=lambda: passed[0])
    sent = {b"authorization": f"Bearer {secret}".encode()}
    assert gate.known({}, sent) is None
    assert gate.admit({"client": ("127.0.0.1", 1)}, sent) == "account:pep"
    revoke_api_token(decision_platform, token, account="pep")
    assert gate.known({}, sent) == "account:pep"
    passed[0] = REMEMBERED_S
    assert gate.known({}, sent) is None
    passed[0] = 2.0
    with pytest.raises(Exception, match="revoked"):
        gate.admit({}, sent)


class _SlowDesk:
    """A desk that answers when it is told to."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.groups: list[int] = []
        self.error: Exception | None = None

    def answer(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Deny whatever is asked."""
        self.groups.append(len(asks))
        self.may_answer.wait(10)
        if self.error is not None:
            raise self.error
        return [
            Answer(
                decisions=tuple(denied(DenyReason.NO_BUNDLE) for _ in ask.items), group="g", at="t"
            )
            for ask in asks
        ]


def test_what_arrives_together_is_answered_together() -> None:
    """One group for those who came at once, the next one for all who came meanwhile."""
    desk = _SlowDesk()
    desk.may_answer.set()

    async def drive() -> list[Answer]:
        line = DecisionLine(desk)
        asks = [line.ask(Ask(items=(ALLOWED,))) for _ in range(40)]
        answers = await asyncio.gather(*asks)
        large = Ask(items=(ALLOWED,) * 1_500)
        answers += await asyncio.gather(*(line.ask(large) for _ in range(3)))
        line.close()
        return list(answers)

    assert len(asyncio.run(drive())) == 43
    assert desk.groups == [40, 1, 1, 1]


def test_a_line_that_is_too_long_or_hangs_turns_callers_away() -> None:
    """Nobody waits for a dead disk: they are told at once, and an error reaches those inside."""
    desk = _SlowDesk()

    async def drive() -> None:
        line = DecisionLine(desk, most_waiting=2, longest_group_s=0.05)
        first = asyncio.ensure_future(line.ask(Ask(items=(ALLOWED,))))
        gone = asyncio.ensure_future(line.ask(Ask(items=(ALLOWED,))))
        await asyncio.sleep(0.01)
        second = asyncio.ensure_future(line.ask(Ask(items=(ALLOWED, ALLOWED))))
        gone.cancel()
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="too many decisions wait"):
            await line.ask(Ask(items=(ALLOWED,)))
        await asyncio.sleep(0.1)
        with pytest.raises(OverloadedError):
            await line.ask(Ask(items=()))
        desk.error = UsageError("broken")
        desk.may_answer.set()
        for waiting in (first, second):
            with pytest.raises(UsageError):
                await waiting
        line.close()

    asyncio.run(drive())


def test_an_overloaded_decision_point_says_when_to_come_again(
    decision_platform: Platform, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with `Retry-After`: an enforcement point denies meanwhile."""

    async def full(self: DecisionLine, ask: Ask) -> Answer:
        raise OverloadedError("too many decisions wait; ask again in a second", retry_after_s=1)

    monkeypatch.setattr(DecisionLine, "ask", full)
    with TestClient(create_decision_point(decision_platform)) as client:
        answer = client.post(EVALUATION, json=_body(), headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_queue_of_threads_is_bounded() -> None:
    """Threads are turned away like callers of the network, and large groups are cut."""
    desk = _SlowDesk()
    queue = DecisionQueue(desk.answer, most_in_group=2, most_waiting=3)
    threads = [
        threading.Thread(target=queue.ask, args=([Ask(items=(ALLOWED,) * size)],))
        for size in (1, 2, 1)
    ]
    for thread in threads:
        thread.start()
        while not desk.groups or (thread is not threads[0] and not queue._waiting):
            time.sleep(0.001)
    while len(queue._waiting) < 2:
        time.sleep(0.001)
    with pytest.raises(OverloadedError):
        queue.ask([Ask(items=(ALLOWED,))])
    desk.may_answer.set()
    for thread in threads:
        thread.join(10)
    assert desk.groups == [1, 1, 1]


def test_an_overloaded_desk_denies_who_cannot_be_told(
    decision_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls that never raise answer an overload by a denial."""

    def full(self: DecisionQueue, asks: Sequence[Ask]) -> Sequence[Answer]:
        raise OverloadedError("full", retry_after_s=1)

    monkeypatch.setattr(DecisionQueue, "ask", full)
    record = DecisionDesk(decision_platform).decide(ALLOWED)
    assert record.decision.reason is DenyReason.INTERNAL_ERROR


def test_a_bundle_past_its_time_denies(
    client: TestClient, headers: dict[str, str], decision_platform: Platform, clock: FixedClock
) -> None:
    """Staleness is seen on the wire as on the desk."""
    clock.advance(timedelta(days=31))
    answer = client.post(EVALUATION, json=_body(), headers=headers).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "stale_bundle")


def _without_ids(answer: object) -> object:
    if isinstance(answer, dict):
        return {name: _without_ids(one) for name, one in answer.items() if name != "decision_id"}
    return [_without_ids(one) for one in answer] if isinstance(answer, list) else answer
