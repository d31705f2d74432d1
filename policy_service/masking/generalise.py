"""Generalisation: a date's month up to its century, sex and year, a prefix, a range of numbers.

A value that cannot be read in the wanted way becomes `None`: one odd cell
neither leaks nor blocks the table. Levels of a hierarchy are `masking.hierarchy`.
"""

import math
from decimal import Decimal

from policy_service.masking.canonical_text import text_of
from policy_service.masking.dates import ReadDate, read_date

_NUMBER_BOUND = 2**62  # ranges of 64-bit integers must not overflow in any engine


def generalise(value: object, *, to: str, keep: int) -> str | None:
    """Coarsen a value. Requires `to` out of `GENERALISATIONS` but `level`, `keep` >= 1.

    `prefix` keeps the first `keep` characters; a value no longer than that
    becomes `None`, as all of it would show.
    """
    if to == "prefix":
        text = text_of(value)
        return None if text is None or len(text) <= keep else text[:keep]
    read = read_date(value)
    if read is None:
        return None
    return _coarse(read, to)


def _coarse(read: ReadDate, to: str) -> str | None:
    year, month = f"{read.year:04d}", read.month
    shown = {
        "year": year,
        "decade": f"{year[:3]}0s",
        "century": f"{year[:2]}00s",
        "quarter": f"{year}-Q{(month + 2) // 3}" if month else None,
        "month": f"{year}-{month:02d}" if month else None,
        "sex_and_year": f"{year}, {read.sex}" if read.sex else None,
    }
    return shown[to]


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
