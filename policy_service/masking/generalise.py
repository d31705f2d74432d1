"""Generalisation: a year, a month, sex and year, a prefix, or a range of numbers.

A value that cannot be read in the wanted way becomes `None`: one odd cell
neither leaks nor blocks the table.
"""

import math
from decimal import Decimal

from policy_service.masking.canonical_text import text_of
from policy_service.masking.dates import read_date

GENERALISATIONS = ("month", "prefix", "sex_and_year", "year")
_NUMBER_BOUND = 2**62  # ranges of 64-bit integers must not overflow in any engine


def generalise(value: object, *, to: str, keep: int) -> str | None:
    """Coarsen a value. Requires `to` out of `GENERALISATIONS`, `keep` of at least 1.

    `prefix` keeps the first `keep` characters; a value no longer than that
    becomes `None`, as all of it would show.
    """
    if to == "prefix":
        text = text_of(value)
        return None if text is None or len(text) <= keep else text[:keep]
    read = read_date(value)
    if read is None:
        return None
    if to == "year":
        return f"{read.year:04d}"
    if to == "month":
        return f"{read.year:04d}-{read.month:02d}" if read.month else None
    return f"{read.year:04d}, {read.sex}" if read.sex else None


def bucket(value: object, *, width: int) -> str | None:
    """Write the range of `width` that a number lies in: `[1000, 2000)`. Requires width >= 1."""
    lower = _lower_bound(value, width)
    if lower is None or not -_NUMBER_BOUND < lower < _NUMBER_BOUND - width:
        return None
    return f"[{lower}, {lower + width})"


def _lower_bound(value: object, width: int) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value // width * width
    if isinstance(value, float):
        return math.floor(value / width) * width if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return math.floor(value / width) * width if value.is_finite() else None
    return None
