"""Domain values to stored text and back."""

import json
from typing import TypeVar

from policy_service.domain.errors import StorageError
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json

T = TypeVar("T")


def dump(value: object) -> str:
    """Write a domain value as canonical JSON text."""
    return canonical_json(to_plain(value)).decode()


def load(kind: type[T], text: str) -> T:
    """Read what `dump` wrote. Raises `StorageError` for text that is not a whole `kind`."""
    try:
        return from_plain(kind, json.loads(text))
    except (ValueError, TypeError) as error:
        raise StorageError(
            f"a stored `{kind.__name__}` cannot be read; the state comes from another version"
        ) from error
