"""Decisions and the metadata document as AuthZEN bodies. Pure: no HTTP, no engine.

Source: OpenID AuthZEN Authorization API 1.0. What a row filter needs of this service
(revision, rules, obligations, the decision's id) travels in `context`, as the standard
allows. The same few decisions are answered again and again, so what is written of one
is kept.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from urllib.parse import urlsplit

from policy_service.domain.decision import AccessRequest, Decision, DecisionRecord
from policy_service.domain.errors import UsageError
from policy_service.domain.plain import to_plain
from policy_service.enforcement.authzen import (
    Boxcar,
    EvaluationsSemantic,
    Unreadable,
    ends_early,
)
from policy_service.kit.canonical import Json

MEDIA_TYPE = "application/json"
CONFIGURATION_PATH = "/.well-known/authzen-configuration"
ENDPOINTS: Mapping[str, str] = {  # the standard's names and paths
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_resource_endpoint": "/access/v1/search/resource",
    "search_action_endpoint": "/access/v1/search/action",
}
_MOST_KEPT = 4096
_kept: dict[int, tuple[Decision, bytes]] = {}  # INVARIANT: a key is the id of a decision held here


def write_decision(decision: Decision) -> dict[str, Json]:
    """Write a decision as an evaluation response; the obligations stand only in a permit."""
    context: dict[str, Json] = {
        "revision": int(decision.revision),
        "rules": [str(rule) for rule in decision.rules],
    }
    if decision.reason is not None:
        context["reason"] = decision.reason.value
    if decision.allow:
        context["obligations"] = to_plain(decision.obligations)
    return {"decision": decision.allow, "context": context}


def write_answer(
    decision: Decision, decision_id: str, explanation: Sequence[str] | None = None
) -> bytes:
    """Write a recorded decision; `decision_id` leads to its audit entry."""
    told = b"" if explanation is None else b',"explanation":' + _dump(list(explanation))
    name = encode_basestring_ascii(decision_id).encode()
    return b'%b"decision_id":%b%b}}' % (_opening(decision), name, told)


def write_evaluations(decisions: Iterable[Decision | Unreadable], ids: Iterable[str]) -> bytes:
    """Write the answers to a list, in its order, each with the id of its record."""
    written = [
        _unreadable(one) if isinstance(one, Unreadable) else write_answer(one, name)
        for one, name in zip(decisions, ids, strict=True)
    ]
    return b'{"evaluations":[%b]}' % b",".join(written)


def decide_boxcar(
    boxcar: Boxcar, decide_many: Callable[[Sequence[AccessRequest]], Sequence[DecisionRecord]]
) -> tuple[DecisionRecord | Unreadable, ...]:
    """Work a list through as its semantic says; what is left out is neither decided nor recorded.

    `decide_many` answers each request it is given, in order.
    """
    if boxcar.semantic is EvaluationsSemantic.EXECUTE_ALL:
        requests = [item for item in boxcar.items if isinstance(item, AccessRequest)]
        records = iter(decide_many(requests))
        return tuple(
            next(records) if isinstance(item, AccessRequest) else item for item in boxcar.items
        )
    answers: list[DecisionRecord | Unreadable] = []
    for item in boxcar.items:
        answer = decide_many((item,))[0] if isinstance(item, AccessRequest) else item
        answers.append(answer)
        if ends_early(
            boxcar.semantic, answer if isinstance(answer, Unreadable) else answer.decision
        ):
            break
    return tuple(answers)


def write_configuration(base: str) -> dict[str, str]:
    """Describe the decision point that is reached at `base`; only what is offered is named."""
    address = base.rstrip("/")
    paths = {name: f"{address}{path}" for name, path in ENDPOINTS.items()}
    return {"policy_decision_point": address, **paths}


def check_public_url(url: str) -> str:
    """Return `url` where a decision point may say that it is reached there, without a last slash.

    Raises `UsageError`: the standard asks for https, without query or fragment.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise UsageError(f"`{parts.scheme}://{parts.hostname or ''}` must be an https address")
    if parts.query or parts.fragment:
        raise UsageError(f"`https://{parts.hostname}` must have no query and no fragment")
    return url.rstrip("/")


def _opening(decision: Decision) -> bytes:
    """Write all of an answer but its id and end."""
    known = _kept.get(id(decision))
    if known is not None:
        return known[1]
    opening = _dump(write_decision(decision))[:-2] + b","
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[id(decision)] = (decision, opening)
    return opening


def _unreadable(item: Unreadable) -> bytes:
    error: dict[str, Json] = {"status": 400, "message": item.message}
    return _dump({"decision": False, "context": {"reason": "unreadable", "error": error}})


def _dump(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
