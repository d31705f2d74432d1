"""Pseudonyms: `p_` and 16 hex digits of HMAC-SHA256, the same in tables, text and SQL.

One definition for every place that makes one. The HMAC is keyed with the 64 ASCII
bytes of the key's lower-case hex, so that engines which take text keys only make
the same. Source: RFC 2104 (HMAC), FIPS 180-4. Not reversible; who holds the key can
test guesses, and who also holds the values can link pseudonyms of two keys.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.canonical_text import text_of
from policy_service.masking.column_text import text_expression

if TYPE_CHECKING:
    import polars as pl
    import polars_hash
else:
    pl = LateModule("polars")
    polars_hash = LateModule("polars_hash")

PREFIX = "p_"
DIGITS = 16
_FEW_ROWS = 1_000
_WORTH_IT = 0.6  # share of distinct values below which they are looked for


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


def pseudonym_column(column: pl.Series, *, key: bytes) -> pl.Expr | pl.Series | None:
    """Make the pseudonyms of a whole column; `None` where only the scalar form can.

    A column whose values repeat is hashed once for each of them: foreign keys mostly do.
    """
    if not _repeats(column):
        text = text_expression(column)
        return None if text is None else pseudonym_expression(text, key=key)
    distinct = column.drop_nulls().unique()
    text = text_expression(distinct)
    if text is None:
        return None
    made = pl.select(pseudonym_expression(text, key=key)).to_series()
    return column.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def _repeats(column: pl.Series) -> bool:
    # Finding the distinct values costs about as much as hashing a third of them.
    if column.len() < _FEW_ROWS or not (column.dtype.is_integer() or column.dtype == pl.String):
        return False
    distinct = column.approx_n_unique()
    return isinstance(distinct, int) and distinct < _WORTH_IT * column.len()


def pseudonym_links(values: Sequence[object], *, old: bytes, new: bytes) -> dict[str, str]:
    """Map each pseudonym under the key `old` to the one under `new`, from the clear values.

    For carrying stored pseudonyms over a rotation. A pseudonym names no key version, so
    it is for the caller to know which key made it. Sorted by the old pseudonym.
    """
    texts = {text_of(value) for value in values} - {None}
    return dict(
        sorted((str(pseudonym(one, key=old)), str(pseudonym(one, key=new))) for one in texts)
    )


def hmac_blocks(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer key block of HMAC for engines that only have SHA-256.

    Whoever sees a block has the key.
    """
    block = _text_key(key).encode("ascii")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _text_key(key: bytes) -> str:
    # INVARIANT: 32 bytes give 64 characters, SHA-256's block: HMAC neither pads nor hashes it.
    return key.hex()
