"""An ASGI middleware that filters and masks the JSON answers of declared routes.

Works under FastAPI, Starlette or any ASGI server without importing them. Routes
that are not declared pass unchanged; declared ones answer masked JSON or 403.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from policy_service.domain.errors import EnforcementError
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.records import RecordMapping, guard_json
from policy_service.middleware.views import ViewProvider

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_DROPPED = (b"content-length", b"etag", b"content-md5", b"digest", b"last-modified")

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
    ) -> None:
        self._app = app
        self._routes = tuple(routes)
        self._caller_of = caller_of
        self._pdp = pdp
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._route(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a stream of messages is not masked, so it is not opened
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        status, headers, body = self._answer(scope, route, messages)
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _route(self, scope: Scope) -> GuardedRoute | None:
        if scope["type"] not in ("http", "websocket"):
            return None
        path = str(scope["path"])
        return next((route for route in self._routes if route.path.fullmatch(path)), None)

    def _answer(
        self, scope: Scope, route: GuardedRoute, messages: Sequence[Message]
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        try:
            start = next(one for one in messages if one["type"] == "http.response.start")
            status = int(start["status"])
            if status >= HTTPStatus.BAD_REQUEST:
                return _problem(status)  # an error's body may hold values too
            headers = [(name.lower(), value) for name, value in start.get("headers", ())]
            body = b"".join(one.get("body", b"") for one in messages if one is not start)
            return status, _kept(headers), self._masked(scope, route, headers, body)
        except Exception:  # whatever goes wrong, nothing of the answer is shown
            return _problem(HTTPStatus.FORBIDDEN)

    def _masked(
        self,
        scope: Scope,
        route: GuardedRoute,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
    ) -> bytes:
        given = dict(headers)
        kind = given.get(b"content-type", b"").partition(b";")[0].strip()
        if b"content-encoding" in given or kind != b"application/json":
            raise EnforcementError("only plain JSON can be masked")
        caller = self._caller_of(scope)
        if caller is None:
            raise EnforcementError("the caller is not known")
        view = self._pdp.view(caller.subject, route.mapping.table, caller.purpose)
        shown = guard_json(json.loads(body), mapping=route.mapping, view=view, keys=self._keys)
        return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


def _kept(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name not in _DROPPED]


def _problem(status: int) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": int(status)})
    return int(status), [(b"content-type", b"application/problem+json")], body.encode()
