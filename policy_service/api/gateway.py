"""One decision for one HTTP request, asked by a gateway: nginx `auth_request`, Envoy `ext_authz`.

Both ask before they pass a request on, and read nothing but the status: 200 lets it pass, 403
does not. The subject is whom the gateway has signed in, the action the method, the resource
the route. Whatever is missing or can be read in two ways is 403, and so is a permit with an
obligation, for a gateway masks nothing. Not AuthZEN itself: those PEPs cannot write its body.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from policy_service.api.edge import request_id_of
from policy_service.api.problems import UnauthenticatedError, status_of
from policy_service.domain.decision import AccessRequest, DecisionRecord, Obligations
from policy_service.domain.errors import PolicyServiceError, UsageError
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.enforcement.authzen_entities import subject_of

ORIGINAL_PATH = "/access/v1/gateway"  # the request stands in headers that the gateway sets
OWN_PATH = "/access/v1/gateway/request"  # it stands behind this, with its own method
ROUTE = "route"
_METHOD = re.compile(r"[A-Z]{1,20}")
_PATH = re.compile(r"/[!-~]*")
_TWO_WAYS = re.compile(r"//|\\|;|/\.{1,2}(?:/|$)|%2f|%5c|%2e|%00|%25|#", re.IGNORECASE)
_HEADER = re.compile(r"[!-~](?:[ -~]{0,510}[!-~])?")
_READ = frozenset(
    {"x-subject", "x-subject-type", "x-route", "x-purpose", "x-original-method", "x-original-uri"}
)
_NO_OBLIGATION = Obligations()
_log = structlog.get_logger("policy_service.api")


class Gate(Protocol):
    """Knows who is calling."""

    def known(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        """Name the caller where that is remembered."""
        ...

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        """Name the caller; may block. Raises the error that turns them away."""
        ...


class Desk(Protocol):
    """Decides and records."""

    def decide(self, request: AccessRequest, *, pep: str = "") -> DecisionRecord:
        """Answer one request; never raises."""
        ...


class GatewayApp:
    """Answers gateways, and hands everything else to `otherwise`."""

    def __init__(
        self, otherwise: ASGIApp, *, desk: Desk, gate: Gate, make_id: Callable[[str], str]
    ) -> None:
        self._otherwise = otherwise
        self._desk = desk
        self._gate = gate
        self._make_id = make_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a body is never read."""
        if scope["type"] != "http" or not scope["path"].startswith(ORIGINAL_PATH):
            await self._otherwise(scope, receive, send)
            return
        headers = dict(scope["headers"])
        try:
            status, decision_id = await asyncio.to_thread(self._answer, scope, headers)
        except Exception as error:  # a defect: it lets nothing pass
            _log.error("unhandled", kind=type(error).__name__)
            status, decision_id = 403, ""
        await self._send(send, status, decision_id, headers)

    def _answer(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str]:
        try:
            pep = self._gate.known(scope, headers) or self._gate.admit(scope, headers)
            request = read_request(scope, _once(scope["headers"]))
        except UsageError:
            return 403, ""
        except PolicyServiceError as error:
            return (401 if isinstance(error, UnauthenticatedError) else status_of(error)[0]), ""
        record = self._desk.decide(request, pep=pep)
        decision = record.decision
        passes = decision.allow and decision.obligations == _NO_OBLIGATION
        return (200 if passes else 403), str(record.id)

    async def _send(
        self, send: Send, status: int, decision_id: str, headers: Mapping[bytes, bytes]
    ) -> None:
        request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
        told = [
            (b"content-length", b"0"),
            (b"cache-control", b"no-store"),
            (b"x-request-id", (request_id or self._make_id("req")).encode()),
        ]
        if decision_id:
            told.append((b"x-decision-id", decision_id.encode()))
        if status == 401:
            told.append((b"www-authenticate", b"Bearer"))
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b""})


def read_request(scope: Scope, headers: Mapping[str, str]) -> AccessRequest:
    """Read what the gateway asks about. Raises `UsageError` where that is not clear.

    `X-Subject` is whom the gateway has signed in, of `X-Subject-Type` (`user`); `X-Route` the
    route as the gateway's own table names it, without which the path itself is the route;
    `X-Purpose` what for. The gateway must set or remove every one of them itself.
    """
    method, path = _original(scope, headers)
    subject = headers.get("x-subject", "")
    route = headers.get("x-route", "") or path
    purpose = headers.get("x-purpose", "")
    for name, value in (("X-Subject", subject), ("X-Route", route)):
        if not _HEADER.fullmatch(value):
            raise UsageError(f"`{name}` is missing or no name; let the gateway set it")
    return AccessRequest(
        subject=subject_of(headers.get("x-subject-type", "") or "user", subject),
        resource=route,
        resource_type=ROUTE,
        action=method,
        purpose=purpose,
        context=Parameters(purpose=purpose) if purpose else NO_PARAMETERS,
        properties=Parameters(path=path),
    )


def _original(scope: Scope, headers: Mapping[str, str]) -> tuple[str, str]:
    """Return method and path of the request that the gateway holds back, without its query."""
    if scope["path"] == ORIGINAL_PATH:
        method, target = headers.get("x-original-method", ""), headers.get("x-original-uri", "")
    else:
        # As it was sent: `path` is decoded already.
        own = bytes(scope.get("raw_path") or b"").decode("latin-1")
        method, target = scope["method"], own.removeprefix(OWN_PATH) if own != OWN_PATH else "/"
        if target == own:
            raise UsageError(f"ask below `{OWN_PATH}`")
    path = target.partition("?")[0]
    if not _METHOD.fullmatch(method) or not _PATH.fullmatch(path) or _TWO_WAYS.search(path):
        raise UsageError("the method or the path of the request is missing or not clear")
    return method, path


def _once(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers that are read, by lower-case name.

    Raises `UsageError` for one that stands there twice: a client may have added the other.
    """
    found: dict[str, str] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        if name not in _READ:
            continue
        if name in found:
            raise UsageError(f"`{name}` stands there twice; let the gateway set it once")
        found[name] = value.decode("latin-1")
    return found
