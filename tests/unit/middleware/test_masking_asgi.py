"""The ASGI middleware shows masked JSON on declared routes, or nothing."""

import re

import pytest
from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from policy_service.middleware.asgi import Caller, GuardedRoute, MaskingMiddleware, Scope
from policy_service.middleware.records import RecordMapping
from tests.laws.sql_probe_bank import KEYS, Views, bank

CLIENT = bank()[0]


def caller_of(scope: Scope) -> Caller | None:
    """Read the caller from a header, as a service's own authentication would."""
    subject = dict(scope["headers"]).get(b"x-subject", b"").decode()
    return Caller(subject=subject, purpose="service") if subject else None


@pytest.fixture
def service() -> TestClient:
    """A service with guarded and free routes."""
    app = FastAPI()

    @app.get("/clients")
    def clients() -> list[dict[str, object]]:
        return [
            {"mail": "CANARY@x.org", "place": 18, "note": "CANARY"},
            {"mail": "CANARY@x.org", "place": 1},
        ]

    @app.get("/clients/odd")
    def odd() -> str:
        return "CANARY"

    @app.get("/clients/text")
    def text() -> PlainTextResponse:
        return PlainTextResponse("CANARY")

    @app.get("/clients/error")
    def error() -> None:
        raise HTTPException(status_code=422, detail="CANARY")

    @app.websocket("/clients/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("CANARY")

    @app.get("/free")
    def free() -> str:
        return "open"

    mapping = RecordMapping(table=CLIENT.id, fields=(("mail", "email"), ("place", "district_id")))
    routes = [GuardedRoute(path=re.compile("/clients(/.*)?"), mapping=mapping)]
    guarded = MaskingMiddleware(
        app, routes=routes, caller_of=caller_of, pdp=Views(bank()), keys=KEYS
    )
    return TestClient(guarded)


def test_declared_routes_are_filtered_and_masked(service: TestClient) -> None:
    """Records come filtered and masked, with a fitting length."""
    answer = service.get("/clients", headers={"x-subject": "teller-7"})
    assert answer.json() == [{"mail": "[redacted]", "place": 18}]
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("path", "status"), [("/clients/odd", 403), ("/clients/text", 403), ("/clients/error", 422)]
)
def test_what_cannot_be_masked_is_withheld(service: TestClient, path: str, status: int) -> None:
    """Other shapes, other media types and error bodies show nothing of the answer."""
    answer = service.get(path, headers={"x-subject": "teller-7"})
    assert answer.status_code == status
    assert "CANARY" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_unknown_callers_get_nothing(service: TestClient) -> None:
    """Without a caller a declared route answers 403."""
    assert service.get("/clients").status_code == 403


def test_other_routes_pass_unchanged(service: TestClient) -> None:
    """A route that is not declared is none of the middleware's business."""
    assert service.get("/free").json() == "open"


def test_websockets_of_declared_routes_are_closed(service: TestClient) -> None:
    """Messages are not masked, so a declared route opens no socket."""
    with (
        pytest.raises(WebSocketDisconnect) as caught,
        service.websocket_connect("/clients/live", headers={"x-subject": "teller-7"}),
    ):
        raise AssertionError("the socket was opened")
    assert caught.value.code == 1008
