"""The edge: what every request passes, whatever it is for. Pure ASGI.

Request ids, security headers, the size limit of bodies, and the last resort for
a defect. Not authentication (see `access`) and not our own errors (`problems`).
Sources: CSP Level 3; RFC 6797 (HSTS); OpenID AuthZEN 1.0 for `X-Request-ID`.
"""

import re
import traceback
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from policy_service.api.problems import PayloadTooLargeError, error_response, internal_error

MAX_BODY_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")  # printable, so that logs stay lines
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "script-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000; includeSubDomains"
_log = structlog.get_logger("policy_service.api")


class Edge:
    """Wraps the whole application. `https` says that people reach it over TLS."""

    def __init__(self, app: ASGIApp, *, https: bool, make_id: Callable[[str], str]) -> None:
        self._app = app
        self._https = https
        self._make_id = make_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its id, and its answer back, with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers(scope))
        try:
            body = await read_body(receive) if scope["method"] in _WITH_BODY else None
            await self._app(scope, receive if body is None else _replay(body, receive), answer)
        except PayloadTooLargeError as error:
            await error_response(error)(scope, receive, answer)
        except Exception as error:  # a defect: it is answered, logged, and nothing is shown of it
            _log.error(
                "unhandled",
                kind=type(error).__name__,  # not the message: it may hold a data value
                request_id=answer.headers["X-Request-ID"],
                where=traceback.format_tb(error.__traceback__)[-3:],
            )
            if answer.finished:  # the portal has shown its own page
                return
            if answer.started:
                raise
            await internal_error()(scope, receive, answer)

    def _headers(self, scope: Scope) -> dict[str, str]:
        request_id = request_id_of(Headers(scope=scope).get("x-request-id", ""))
        headers = {**_HEADERS, "X-Request-ID": request_id or self._make_id("req")}
        if self._https:
            headers["Strict-Transport-Security"] = _HSTS
        return headers


class _Answer:
    """Adds the headers to the start of an answer and remembers that it has started and ended."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self.headers = headers
        self.started = False
        self.finished = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self.headers.items():
                headers[name] = value
            # What people see is theirs alone; only static files say otherwise themselves.
            headers.setdefault("Cache-Control", "no-store")
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.finished = True
        await self._send(message)


def request_id_of(given: str) -> str:
    """Return what a caller calls its request, to be echoed; nothing where it cannot be."""
    return given if _REQUEST_ID.fullmatch(given) else ""


async def read_body(receive: Receive) -> bytes:
    """Read a whole body. Raises `PayloadTooLargeError` as soon as it is too large."""
    parts: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the client went away
            return b"".join(parts)
        part: bytes = message.get("body", b"")
        size_bytes += len(part)
        if size_bytes > MAX_BODY_BYTES:
            raise PayloadTooLargeError(f"a request body has {MAX_BODY_BYTES} bytes at most")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read already, then whatever else comes."""
    handed_out = False

    async def replay() -> Message:
        nonlocal handed_out
        if handed_out:
            return await receive()
        handed_out = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
