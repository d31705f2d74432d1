"""The entities of AuthZEN bodies: subject, resource, action, context. Pure.

Source: OpenID AuthZEN Authorization API 1.0, Information Model. What a subject is said to
be (`subject.properties`) is checked for its shape and never read: roles and attributes come
from the directory. `resource.properties`, `context` and `action.properties` are the
caller's facts: scalars and lists of strings are kept; anything deeper is dropped, and a
condition that asks for it is unknown, which never widens.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NoReturn

from policy_service.domain.errors import UsageError
from policy_service.domain.parameters import NO_PARAMETERS, Parameters

PERSON_TYPES = frozenset({"user", "identity", "person"})
_LARGEST_INTEGER = 2**53 - 1  # beyond it JSON readers differ, and canonical JSON has no form
_INFINITY = float("inf")
_NOTHING: Mapping[str, object] = {}


def subject_of(kind: str, identifier: str) -> str:
    """Name a subject as the directory does: people by their id, others as `type:id`.

    Ids are scoped to their type, so that a service called `alice` is not the person `alice`.
    """
    return identifier if kind in PERSON_TYPES else f"{kind}:{identifier}"


def read_subject(value: object) -> str:
    """Read who wants it, as the directory names them."""
    kind, identifier, _ = _entity(value, "subject")
    return subject_of(kind, identifier)


def read_resource(value: object) -> tuple[str, str, Parameters]:
    """Read type, id and properties of what is wanted."""
    kind, identifier, properties = _entity(value, "resource")
    return kind, identifier, _parameters(properties) if properties else NO_PARAMETERS


def read_action(action: object, context: object) -> tuple[str, Parameters, str]:
    """Read what is to be done, the facts of the request, and what it is for."""
    whole = read_object(action, "action")
    name = whole.get("name")
    if type(name) is not str or not name:
        refuse_text(name, "action.name")
    properties = whole.get("properties")
    if properties is None:
        return name, *read_facts(context)
    return name, *_facts(
        _merged(
            read_optional_object(context, "context"), read_object(properties, "action.properties")
        ),
        "action.properties.purpose",
    )


def read_facts(context: object) -> tuple[Parameters, str]:
    """Read the facts of a request that names no action, and what it is for."""
    return _facts(read_optional_object(context, "context"), "context.purpose")


def read_type(value: object, where: str) -> str:
    """Read the type of an entity that is asked for; an id is ignored."""
    whole = read_object(value, where)
    kind = whole.get("type")
    if type(kind) is not str or not kind:
        refuse_text(kind, f"{where}.type")
    read_optional_object(whole.get("properties"), f"{where}.properties")
    return kind


def read_object(value: object, where: str) -> Mapping[str, object]:
    """Return the object at `where`. Raises `UsageError` where there is none."""
    if isinstance(value, dict):
        return value
    if value is None:
        raise UsageError(f"`{where}` is missing; give it as an object")
    raise UsageError(f"`{where}` must be an object")


def read_optional_object(value: object, where: str) -> Mapping[str, object]:
    """Return the object at `where`, which may be left out."""
    return _NOTHING if value is None else read_object(value, where)


def refuse_text(value: object, where: str) -> NoReturn:
    """Say that `where` is not the string it must be."""
    if value is None:
        raise UsageError(f"`{where}` is missing; give it as a string")
    raise UsageError(f"`{where}` must be a string that is not empty")


def _entity(value: object, where: str) -> tuple[str, str, Mapping[str, object]]:
    whole = read_object(value, where)
    kind = whole.get("type")
    identifier = whole.get("id")
    properties = whole.get("properties")
    if type(kind) is not str or not kind:
        refuse_text(kind, f"{where}.type")
    if type(identifier) is not str or not identifier:
        refuse_text(identifier, f"{where}.id")
    if properties is None:
        return kind, identifier, _NOTHING
    return kind, identifier, read_object(properties, f"{where}.properties")


def _merged(
    context: Mapping[str, object], properties: Mapping[str, object]
) -> Mapping[str, object]:
    """Join the facts of context and action; what both give and not alike is left out: unknown."""
    if "purpose" in context and properties.get("purpose", context["purpose"]) != context["purpose"]:
        raise UsageError("`context.purpose` and `action.properties.purpose` differ; give one")
    differing = {
        name
        for name in context.keys() & properties.keys()
        if type(context[name]) is not type(properties[name]) or context[name] != properties[name]
    }
    both = {**context, **properties}
    return {name: value for name, value in both.items() if name not in differing}


def _facts(values: Mapping[str, object], where: str) -> tuple[Parameters, str]:
    if not values:
        return NO_PARAMETERS, ""
    purpose = values.get("purpose", "")
    if type(purpose) is not str or ("purpose" in values and not purpose):
        refuse_text(purpose, where)
    if purpose and len(values) == 1:
        return _just_purpose(purpose), purpose
    return _parameters(values), purpose


@lru_cache(maxsize=1024)
def _just_purpose(purpose: str) -> Parameters:
    return Parameters(purpose=purpose)


def _parameters(values: Mapping[str, object]) -> Parameters:
    return Parameters({name: value for name, value in values.items() if _is_fact(value)})


def _is_fact(value: object) -> bool:
    """Tell whether a rule may read it: nested and missing values, and numbers JSON cannot carry."""
    kind = type(value)
    if kind is str or kind is bool:
        return True
    if isinstance(value, int):
        return -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER
    if isinstance(value, float):
        return -_INFINITY < value < _INFINITY
    return isinstance(value, list) and all(type(item) is str for item in value)
