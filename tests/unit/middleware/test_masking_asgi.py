"""The ASGI middleware shows masked JSON on declared routes, or nothing."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from policy_service.domain.errors import MaskingError
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


_FREE = bank()[2]  # a table without row filters
NESTED = RecordMapping(
    table=CLIENT.id,
    fields=(("mail", "email"), ("place", "district_id")),
    rows_at=("data", "items"),
    nested=(
        ("accounts", RecordMapping(table=_FREE.id, fields=(("id", "A1"), ("mayor", "mayor")))),
        ("hidden", RecordMapping(table=bank()[3].id, fields=(("pin", "pin"),))),
        ("home", RecordMapping(table=CLIENT.id, fields=(("place", "district_id"),))),
    ),
)


async def _sent(
    messages: list[dict[str, object]], *, mapping: RecordMapping = NESTED, method: str = "GET"
) -> list[dict[str, object]]:
    """Run an app that sends just these messages; return what came out."""
    out: list[dict[str, object]] = []

    async def app(scope: Scope, receive: object, send: Callable[..., Awaitable[None]]) -> None:
        assert scope["extensions"] == {}
        assert [name for name, _ in scope["headers"]] == [b"x-subject"]
        for message in messages:
            await send(message)

    async def send(message: Any) -> None:
        out.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is asked")

    guarded = MaskingMiddleware(
        app,
        routes=[GuardedRoute(path=re.compile("/c"), mapping=mapping)],
        caller_of=caller_of,
        pdp=Views(bank()),
        keys=KEYS,
        largest_record_bytes=500,
    )
    scope = {
        "type": "http", "path": "/c", "method": method,
        "extensions": {"http.response.pathsend": {}},
        "headers": [(b"x-subject", b"t"), (b"range", b"bytes=0-1"), (b"accept-encoding", b"gzip")],
    }  # fmt: skip
    try:
        await guarded(scope, receive, send)
    except MaskingError as error:
        causes = (error.__cause__, error.__context__)  # a server would log them
        out.append({"broken": causes == (None, None)})
    return out


def _start(status: int = 200, **headers: str) -> dict[str, object]:
    given = {"content-type": "application/json", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _piece(body: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _run(messages: list[dict[str, object]], **rest: Any) -> tuple[int, bytes, bool]:
    """Return the status, the body that went out, and whether it was broken off."""
    out = asyncio.run(_sent(messages, **rest))
    body = b"".join(one.get("body", b"") for one in out)  # type: ignore[misc]  # bytes here
    return int(out[0]["status"]), body, out[-1].get("broken", False) is True  # type: ignore[call-overload]  # an int


def test_nested_records_flow_masked_as_they_come() -> None:
    """Each piece is answered by what it completes; nested tables by their own views."""
    rows = [
        {"mail": "CANARY@x", "place": 18, "accounts": [{"id": 1, "mayor": "CANARY"}],
         "hidden": {"pin": "CANARY"}, "home": {"place": 1}, "x": "CANARY"},
        {"mail": "CANARY@y", "place": 1, "accounts": []},
        {"mail": None, "place": 18, "home": None},
    ]  # fmt: skip
    text = json.dumps({"total": 3, "data": {"x": 1, "items": rows}, "next": "CANARY"}).encode()
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    messages = [_start(), *(_piece(one) for one in pieces), _piece(b"", more=False)]
    out = asyncio.run(_sent(messages))
    assert len(out) > 3
    body = b"".join(one.get("body", b"") for one in out)  # type: ignore[misc]  # bytes here
    assert json.loads(body) == {
        "data": {
            "items": [
                {"mail": "[redacted]", "place": 18, "accounts": [{"id": 1}], "home": None},
                {"mail": None, "place": 18, "home": None},
            ]
        }
    }


FIRST = b'{"data": {"items": [{"mail": "CANARY", "place": 18},'


@pytest.mark.parametrize(
    "rest",
    [
        [_piece(b'"CANARY"]}}', more=False)],
        [_piece(b'{"mail": "CANARY"}]}}', more=False)],
        [_piece(b'{"mail": "' + b"CANARY" * 200)],
        [_piece(b"", more=False)],
        [],
        [{"type": "http.response.trailers", "headers": []}],
        [{"type": "http.response.pathsend", "path": "/etc/passwd"}],
    ],
)
def test_what_goes_wrong_under_way_is_broken_off(rest: list[dict[str, object]]) -> None:
    """What was sent is masked and without an end; the rest is not sent, also not as an error."""
    later = [*rest, _start(500), _piece(b"CANARY", more=False)]
    status, body, broken = _run([_start(), _piece(FIRST), *later])
    assert (status, broken) == (200, True)
    assert body == b'{"data":{"items":[{"mail":"[redacted]","place":18}'
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(body)


@pytest.mark.parametrize(
    "messages",
    [
        [_start(206), _piece(b"[]", more=False)],
        [_start(content_encoding="gzip"), _piece(b"CANARY", more=False)],
        [_start(content_type="text/html"), _piece(b"CANARY", more=False)],
        [_start(), _piece(b"CANARY", more=False)],
        [_piece(FIRST)],
        [_start(799), _piece(b"CANARY", more=False)],
        [],
    ],
)
def test_what_cannot_be_masked_is_refused_before_it_begins(
    messages: list[dict[str, object]],
) -> None:
    """Parts, encodings, other media, other shapes: 403, and nothing of the answer."""
    status, body, broken = _run(messages)
    assert (status, broken) == (403, False)
    assert b"CANARY" not in body


def test_answers_without_a_body_pass() -> None:
    """HEAD, and what has no content, keep their status and lose what tells of the bytes."""
    status, body, _ = _run([_start(204), _piece(b"", more=False)])
    assert (status, body) == (204, b"")
    out = asyncio.run(
        _sent([_start(etag='"x"', content_length="9"), _piece(b"", more=False)], method="HEAD")
    )
    assert [name for name, _ in out[0]["headers"]] == [b"content-type"]  # type: ignore[attr-defined]  # pairs


def test_lines_of_json_are_masked_one_by_one() -> None:
    """Newline-delimited JSON, also without a last newline; a line that is none breaks it off."""
    mapping = RecordMapping(table=CLIENT.id, fields=(("place", "district_id"),))
    start = _start(content_type="application/x-ndjson")
    good = [_piece(b'{"place": 18}\n{"pla'), _piece(b'ce": 1}\n\n{"place": 18}', more=False)]
    assert _run([start, *good], mapping=mapping)[1] == b'{"place":18}\n{"place":18}\n'
    bad = [_piece(b'{"place": 18}\nCANARY\n'), _piece(b"", more=False)]
    assert _run([start, *bad], mapping=mapping)[0] == 403
    long = [_piece(b'{"place": 18}\n'), _piece(b"x" * 600)]
    status, body, broken = _run([start, *long], mapping=mapping)
    assert (status, body, broken) == (200, b'{"place":18}\n', True)
