"""An ASGI middleware that filters and masks the JSON answers of declared routes as they flow.

Works under FastAPI, Starlette or any ASGI server without importing them. Routes that are not
declared pass unchanged; declared ones answer masked JSON or 403. The decision stands before
the service is asked; an answer that goes wrong under way is broken off without its end, so
that nobody takes it for whole. Source: ASGI 3.0; RFC 9457 (problem documents).
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.errors import AccessDeniedError, MaskingError
from policy_service.domain.identifiers import AssetId
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.asgi_answer import MaskedBody, masked_body
from policy_service.middleware.records import RecordGuard, RecordMapping
from policy_service.middleware.views import ViewProvider

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

LARGEST_RECORD_BYTES = 1_048_576
_DROPPED = frozenset(  # they speak of the bytes that the service made
    b"content-length etag content-md5 digest content-digest repr-digest last-modified "
    b"accept-ranges transfer-encoding trailer".split()
)
_UNASKED = frozenset(  # so that the service answers whole and in plain
    b"range if-range accept-encoding if-none-match if-modified-since".split()
)
_BODILESS = frozenset((HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED))
_POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRoute:
    """A route by a pattern of its whole path, and what its records are."""

    path: re.Pattern[str]
    mapping: RecordMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what for: from the service's own authentication."""

    subject: str
    purpose: str


class MaskingMiddleware:
    """Wraps an ASGI app. `caller_of` reads the caller from a scope, or gives None: denied."""

    def __init__(
        self,
        app: App,
        *,
        routes: Sequence[GuardedRoute],
        caller_of: Callable[[Scope], Caller | None],
        pdp: ViewProvider,
        keys: MaskingKeys,
        largest_record_bytes: int = LARGEST_RECORD_BYTES,
    ) -> None:
        self._app = app
        self._routes = tuple(routes)
        self._caller_of = caller_of
        self._pdp = pdp
        self._keys = keys
        self._largest = largest_record_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._route(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a stream of messages is not masked, so it is not opened
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        try:
            guard = self._guard(scope, route.mapping)
        except Exception:  # whatever goes wrong, the service is not even asked
            await _send_problem(send, HTTPStatus.FORBIDDEN)
            return
        answer = _Answer(send, guard, route.mapping.rows_at, self._largest, scope["method"])
        await self._app(_plain(scope), receive, answer.take)
        await answer.finish()

    def _route(self, scope: Scope) -> GuardedRoute | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        path = str(scope["path"])
        return next((route for route in self._routes if route.path.fullmatch(path)), None)

    def _guard(self, scope: Scope, mapping: RecordMapping) -> RecordGuard:
        caller = self._caller_of(scope)
        if caller is None:
            raise AccessDeniedError("the caller is not known")
        return RecordGuard(mapping, views=_views(self._pdp, mapping, caller), keys=self._keys)


class _Answer:
    """Takes what the service sends and passes on what may be seen of it."""

    def __init__(
        self,
        send: Send,
        guard: RecordGuard,
        rows_at: Sequence[str],
        largest_record_bytes: int,
        method: str,
    ) -> None:
        self._send = send
        self._guard = guard
        self._rows_at = rows_at
        self._largest = largest_record_bytes
        self._is_head = method == "HEAD"
        self._start: Message | None = None
        self._body: MaskedBody | None = None  # none where the answer has no body to mask
        self._started = False  # something was sent that cannot be taken back
        self._over = False
        self._broken = False

    async def take(self, message: Message) -> None:
        """Take one message. INVARIANT: after a failure nothing more is passed on."""
        if self._over or self._broken:
            return
        try:
            await self._take(message)
        except Exception:  # whatever goes wrong, nothing more of the answer is shown
            self._broken = True

    async def finish(self) -> None:
        """End the answer: with a refusal, or, where it has begun, by breaking it off.

        Raises `MaskingError` then, on which servers close the connection.
        """
        if self._over:
            return
        if self._started:
            # No cause: the server writes it into its log, and it may hold a value.
            raise MaskingError("an answer could not be masked to its end; it is broken off")
        await _send_problem(self._send, HTTPStatus.FORBIDDEN)
        self._over = True

    async def _take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body":
            await self._pass_on(message)
        else:  # a file by its path, trailers: nothing that is masked
            raise MaskingError("only plain bodies can be masked")

    async def _begin(self, start: Message) -> None:
        if self._start is not None:
            raise MaskingError("an answer that starts twice")
        status = int(start["status"])
        if status >= HTTPStatus.BAD_REQUEST:
            await _send_problem(self._send, status)  # an error's body may hold values too
            self._over = True
            return
        headers: Headers = [(name.lower(), value) for name, value in start.get("headers", ())]
        given = dict(headers)
        self._start = {
            "type": start["type"],
            "status": status,
            "headers": [(name, value) for name, value in headers if name not in _DROPPED],
        }
        if status in _BODILESS:
            return
        if status == HTTPStatus.PARTIAL_CONTENT or b"content-encoding" in given:
            raise MaskingError("only whole and plain answers can be masked")
        kind = given.get(b"content-type", b"").partition(b";")[0].strip().lower()
        self._body = masked_body(
            kind, self._guard, rows_at=self._rows_at, largest_record_bytes=self._largest
        )

    async def _pass_on(self, message: Message) -> None:
        last = not message.get("more_body", False)
        shown = b""
        if self._body is not None and not self._is_head:
            shown = self._body.feed(message.get("body", b""))
            if last:
                shown += self._body.end()
        if not shown and not last:
            return
        if not self._started:
            if self._start is None:
                raise MaskingError("an answer without a start")
            self._started = True
            if last and self._body is not None and not self._is_head:
                self._start["headers"].append((b"content-length", str(len(shown)).encode()))
            await self._send(self._start)
        await self._send({"type": "http.response.body", "body": shown, "more_body": not last})
        self._over = last


def _views(
    pdp: ViewProvider, mapping: RecordMapping, caller: Caller
) -> Mapping[AssetId, TableView]:
    """Ask for a view of each table; nested records of a table that is denied are left out."""
    views: dict[AssetId, TableView] = {}
    for table in dict.fromkeys(mapping.tables()):
        try:
            view = pdp.view(caller.subject, table, caller.purpose)
        except AccessDeniedError:
            if table == mapping.table:
                raise
            continue
        if view.table != table or view.purpose != caller.purpose:
            raise AccessDeniedError("the decision point answered for another table")
        if any(one.control.operator is not Operator.DENY for one in view.columns):
            views[table] = view
    return views


def _plain(scope: Scope) -> Scope:
    """Ask the service for a whole, plain answer over plain messages."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _UNASKED]
    return {**scope, "headers": headers, "extensions": {}}


async def _send_problem(send: Send, status: int) -> None:
    title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": int(status)}).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
