"""Pseudonyms: `p_` and 16 hex digits of HMAC-SHA256, the same in tables, text and SQL.

One definition for every place that makes one. The HMAC is keyed with the 64 ASCII
bytes of the key's lower-case hex, so that engines which take text keys only make
the same. Source: RFC 2104 (HMAC), FIPS 180-4. Not reversible without the key; who
holds the key can test guesses.
"""

import hmac

import polars as pl
import polars_hash

from policy_service.masking.canonical_text import text_of

PREFIX = "p_"
DIGITS = 16


def pseudonym(value: object, *, key: bytes) -> str | None:
    """Make the pseudonym of one value by a key of 32 bytes; `None` stays `None`."""
    text = text_of(value)
    if text is None:
        return None
    message = text.encode("utf-8", "surrogatepass")
    return PREFIX + hmac.digest(_text_key(key).encode("ascii"), message, "sha256").hex()[:DIGITS]


def pseudonym_expression(text: pl.Expr, *, key: bytes) -> pl.Expr:
    """Make pseudonyms of a column of texts (`String`, in its canonical form)."""
    names = polars_hash.CryptographicHashingNameSpace(text)
    digest: pl.Expr = names.hmac_sha256(key=_text_key(key))
    return pl.lit(PREFIX) + digest.str.slice(0, DIGITS)


def hmac_blocks(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer key block of HMAC for engines that only have SHA-256.

    Whoever sees a block has the key.
    """
    block = _text_key(key).encode("ascii")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _text_key(key: bytes) -> str:
    # INVARIANT: 32 bytes give 64 characters, SHA-256's block: HMAC neither pads nor hashes it.
    return key.hex()
