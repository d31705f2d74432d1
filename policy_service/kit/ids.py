"""Identifiers: random ones for events, derived ones for what must replay byte for byte."""

import secrets
from collections.abc import Callable

from policy_service.kit.hashing import sha256_text

RandomBytes = Callable[[int], bytes]
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_ID_BYTES = 10


def new_id(prefix: str, *, random_bytes: RandomBytes = secrets.token_bytes) -> str:
    """Make an unguessable id such as `dec_4k2w…`: 80 random bits in 16 characters."""
    return f"{prefix}_{_encode(random_bytes(_ID_BYTES))}"


def derived_id(prefix: str, *parts: str) -> str:
    """Make the id that the same parts always give; 80 bits of their SHA-256."""
    digest = bytes.fromhex(sha256_text("\x1f".join(parts)))
    return f"{prefix}_{_encode(digest[:_ID_BYTES])}"


def _encode(data: bytes) -> str:
    number = int.from_bytes(data)
    length = (len(data) * 8 + 4) // 5
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(length)))
