"""AuthZEN evaluation bodies to requests. Pure: no HTTP, no engine; see `authzen_answers` for back.

Source: OpenID AuthZEN Authorization API 1.0, the Access Evaluation APIs. Unknown fields
are ignored; a missing or misshapen one is named. What is read of each entity stands in
`authzen_entities`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from policy_service.domain.decision import AccessRequest, Decision
from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import Parameters
from policy_service.enforcement.authzen_entities import (
    read_action,
    read_object,
    read_optional_object,
    read_resource,
    read_subject,
)

MAX_EVALUATIONS = 1000
_ENTITIES = ("subject", "action", "resource", "context")


class EvaluationsSemantic(StrEnum):
    """How a boxcarred list is worked through."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One evaluation of a list that is no request: it is answered by a denial that says why."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxcar:
    """Several requests of one body. `single`: it had no list, and is answered as one evaluation."""

    items: tuple[AccessRequest | Unreadable, ...]
    semantic: EvaluationsSemantic = EvaluationsSemantic.EXECUTE_ALL
    single: bool = False


def read_json(content_type: str, content: bytes) -> object:
    """Read a body. Raises `UsageError` for what is not `application/json` in UTF-8.

    A name given twice in one object is refused: readers differ on which of them counts.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UsageError("send the request as `Content-Type: application/json`")
    try:
        body: object = _decode(content.decode())
        if b"\\u" in content:  # only an escape can bring half a character, or NUL
            _check_characters(body)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not JSON{_why(error)}") from None
    return body


def read_evaluation(body: object) -> AccessRequest:
    """Read one evaluation body. Raises `UsageError` naming the field that is wrong.

    The purpose is `context.purpose` or `action.properties.purpose`; without one
    only rules for every purpose apply.
    """
    whole = read_object(body, "body")
    subject = read_subject(whole.get("subject"))
    action, facts, purpose = read_action(whole.get("action"), whole.get("context"))
    resource_type, resource, properties = read_resource(whole.get("resource"))
    return AccessRequest(
        subject=subject,
        resource=resource,
        action=action,
        purpose=purpose,
        context=facts,
        resource_type=resource_type,
        properties=properties,
    )


def read_evaluations(body: object) -> Boxcar:
    """Read a boxcarred body: each evaluation falls back to the defaults beside the list.

    Without a list the body is one evaluation. Raises `UsageError` for what concerns the
    whole body; an evaluation that cannot be read becomes `Unreadable` in its place.
    """
    whole = read_object(body, "body")
    items = whole.get("evaluations")
    semantic = _semantic(read_optional_object(whole.get("options"), "options"))
    if items is None or items == []:
        return Boxcar(items=(read_evaluation(whole),), semantic=semantic, single=True)
    if not isinstance(items, list):
        raise UsageError("`evaluations` must be a list; write one object for each request")
    if len(items) > MAX_EVALUATIONS:
        raise UsageError(f"`evaluations` holds {MAX_EVALUATIONS} at most; send another request")
    for name in _ENTITIES:
        read_optional_object(whole.get(name), name)
    defaults = _Defaults(whole)
    return Boxcar(
        items=tuple(
            defaults.read(read_object(item, f"evaluations[{place}]"))
            for place, item in enumerate(items)
        ),
        semantic=semantic,
    )


def wants_explanation(body: object) -> bool:
    """Tell whether `options.explain` asks for the reasons in words."""
    options = read_optional_object(read_object(body, "body").get("options"), "options")
    wanted = options.get("explain", False)
    if not isinstance(wanted, bool):
        raise UsageError("`options.explain` must be true or false")
    return wanted


def ends_early(semantic: EvaluationsSemantic, decision: Decision | Unreadable) -> bool:
    """Tell whether the rest of the list is left out after `decision`."""
    allow = isinstance(decision, Decision) and decision.allow
    if semantic is EvaluationsSemantic.DENY_ON_FIRST_DENY:
        return not allow
    return semantic is EvaluationsSemantic.PERMIT_ON_FIRST_PERMIT and allow


class _Defaults:
    """The entities beside a list; each is read once, however many evaluations fall back to it."""

    __slots__ = ("_action_and_facts", "_resource", "_subject", "_whole")

    def __init__(self, whole: Mapping[str, object]) -> None:
        self._whole = whole
        self._subject: str | None = None
        self._action_and_facts: tuple[str, Parameters, str] | None = None
        self._resource: tuple[str, str, Parameters] | None = None

    def read(self, item: Mapping[str, object]) -> AccessRequest | Unreadable:
        """Read one evaluation; an entity of its own replaces the default whole."""
        try:
            action, facts, purpose = self._read_action_and_facts(item)
            resource_type, resource, properties = self._read_resource(item)
            return AccessRequest(
                subject=self._read_subject(item),
                resource=resource,
                action=action,
                purpose=purpose,
                context=facts,
                resource_type=resource_type,
                properties=properties,
            )
        except UsageError as error:
            return Unreadable(error.message)

    def _read_subject(self, item: Mapping[str, object]) -> str:
        if "subject" in item:
            return read_subject(self._completed(item, "subject", ("type", "id")))
        if self._subject is None:
            self._subject = read_subject(self._whole.get("subject"))
        return self._subject

    def _read_resource(self, item: Mapping[str, object]) -> tuple[str, str, Parameters]:
        if "resource" in item:
            return read_resource(self._completed(item, "resource", ("type", "id")))
        if self._resource is None:
            self._resource = read_resource(self._whole.get("resource"))
        return self._resource

    def _read_action_and_facts(self, item: Mapping[str, object]) -> tuple[str, Parameters, str]:
        if "action" in item or "context" in item:
            return read_action(
                self._completed(item, "action", ("name",)), self._completed(item, "context", ())
            )
        if self._action_and_facts is None:
            self._action_and_facts = read_action(
                self._whole.get("action"), self._whole.get("context")
            )
        return self._action_and_facts

    def _completed(
        self, item: Mapping[str, object], name: str, required: tuple[str, ...]
    ) -> object:
        """Return the item's own entity, what it must have and has not taken from the default."""
        default = self._whole.get(name)
        if name not in item:
            return default
        own = item[name]
        if not isinstance(own, dict) or not isinstance(default, dict):
            return own
        missing = [field for field in required if field not in own and field in default]
        return {**own, **{field: default[field] for field in missing}} if missing else own


def _semantic(options: Mapping[str, object]) -> EvaluationsSemantic:
    given = options.get("evaluations_semantic", EvaluationsSemantic.EXECUTE_ALL.value)
    try:
        return EvaluationsSemantic(str(given))
    except ValueError as error:
        known = ", ".join(EvaluationsSemantic)
        raise UsageError(f"`options.evaluations_semantic` must be one of {known}") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is no number of JSON")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).decode


def _check_characters(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    text.encode()  # raises for half a character
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("it holds the character NUL")


def _why(error: Exception) -> str:
    """Say more only where the words are our own: a parser's message may hold a value."""
    return f": {error}" if type(error) is ValueError else ""
