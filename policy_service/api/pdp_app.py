"""The PDP's lean HTTP face: AuthZEN as a plain ASGI application, with nothing in between.

The same bodies as the router of the API, by the same functions; what it leaves out is the
framework. Requests that wait together are answered in groups (see `decision_line`). In the
whole web application it stands in front; alone it is a decision point and nothing else.
Source: OpenID AuthZEN Authorization API 1.0.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from policy_service.api.decision_line import DecisionLine
from policy_service.api.edge import read_body, request_id_of
from policy_service.api.pdp_gate import Gate
from policy_service.api.problems import (
    Problem,
    error_response,
    internal_error,
    problem_response,
)
from policy_service.domain.decision import Decision
from policy_service.domain.errors import PolicyServiceError
from policy_service.enforcement.authzen import (
    read_evaluation,
    read_evaluations,
    read_json,
    wants_explanation,
)
from policy_service.enforcement.authzen_answers import (
    CONFIGURATION_PATH,
    write_answer,
    write_configuration,
    write_evaluations,
)
from policy_service.enforcement.search import SearchKind, read_search, write_page
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.decision_batches import Ask, OverloadedError

_HSTS = b"max-age=31536000; includeSubDomains"  # RFC 6797
_OVERLOADED = Problem(503, "overloaded", "Too many decisions wait")
_NOT_FOUND = Problem(404, "not-found", "There is no such thing")
_NOT_ALLOWED = Problem(405, "method-not-allowed", "This method is not offered here")
_log = structlog.get_logger("policy_service.api")

_Headers: TypeAlias = "dict[bytes, bytes]"
_Handler: TypeAlias = "Callable[[object, str], Awaitable[bytes]]"


class DecisionPointApp:
    """Answers the paths of AuthZEN, and hands everything else to `otherwise`, if there is one."""

    def __init__(
        self,
        otherwise: ASGIApp | None = None,
        *,
        desk: DecisionDesk,
        gate: Gate,
        make_id: Callable[[str], str],
        https: bool = False,
        public_url: str | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self._otherwise = otherwise
        self._desk = desk
        self._gate = gate
        self._make_id = make_id
        self._public_url = public_url
        self._on_close = on_close
        self._line = DecisionLine(desk)
        self._headers = _common_headers(https=https)
        self._handlers: dict[str, _Handler] = {
            "/access/v1/evaluation": self._evaluate,
            "/access/v1/evaluations": self._evaluate_many,
            **{f"/access/v1/search/{kind}": _Search(desk, kind) for kind in SearchKind},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            handler = self._handlers.get(scope["path"])
            if handler is not None:
                await self._answer(handler, scope, receive, send)
                return
        if self._otherwise is not None:
            await self._otherwise(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer_rest(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        if scope["type"] == "lifespan":
            self.close()

    def close(self) -> None:
        """Let the last group end."""
        self._line.close()
        self._desk.close()
        if self._on_close is not None:
            self._on_close()

    async def _answer(self, handler: _Handler, scope: Scope, receive: Receive, send: Send) -> None:
        headers: _Headers = dict(scope["headers"])
        request_id = self._request_id(headers)
        try:
            content = await self._handle(handler, scope, headers, receive)
        except PolicyServiceError as error:
            await self._send_response(_problem(error), request_id, scope, receive, send)
            return
        except Exception as error:  # a defect: it is answered, logged, and nothing is shown of it
            _log.error("unhandled", kind=type(error).__name__, request_id=request_id.decode())
            await self._send_response(internal_error(), request_id, scope, receive, send)
            return
        await self._send(send, content, request_id)

    async def _handle(
        self, handler: _Handler, scope: Scope, headers: _Headers, receive: Receive
    ) -> bytes:
        if scope["method"] != "POST":
            raise _NotAllowedError("send it with POST")
        body = await read_body(receive)
        caller = self._gate.known(scope, headers)
        if caller is None:
            caller = await asyncio.to_thread(self._gate.admit, scope, headers)
        return await handler(
            read_json(headers.get(b"content-type", b"").decode("latin-1"), body), caller
        )

    async def _evaluate(self, body: object, caller: str) -> bytes:
        request = read_evaluation(body)
        explained = wants_explanation(body)
        answer = await self._line.ask(Ask(items=(request,), pep=caller))
        decision = answer.decisions[0]
        if not isinstance(decision, Decision):
            raise TypeError("a request that was read is answered by a decision")
        lines = await asyncio.to_thread(self._desk.explain, request) if explained else None
        return write_answer(decision, answer.ids()[0], lines)

    async def _evaluate_many(self, body: object, caller: str) -> bytes:
        boxcar = read_evaluations(body)
        answer = await self._line.ask(Ask(items=boxcar.items, semantic=boxcar.semantic, pep=caller))
        decisions, ids = answer.decisions, answer.ids()
        if boxcar.single and isinstance(decisions[0], Decision):
            return write_answer(decisions[0], ids[0])
        return write_evaluations(decisions, ids)

    async def _answer_rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what a decision point alone has beside its own paths."""
        headers: _Headers = dict(scope["headers"])
        request_id = self._request_id(headers)
        if scope["method"] in ("GET", "HEAD") and scope["path"] == CONFIGURATION_PATH:
            base = self._public_url or _base(scope, headers)
            await self._send(send, json.dumps(write_configuration(base)).encode(), request_id)
        elif scope["method"] in ("GET", "HEAD") and scope["path"] == "/healthz":
            await self._send(send, b'{"status":"ok"}', request_id)
        else:
            response = problem_response(_NOT_FOUND, "a decision point alone has no such path")
            await self._send_response(response, request_id, scope, receive, send)

    def _request_id(self, headers: _Headers) -> bytes:
        given = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
        return (given or self._make_id("req")).encode()

    async def _send(self, send: Send, content: bytes, request_id: bytes) -> None:
        length = str(len(content)).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    *self._headers,
                    (b"content-length", length),
                    (b"x-request-id", request_id),
                ],
            }
        )
        await send({"type": "http.response.body", "body": content})

    async def _send_response(
        self, response: Response, request_id: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an error; its own media type wins over the common one."""
        kept = {name for name, _ in response.raw_headers}
        response.raw_headers.extend(one for one in self._headers if one[0] not in kept)
        response.raw_headers.append((b"x-request-id", request_id))
        await response(scope, receive, send)


class _NotAllowedError(PolicyServiceError):
    """A path of ours, asked with another method."""


class _Search:
    """Searches of one kind."""

    def __init__(self, desk: DecisionDesk, kind: SearchKind) -> None:
        self._desk = desk
        self._kind = kind

    async def __call__(self, body: object, caller: str) -> bytes:
        """Answer one search."""
        query = read_search(self._kind, body)
        page = await asyncio.to_thread(self._desk.search, query, pep=caller)
        return json.dumps(write_page(page)).encode()


async def _live(receive: Receive, send: Send) -> None:
    """Start and end with the server."""
    for told in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{told}.complete"})


def _problem(error: PolicyServiceError) -> Response:
    if isinstance(error, OverloadedError):
        headers = {"Retry-After": str(error.retry_after_s)}
        return problem_response(_OVERLOADED, error.message, headers=headers)
    if isinstance(error, _NotAllowedError):
        return problem_response(_NOT_ALLOWED, error.message, headers={"Allow": "POST"})
    return error_response(error)


def _base(scope: Scope, headers: _Headers) -> str:
    return f"{scope['scheme']}://{headers.get(b'host', b'localhost').decode('latin-1')}"


def _common_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """What every answer carries. It shows no page, so no page's policy is needed."""
    found = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return [*found, (b"strict-transport-security", _HSTS)] if https else found
