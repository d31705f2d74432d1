"""The AuthZEN client reads decisions and turns every failure into a denial."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import AccessRequest, DenyReason, Obligations
from policy_service.domain.errors import AccessDeniedError, UsageError
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.enforcement.authzen import MAX_EVALUATIONS, EvaluationsSemantic
from policy_service.middleware.client import DecisionPointClient
from policy_service.middleware.json_connection import client_tls

REQUEST = AccessRequest(
    subject="teller-7",
    resource="bank.public.client.email",
    action="read",
    purpose="service",
    context=Parameters(channel="web"),
)
PERMIT, DENIAL = {"decision": True}, {"decision": False}


class Point:
    """A decision point that answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.media_type = "application/json; charset=utf-8"
        self.headers: dict[str, str] = {}
        self.answer: Callable[[dict], object] | None = None
        self.closes = False
        self.seen: list[dict] = []
        self.connections = 0


@pytest.fixture
def point() -> Iterator[tuple[Point, str]]:
    """A running HTTP server with its address."""
    told = Point()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5
        disable_nagle_algorithm = True

        def setup(self) -> None:
            told.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
            content = told.body if told.answer is None else json.dumps(told.answer(body)).encode()
            self.send_response(told.status)
            self.send_header("Content-Type", told.media_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = told.closes

        def log_message(self, *_: object) -> None:
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield told, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(point: tuple[Point, str]) -> Iterator[DecisionPointClient]:
    """A client of the point."""
    client = DecisionPointClient(point[1], token="t", make_id=lambda: "req-1")
    yield client
    client.close()


def test_asks_and_reads_as_the_standard_says(
    point: tuple[Point, str], ask: DecisionPointClient
) -> None:
    """The request has the standard's shape, and obligations come back typed."""
    told, _ = point
    obligations = Obligations(control=Control(operator=Operator.REDACT))
    context = {"revision": 4, "rules": ["R-0001"], "obligations": to_plain(obligations)}
    told.body = json.dumps({"decision": True, "context": context}).encode()
    decision = ask.evaluate(REQUEST)
    assert decision.allow
    assert (decision.revision, decision.rules) == (4, ("R-0001",))
    assert decision.obligations == obligations
    (seen,) = told.seen
    assert seen["path"] == "/access/v1/evaluation"
    assert seen["headers"]["Authorization"] == "Bearer t"
    assert seen["headers"]["X-Request-ID"] == "req-1"
    assert seen["body"] == {
        "subject": {"type": "user", "id": "teller-7"},
        "resource": {"type": "asset", "id": "bank.public.client.email"},
        "action": {"name": "read"},
        "context": {"channel": "web", "purpose": "service"},
    }


def test_sends_what_it_knows_of_the_resource(
    point: tuple[Point, str], ask: DecisionPointClient
) -> None:
    """Type and properties go along; a purpose that is not there is not sent as an empty one."""
    told, _ = point
    request = AccessRequest(
        subject="rick",
        resource="todo-1",
        resource_type="todo",
        action="update",
        purpose="",
        properties=Parameters(ownerID="rick@example.org"),
    )
    ask.evaluate(request)
    assert told.seen[0]["body"]["resource"] == {
        "type": "todo",
        "id": "todo-1",
        "properties": {"ownerID": "rick@example.org"},
    }
    assert told.seen[0]["body"]["context"] == {}


def test_reads_a_denial_with_its_reason(point: tuple[Point, str], ask: DecisionPointClient) -> None:
    """A denial keeps its reason; one without a known reason is a denial all the same."""
    told, _ = point
    told.body = b'{"decision": false, "context": {"reason": "stale_bundle", "revision": 2}}'
    decision = ask.evaluate(REQUEST)
    assert (decision.allow, decision.reason) == (False, DenyReason.STALE_BUNDLE)
    told.body = b'{"decision": false}'
    assert ask.evaluate(REQUEST).reason is DenyReason.NO_MATCHING_RULE


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"decision": true}'),
        (204, b'{"decision": true}'),
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
        (200, b'"' + b"x" * 4_194_305 + b'"'),
    ],
)
def test_whatever_is_wrong_is_a_denial(
    point: tuple[Point, str], ask: DecisionPointClient, status: int, body: bytes
) -> None:
    """Errors, odd answers and unreadable obligations deny, one by one and in a list."""
    told, _ = point
    told.status, told.body = status, body
    decision = ask.evaluate(REQUEST)
    assert (decision.allow, decision.reason) == (False, DenyReason.INTERNAL_ERROR)
    decisions = ask.evaluate_many([REQUEST, REQUEST])
    assert [one.reason for one in decisions] == [DenyReason.INTERNAL_ERROR] * 2


@pytest.mark.parametrize(
    ("media_type", "headers"),
    [("text/html", {}), ("application/json", {"X-Request-ID": "another"})],
)
def test_the_answer_must_be_json_and_to_this_request(
    point: tuple[Point, str], ask: DecisionPointClient, media_type: str, headers: dict[str, str]
) -> None:
    """A page of a proxy, or an answer that belongs to somebody else, permits nothing."""
    told, _ = point
    told.body, told.media_type, told.headers = b'{"decision": true}', media_type, headers
    assert not ask.evaluate(REQUEST).allow


def test_redirects_are_not_followed(point: tuple[Point, str], ask: DecisionPointClient) -> None:
    """A redirect denies: the token must not go elsewhere."""
    told, url = point
    told.status, told.headers = 302, {"Location": f"{url}/elsewhere"}
    assert not ask.evaluate(REQUEST).allow
    assert len(told.seen) == 1


def test_connections_are_kept(point: tuple[Point, str], ask: DecisionPointClient) -> None:
    """Several requests share one; where the server has closed it, another is opened."""
    told, _ = point
    told.body = b'{"decision": true}'
    assert all(ask.evaluate(REQUEST).allow for _ in range(5))
    assert told.connections == 1
    told.closes = True  # the server says nothing of it, and the next request finds out
    assert all(ask.evaluate(REQUEST).allow for _ in range(3))
    assert told.connections == 3


def test_threads_share_a_client(point: tuple[Point, str], ask: DecisionPointClient) -> None:
    """Each gets the answer to its own question."""
    told, _ = point
    told.answer = lambda body: {"decision": body["subject"]["id"].endswith("0")}
    wrong: list[str] = []

    def work(first: int) -> None:
        for number in range(first, first + 20):
            request = AccessRequest(
                subject=f"s{number}", resource="r", action="read", purpose="service"
            )
            if ask.evaluate(request).allow is not (number % 10 == 0):
                wrong.append(request.subject)

    threads = [threading.Thread(target=work, args=(100 * place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_nobody_there_is_a_denial() -> None:
    """A decision point that does not answer denies."""
    assert not DecisionPointClient("http://127.0.0.1:9", timeout_s=1).evaluate(REQUEST).allow


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"])
def test_a_slow_answer_is_a_denial(says: bytes) -> None:
    """The time limit holds for the whole answer, however slowly it trickles in."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(says)
                try:
                    for _ in range(100):
                        connection.sendall(b" ")
                        time.sleep(0.02)
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert not DecisionPointClient(url, timeout_s=0.1).evaluate(REQUEST).allow
        thread.join()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "nowhere"])
def test_addresses_other_than_http_are_refused(url: str) -> None:
    """Only http and https addresses are taken."""
    with pytest.raises(UsageError):
        DecisionPointClient(url)


@pytest.mark.parametrize("host", ["pdp.example", "10.0.0.8"])
def test_a_credential_is_not_sent_in_the_clear(host: str) -> None:
    """A token needs https, but for this machine itself."""
    with pytest.raises(UsageError, match="needs https"):
        DecisionPointClient(f"http://{host}", token="t")
    DecisionPointClient(f"http://{host}")
    DecisionPointClient("http://localhost:8000", token="t")
    DecisionPointClient(f"https://{host}", token="t")


def test_files_of_tls_must_be_usable(tmp_path: Path) -> None:
    """What cannot be used is named before anything is asked."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(UsageError, match="no CA certificate"):
        client_tls(ca=wrong)
    with pytest.raises(UsageError, match="go together"):
        client_tls(certificate=wrong)
    with pytest.raises(UsageError, match="cannot be used"):
        client_tls(certificate=wrong, key=wrong)


def _requests(number: int) -> list[AccessRequest]:
    return [
        AccessRequest(subject=f"s{place}", resource="r", action="read", purpose="service")
        for place in range(number)
    ]


def test_many_requests_go_in_few_messages(
    point: tuple[Point, str], ask: DecisionPointClient
) -> None:
    """As many as the standard's list may hold go in one; the order is that of the requests."""
    told, _ = point
    told.answer = lambda body: {
        "evaluations": [{"decision": one["subject"]["id"] == "s3"} for one in body["evaluations"]]
    }
    decisions = ask.evaluate_many(_requests(MAX_EVALUATIONS + 2))
    assert [place for place, one in enumerate(decisions) if one.allow] == [3]
    assert len(decisions) == MAX_EVALUATIONS + 2
    assert [len(seen["body"]["evaluations"]) for seen in told.seen] == [MAX_EVALUATIONS, 2]
    assert told.seen[0]["path"] == "/access/v1/evaluations"
    assert ask.evaluate_many([]) == ()


@pytest.mark.parametrize(
    ("semantic", "items", "allowed"),
    [
        ("execute_all", [PERMIT, DENIAL, PERMIT], [True, False, True]),
        ("deny_on_first_deny", [PERMIT, DENIAL], [True, False]),
        ("deny_on_first_deny", [PERMIT, PERMIT, PERMIT], [True, True, True]),
        ("permit_on_first_permit", [DENIAL, PERMIT], [False, True]),
        # what does not fit is denied whole
        ("execute_all", [PERMIT, PERMIT], [False, False, False]),
        ("execute_all", [PERMIT] * 4, [False, False, False]),
        ("execute_all", [], [False, False, False]),
        ("execute_all", "x", [False, False, False]),
        ("deny_on_first_deny", [PERMIT, PERMIT], [False]),
        ("deny_on_first_deny", [DENIAL, PERMIT], [False]),
        ("permit_on_first_permit", [DENIAL], [False, False, False]),
        ("permit_on_first_permit", [PERMIT, PERMIT], [False, False, False]),
    ],
)
def test_lists_are_read_by_their_semantic(
    point: tuple[Point, str],
    ask: DecisionPointClient,
    semantic: str,
    items: list[object],
    allowed: list[bool],
) -> None:
    """A list ends where its semantic says; one that ends elsewhere permits nothing."""
    told, _ = point
    told.body = json.dumps({"evaluations": items}).encode()
    decisions = ask.evaluate_many(_requests(3), semantic=EvaluationsSemantic(semantic))
    assert [one.allow for one in decisions] == allowed
    assert told.seen[0]["body"]["options"] == {"evaluations_semantic": semantic}


def test_searches_are_read_page_by_page(point: tuple[Point, str], ask: DecisionPointClient) -> None:
    """Each search leaves out what it asks for, and goes on with the token of the page before."""
    told, _ = point
    pages = {
        None: {"results": [{"type": "user", "id": "ada"}], "page": {"next_token": "t1"}},
        "t1": {"results": [{"type": "user", "id": "bob"}], "page": {"next_token": ""}},
    }
    told.answer = lambda body: pages[body["page"].get("token")]
    assert list(ask.search_subjects(REQUEST)) == ["ada", "bob"]
    assert [seen["path"] for seen in told.seen] == ["/access/v1/search/subject"] * 2
    assert told.seen[0]["body"]["subject"] == {"type": "user"}
    told.answer = lambda _: {"results": [{"type": "todo", "id": "1"}]}
    todo = AccessRequest(
        subject="ada", resource="", resource_type="todo", action="read", purpose=""
    )
    assert list(ask.search_resources(todo)) == ["1"]
    assert told.seen[-1]["body"]["resource"] == {"type": "todo"}
    told.answer = lambda _: {"results": [{"name": "read"}]}
    assert list(ask.search_actions(REQUEST)) == ["read"]
    assert "action" not in told.seen[-1]["body"]
    with pytest.raises(UsageError, match="type of the resources"):
        ask.search_resources(REQUEST)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"results": {}},
        {"results": [1]},
        {"results": [{"id": 1}]},
        {"results": [], "page": []},
        {"results": [], "page": {"next_token": 1}},
        {"results": [], "page": {"next_token": "same"}},
    ],
)
def test_a_search_without_a_whole_answer_is_an_error(
    point: tuple[Point, str], ask: DecisionPointClient, answer: object
) -> None:
    """Nobody must take half an answer, or none, for everything there is."""
    told, _ = point
    told.answer = lambda _: answer
    with pytest.raises(AccessDeniedError, match="did not answer"):
        list(ask.search_subjects(REQUEST))
