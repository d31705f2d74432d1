"""Canonical JSON: the one byte form of whatever is hashed or signed.

Source: RFC 8785, JSON Canonicalization Scheme.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import rfc8785

from policy_service.kit.hashing import sha256_hex

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


def canonical_json(value: Json) -> bytes:
    """Serialise `value` to its canonical bytes.

    Raises `ValueError` for what JSON cannot carry exactly: NaN, infinities, and
    integers beyond 2**53 - 1. Write such integers as strings.
    """
    try:
        return rfc8785.dumps(cast("Any", value))
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"cannot write canonical JSON: {error}") from error


def content_sha256(value: Json) -> str:
    """Hash the canonical form of `value`; 64 lower-case hex digits."""
    return sha256_hex(canonical_json(value))
