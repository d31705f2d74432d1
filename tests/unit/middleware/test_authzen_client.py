"""The AuthZEN client reads decisions and turns every failure into a denial."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import AccessRequest, DenyReason, Obligations
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.middleware.client import DecisionPointClient

REQUEST = AccessRequest(
    subject="teller-7",
    resource="bank.public.client.email",
    action="read",
    purpose="service",
    context=Parameters(channel="web"),
)


class Point:
    """A decision point that answers what it is told to."""

    status = 200
    body = b"{}"
    location = ""
    seen: dict[str, object]


@pytest.fixture
def point() -> Iterator[tuple[Point, str]]:
    """A running HTTP server with its address."""
    told = Point()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.seen = {
                "path": self.path,
                "token": self.headers["Authorization"],
                "body": json.loads(self.rfile.read(length)),
            }
            self.send_response(told.status)
            if told.location:
                self.send_header("Location", told.location)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            return None

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield told, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_asks_and_reads_as_the_standard_says(point: tuple[Point, str]) -> None:
    """The request has the standard's shape, and obligations come back typed."""
    told, url = point
    obligations = Obligations(control=Control(operator=Operator.REDACT))
    told.body = json.dumps(
        {
            "decision": True,
            "context": {
                "revision": 4,
                "rules": ["R-0001"],
                "obligations": to_plain(obligations),
            },
        }
    ).encode()
    decision = DecisionPointClient(url, token="t").evaluate(REQUEST)
    assert decision.allow
    assert (decision.revision, decision.rules) == (4, ("R-0001",))
    assert decision.obligations == obligations
    assert told.seen == {
        "path": "/access/v1/evaluation",
        "token": "Bearer t",
        "body": {
            "subject": {"type": "user", "id": "teller-7"},
            "resource": {"type": "asset", "id": "bank.public.client.email"},
            "action": {"name": "read"},
            "context": {"channel": "web", "purpose": "service"},
        },
    }


def test_reads_a_denial_with_its_reason(point: tuple[Point, str]) -> None:
    """A denial keeps its reason; one without a known reason is a denial all the same."""
    told, url = point
    told.body = b'{"decision": false, "context": {"reason": "stale_bundle", "revision": 2}}'
    decision = DecisionPointClient(url).evaluate(REQUEST)
    assert (decision.allow, decision.reason) == (False, DenyReason.STALE_BUNDLE)
    told.body = b'{"decision": false}'
    assert DecisionPointClient(url).evaluate(REQUEST).reason is DenyReason.NO_MATCHING_RULE


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"decision": true}'),
        (401, b""),
        (200, b""),
        (200, b"[]"),
        (200, b'{"decision": "true"}'),
        (200, b'{"decision": 1}'),
        (200, b'{"decision": true, "context": []}'),
        (200, b'{"decision": true, "context": {"obligations": {"unknown": 1}}}'),
        (200, b'{"decision": true, "context": {"obligations": null}}'),
        (200, b'{"decision": true, "context": {"revision": "x"}}'),
        (200, b'{"decision": true, "context": {"rules": 1}}'),
        (200, b"[" * 100_000),
        (200, b'"' + b"x" * 1_048_577 + b'"'),
    ],
)
def test_whatever_is_wrong_is_a_denial(point: tuple[Point, str], status: int, body: bytes) -> None:
    """Errors, odd answers and unreadable obligations deny."""
    told, url = point
    told.status, told.body = status, body
    decision = DecisionPointClient(url).evaluate(REQUEST)
    assert (decision.allow, decision.reason) == (False, DenyReason.INTERNAL_ERROR)


def test_redirects_are_not_followed(point: tuple[Point, str]) -> None:
    """A redirect denies: the token must not go elsewhere."""
    told, url = point
    told.status, told.location = 302, f"{url}/elsewhere"
    assert not DecisionPointClient(url).evaluate(REQUEST).allow


def test_nobody_there_is_a_denial() -> None:
    """A decision point that does not answer denies."""
    assert not DecisionPointClient("http://127.0.0.1:9", timeout_s=1).evaluate(REQUEST).allow


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "nowhere"])
def test_addresses_other_than_http_are_refused(url: str) -> None:
    """Only http and https addresses are taken."""
    with pytest.raises(UsageError):
        DecisionPointClient(url)
