"""Domain values to plain JSON values and back, exactly.

Dataclasses become objects, enums their values, tuples lists, `Parameters`
objects. `from_plain` refuses unknown and missing names, so that a stored value
is either read whole or not at all.
"""

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from policy_service.domain.parameters import Parameters
from policy_service.kit.canonical import Json

T = TypeVar("T")
_FLOAT_DIGITS = 6  # what is hashed must not depend on the last bits of a float


def to_plain(value: object) -> Json:
    """Turn a domain value into JSON values. Floats are rounded to six digits.

    Raises `TypeError` for anything that is not part of the vocabulary.
    """
    if value is None or (isinstance(value, bool | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value, _FLOAT_DIGITS)
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    raise TypeError(f"`{type(value).__name__}` is not part of the vocabulary")


def from_plain(kind: type[T], value: object) -> T:
    """Build a `kind` from what `to_plain` made of one.

    Raises `ValueError` naming the place where the shape is wrong.
    """
    return cast("T", _build(kind, value, kind.__name__))


@cache
def _hints(kind: type) -> dict[str, object]:
    return get_type_hints(kind)


def _build(kind: Any, value: Any, where: str) -> Any:
    supertype = getattr(kind, "__supertype__", None)
    if supertype is not None:
        return _build(supertype, value, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_union(get_args(kind), value, where)
    if origin is tuple:
        return _build_tuple(get_args(kind), value, where)
    if kind is Parameters:
        return _build_parameters(value, where)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, value, where)
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"`{where}` must be {kind.__name__}")
    return value


def _build_union(kinds: Any, value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    problems = []
    for kind in (one for one in kinds if one is not type(None)):
        try:
            return _build(kind, value, where)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError("; ".join(problems))


def _build_tuple(kinds: Any, value: Any, where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"`{where}` must be a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_build(kinds[0], item, f"{where}[{n}]") for n, item in enumerate(value))
    if len(kinds) != len(value):
        raise ValueError(f"`{where}` must have {len(kinds)} items")
    return tuple(
        _build(kind, item, f"{where}[{n}]")
        for n, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _build_parameters(value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"`{where}` must be an object")
    try:
        return Parameters(value)
    except TypeError as error:
        raise ValueError(f"`{where}`: {error}") from error


def _build_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"`{where}` must be an object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise ValueError(f"`{where}` has no `{unknown[0]}`")
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in value:
            raise ValueError(f"`{where}` lacks `{name}`")
    hints = _hints(kind)
    built = {name: _build(hints[name], item, f"{where}.{name}") for name, item in value.items()}
    return kind(**built)
