"""AuthZEN evaluation bodies to requests, and decisions back. Pure: no HTTP, no engine.

Source: OpenID AuthZEN Authorization API 1.0, the Access Evaluation APIs. Unknown
fields are ignored; a missing required one is named. What a row filter needs of
this service (purpose, obligations) travels in `context`, as the standard allows.
"""

from collections.abc import Mapping
from enum import StrEnum

from policy_service.domain.decision import AccessRequest, Decision
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import Json

_DEFAULTS = ("subject", "action", "resource", "context")


class EvaluationsSemantic(StrEnum):
    """How a boxcarred list is worked through."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


def read_evaluation(body: object) -> AccessRequest:
    """Read one evaluation body. Raises `UsageError` naming the field that is wrong.

    The purpose is `context.purpose` or `action.properties.purpose`; without one
    only rules for every purpose apply.
    """
    whole = _object(body, "body")
    subject = _object(whole.get("subject"), "subject")
    action = _object(whole.get("action"), "action")
    resource = _object(whole.get("resource"), "resource")
    context = _optional(whole, "context", "context")
    _text(subject, "type", "subject.type")
    _text(resource, "type", "resource.type")
    return AccessRequest(
        subject=_text(subject, "id", "subject.id"),
        resource=_text(resource, "id", "resource.id"),
        action=_text(action, "name", "action.name"),
        purpose=_purpose(context, _optional(action, "properties", "action.properties")),
        context=_parameters(context),
    )


def read_evaluations(body: object) -> tuple[tuple[AccessRequest, ...], EvaluationsSemantic]:
    """Read a boxcarred body: each evaluation falls back to the defaults beside the list.

    Without a list the body is one evaluation.
    """
    whole = _object(body, "body")
    items = whole.get("evaluations")
    semantic = _semantic(_optional(whole, "options", "options"))
    if items is None or items == []:
        return (read_evaluation(whole),), semantic
    if not isinstance(items, list):
        raise UsageError("`evaluations` must be a list; write one object for each request")
    defaults = {name: whole[name] for name in _DEFAULTS if name in whole}
    requests = []
    for place, item in enumerate(items):
        try:
            requests.append(read_evaluation({**defaults, **_object(item, "evaluation")}))
        except UsageError as error:
            raise UsageError(f"evaluations[{place}]: {error.message}") from error
    return tuple(requests), semantic


def ends_early(semantic: EvaluationsSemantic, decision: Decision) -> bool:
    """Tell whether the rest of the list is left out after `decision`."""
    if semantic is EvaluationsSemantic.DENY_ON_FIRST_DENY:
        return not decision.allow
    return semantic is EvaluationsSemantic.PERMIT_ON_FIRST_PERMIT and decision.allow


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


def _object(value: object, where: str) -> Mapping[str, object]:
    if value is None:
        raise UsageError(f"`{where}` is missing; give it as an object")
    if not isinstance(value, Mapping):
        raise UsageError(f"`{where}` must be an object")
    return value


def _optional(whole: Mapping[str, object], name: str, where: str) -> Mapping[str, object]:
    return _object(whole[name], where) if whole.get(name) is not None else {}


def _text(whole: Mapping[str, object], name: str, where: str) -> str:
    value = whole.get(name)
    if value is None:
        raise UsageError(f"`{where}` is missing; give it as a string")
    if not isinstance(value, str) or not value:
        raise UsageError(f"`{where}` must be a string that is not empty")
    return value


def _purpose(context: Mapping[str, object], properties: Mapping[str, object]) -> str:
    places = {"context.purpose": context, "action.properties.purpose": properties}
    given = {_text(one, "purpose", where) for where, one in places.items() if "purpose" in one}
    if len(given) > 1:
        raise UsageError("`context.purpose` and `action.properties.purpose` differ; give one")
    return given.pop() if given else ""


def _parameters(context: Mapping[str, object]) -> Parameters:
    kept = {}
    for name, value in context.items():
        try:
            Parameters({name: value})
        except TypeError:
            continue  # nested context is another system's; no rule of ours reads it
        kept[name] = value
    return Parameters(kept)


def _semantic(options: Mapping[str, object]) -> EvaluationsSemantic:
    given = options.get("evaluations_semantic", EvaluationsSemantic.EXECUTE_ALL.value)
    try:
        return EvaluationsSemantic(str(given))
    except ValueError as error:
        known = ", ".join(EvaluationsSemantic)
        raise UsageError(f"`options.evaluations_semantic` must be one of {known}") from error
