"""Keyed choices: a number that only holders of the key can foretell, for shifts, noise and fakes.

HMAC-SHA256 of a text under a key derived for one use, so that no choice can be compared
with a pseudonym or with a choice of another operator. Not for encryption.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.canonical_text import text_of

if TYPE_CHECKING:
    import polars as pl
    import polars_hash
else:
    pl = LateModule("polars")
    polars_hash = LateModule("polars_hash")

BITS = 52  # a number below 2**52 is exact in every engine's numbers
_DIGITS = BITS // 4


def derived_key(key: bytes, use: str) -> str:
    """Derive the key of one use, as text: one key must not serve two primitives."""
    return hmac.digest(key, f"policy-service {use}".encode(), "sha256").hex()


def digest(message: str, *, key: str) -> bytes:
    """Return the HMAC of a message; requires a key of `derived_key`."""
    return hmac.digest(key.encode("ascii"), message.encode("utf-8", "surrogatepass"), "sha256")


def number(message: str, *, key: str) -> int:
    """Return the first `BITS` bits of the digest as a number."""
    return int(digest(message, key=key).hex()[:_DIGITS], 16)


def number_expression(message: pl.Expr, *, key: str) -> pl.Expr:
    """Return `number` for a column of messages (`String`)."""
    names = polars_hash.CryptographicHashingNameSpace(message)
    hexadecimal: pl.Expr = names.hmac_sha256(key=key)
    return hexadecimal.str.slice(0, _DIGITS).str.to_integer(base=16, dtype=pl.Int64)


def message_of(subject: object, text: str) -> str:
    """Join a subject and a text so that no two pairs give the same message."""
    owner = text_of(subject)
    return f"-:{text}" if owner is None else f"{len(owner)}:{owner}:{text}"


def message_expression(subject: pl.Expr | None, text: pl.Expr) -> pl.Expr:
    """Return `message_of` for columns of canonical texts."""
    alone = pl.lit("-:") + text
    if subject is None:
        return alone
    owned = subject.str.len_chars().cast(pl.String) + pl.lit(":") + subject + pl.lit(":") + text
    return pl.when(subject.is_null()).then(alone).otherwise(owned)
