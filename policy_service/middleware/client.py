"""A small AuthZEN client over the standard library: ask a decision point by HTTP.

Source: OpenID AuthZEN Authorization API 1.0. Fails closed: whatever goes wrong on the way
is a denial, and a search that cannot be answered in full is an error.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from uuid import uuid4

from policy_service.domain.decision import AccessRequest, Decision, DenyReason, Obligations
from policy_service.domain.errors import AccessDeniedError, UsageError
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.domain.plain import from_plain, to_plain
from policy_service.enforcement.authzen import MAX_EVALUATIONS, EvaluationsSemantic, ends_early
from policy_service.enforcement.search import MAX_LIMIT, SearchKind
from policy_service.middleware.json_connection import BadAnswerError, JsonConnection

_FAILURES = (OSError, HTTPException, ValueError, TypeError, RecursionError)


class DecisionPointClient:
    """Asks the decision point at `url`; threads may share it.

    Who asks is said by a bearer token, by the certificate in `tls` (see
    `json_connection.client_tls`), or by neither. `timeout_s` bounds each request as a whole.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout_s: float = 5.0,
        tls: ssl.SSLContext | None = None,
        make_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Raise `UsageError` for an address that is none, or a credential without https."""
        self._connection = JsonConnection(url, token=token, timeout_s=timeout_s, tls=tls)
        self._make_id = make_id

    def evaluate(self, request: AccessRequest) -> Decision:
        """Return the decision; a denial by `INTERNAL_ERROR` where none can be had."""
        try:
            return _decision(self._post("/access/v1/evaluation", _body(request)))
        except _FAILURES:
            return _denied()

    def evaluate_many(
        self,
        requests: Sequence[AccessRequest],
        *,
        semantic: EvaluationsSemantic = EvaluationsSemantic.EXECUTE_ALL,
    ) -> tuple[Decision, ...]:
        """Return a decision for each request, in their order; few messages carry them.

        By the other two semantics the answer ends with the decision that settles it.
        Where a message fails, its requests are denied by `INTERNAL_ERROR`.
        """
        decisions: list[Decision] = []
        for start in range(0, len(requests), MAX_EVALUATIONS):
            part = requests[start : start + MAX_EVALUATIONS]
            try:
                found = self._evaluate_part(part, semantic)
            except _FAILURES:
                found = _until_settled((_denied(),) * len(part), semantic)
            decisions.extend(found)
            if ends_early(semantic, decisions[-1]):
                break
        return tuple(decisions)

    def search_subjects(self, request: AccessRequest, *, kind: str = "user") -> Iterator[str]:
        """Name all who may do what `request` says, whose subject is not read.

        This and the other searches are answered page by page as they are read. They raise
        `AccessDeniedError` where the decision point does not answer, also in between:
        what was named before is right, and not all.
        """
        body = {**_body(request), "subject": {"type": kind}}
        return self._search(SearchKind.SUBJECT, body, "id")

    def search_resources(self, request: AccessRequest) -> Iterator[str]:
        """Name all resources of `request.resource_type` that it may be done to."""
        if not request.resource_type:
            raise UsageError("name the type of the resources to search; set `resource_type`")
        body = {**_body(request), "resource": {"type": request.resource_type}}
        return self._search(SearchKind.RESOURCE, body, "id")

    def search_actions(self, request: AccessRequest) -> Iterator[str]:
        """Name all that the subject of `request` may do to its resource."""
        body = {name: value for name, value in _body(request).items() if name != "action"}
        return self._search(SearchKind.ACTION, body, "name")

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connection.close()

    def _evaluate_part(
        self, requests: Sequence[AccessRequest], semantic: EvaluationsSemantic
    ) -> tuple[Decision, ...]:
        body = {
            "evaluations": [_body(request) for request in requests],
            "options": {"evaluations_semantic": semantic.value},
        }
        answer = self._post("/access/v1/evaluations", body)
        items = answer.get("evaluations") if isinstance(answer, dict) else None
        if not isinstance(items, list) or not 0 < len(items) <= len(requests):
            raise BadAnswerError("the answer has no list of decisions")
        found = tuple(_decision(item) for item in items)
        if len(_until_settled(found, semantic)) != len(found):
            raise BadAnswerError("the answer goes on behind what settles it")
        if len(found) < len(requests) and not ends_early(semantic, found[-1]):
            raise BadAnswerError("the answer has too few decisions")
        return found

    def _search(self, kind: SearchKind, body: Mapping[str, object], field: str) -> Iterator[str]:
        page: dict[str, object] = {"limit": MAX_LIMIT}
        while True:
            try:
                answer = self._post(f"/access/v1/search/{kind}", {**body, "page": page})
                names, token = _page(answer, field)
                if token and token == page.get("token"):
                    raise BadAnswerError("the answer does not go on")
            except _FAILURES as error:
                raise AccessDeniedError(
                    "the decision point did not answer the search; try again",
                    reason=DenyReason.INTERNAL_ERROR,
                ) from error
            yield from names
            if not token:
                return
            page = {"limit": MAX_LIMIT, "token": token}

    def _post(self, path: str, body: Mapping[str, object]) -> object:
        return self._connection.post(path, body, request_id=self._make_id())


def _body(request: AccessRequest) -> dict[str, object]:
    resource: dict[str, object] = {"type": request.resource_type or "asset", "id": request.resource}
    if request.properties:
        resource["properties"] = dict(request.properties)
    context: dict[str, object] = dict(request.context)
    if request.purpose:
        context["purpose"] = request.purpose
    return {
        "subject": {"type": "user", "id": request.subject},
        "resource": resource,
        "action": {"name": request.action},
        "context": context,
    }


def _decision(answer: object) -> Decision:
    if not isinstance(answer, dict) or not isinstance(answer.get("decision"), bool):
        raise BadAnswerError("the answer is no decision")
    context = answer.get("context", {})
    if not isinstance(context, dict):
        raise BadAnswerError("the context is no object")
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


def _page(answer: object, field: str) -> tuple[list[str], str]:
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise BadAnswerError("the answer has no results")
    page = answer.get("page", {})
    token = page.get("next_token", "") if isinstance(page, dict) else None
    if not isinstance(token, str):
        raise BadAnswerError("the answer is no page")
    return [_name(item, field) for item in answer["results"]], token


def _name(item: object, field: str) -> str:
    name = item.get(field) if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise BadAnswerError("a result has no name")
    return name


def _until_settled(
    decisions: tuple[Decision, ...], semantic: EvaluationsSemantic
) -> tuple[Decision, ...]:
    for place, decision in enumerate(decisions):
        if ends_early(semantic, decision):
            return decisions[: place + 1]
    return decisions


def _denied() -> Decision:
    return Decision(allow=False, revision=Revision(0), rules=(), reason=DenyReason.INTERNAL_ERROR)


def _reason(context: Mapping[str, object]) -> DenyReason:
    try:
        return DenyReason(str(context.get("reason")))
    except ValueError:
        return DenyReason.NO_MATCHING_RULE
