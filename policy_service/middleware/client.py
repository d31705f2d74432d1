"""A small AuthZEN client over the standard library: ask a decision point by HTTP.

Source: OpenID AuthZEN Authorization API 1.0, access evaluation. Fails closed:
whatever goes wrong on the way is a denial.
"""

import json
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.parse import urlsplit

from policy_service.domain.decision import AccessRequest, Decision, DenyReason, Obligations
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.domain.plain import from_plain, to_plain

_PATH = "/access/v1/evaluation"
_LARGEST_ANSWER_BYTES = 1_048_576


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere."""

    def redirect_request(  # noqa: PLR0917 - the standard library's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        return None


class DecisionPointClient:
    """Asks the decision point at `url` (`https://host:port`), with a bearer token if given."""

    def __init__(self, url: str, *, token: str = "", timeout_s: float = 5.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or timeout_s <= 0:
            raise UsageError(f"`{parts.scheme}://{parts.hostname}` is no address; use https://host")
        self._url = url.rstrip("/") + _PATH
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirects)

    def evaluate(self, request: AccessRequest) -> Decision:
        """Return the decision; a denial by `INTERNAL_ERROR` where none can be had."""
        try:
            return _decision(self._post(_body(request)))
        except (OSError, HTTPException, ValueError, TypeError, RecursionError):
            return Decision(
                allow=False, revision=Revision(0), rules=(), reason=DenyReason.INTERNAL_ERROR
            )

    def _post(self, body: Mapping[str, object]) -> object:
        data = json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(  # noqa: S310 - the constructor lets http and https through
            self._url, data=data, headers=self._headers, method="POST"
        )
        with self._opener.open(request, timeout=self._timeout_s) as answer:
            content = answer.read(_LARGEST_ANSWER_BYTES + 1)
        if len(content) > _LARGEST_ANSWER_BYTES:
            raise ValueError("the answer is too large")
        return json.loads(content)


def _body(request: AccessRequest) -> dict[str, object]:
    return {
        "subject": {"type": "user", "id": request.subject},
        "resource": {"type": "asset", "id": request.resource},
        "action": {"name": request.action},
        "context": {**dict(request.context), "purpose": request.purpose},
    }


def _decision(answer: object) -> Decision:
    if not isinstance(answer, dict) or not isinstance(answer.get("decision"), bool):
        raise ValueError("the answer is no decision")
    context = answer.get("context", {})
    if not isinstance(context, dict):
        raise ValueError("the context is no object")
    revision = from_plain(Revision, context.get("revision", 0))
    rules = tuple(RuleId(str(rule)) for rule in context.get("rules", ()))
    if not answer["decision"]:
        return Decision(allow=False, revision=revision, rules=rules, reason=_reason(context))
    plain = to_plain(Obligations())
    return Decision(
        allow=True,
        revision=revision,
        rules=rules,
        obligations=from_plain(Obligations, context.get("obligations", plain)),
    )


def _reason(context: Mapping[str, object]) -> DenyReason:
    try:
        return DenyReason(str(context.get("reason")))
    except ValueError:
        return DenyReason.NO_MATCHING_RULE
