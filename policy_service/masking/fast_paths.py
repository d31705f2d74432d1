"""Shortcuts for common columns: text without separators, and dates as six digits.

Each equals the general form on the columns it is for; property tests hold them to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.generalise import generalise
from policy_service.masking.partial import BULLET, MINIMUM_HIDDEN, SEPARATORS

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")

SEPARATOR_CLASS = "[" + re.escape(SEPARATORS) + "]"


def exact_quotient(values: pl.Expr, divisor: float, *, rows: int) -> pl.Expr:
    """Divide as IEEE 754 does: by one number, polars multiplies by its reciprocal (49 / 49 < 1)."""
    return values / pl.lit(pl.Series([divisor]).new_from_index(0, rows))


def digits_only(text: pl.Series) -> pl.Series | None:
    """Return a `String` column as numbers where each value is ASCII digits alone; else nothing."""
    least = text.min()
    if not isinstance(least, str) or not least >= "0":  # a sign sorts before all digits
        return None
    number = text.cast(pl.UInt64, strict=False)
    return number if number.null_count() == text.null_count() else None


def without_separators(text: pl.Series) -> bool:
    """Tell whether no value of a `String` column holds a separator."""
    return digits_only(text) is not None or not text.str.contains(SEPARATOR_CLASS).any()


def partial_plain(text: pl.Series, *, first: int, last: int) -> pl.Expr:
    """Mask the middle of values that hold no separator."""
    counted = text.str.len_chars()
    shortest, longest = counted.min(), counted.max()
    values, length = pl.lit(text), pl.lit(counted)
    shown = first + last
    if isinstance(longest, int) and shortest == longest >= shown + MINIMUM_HIDDEN:
        hidden = pl.lit(BULLET * (longest - shown))
        start = values.str.slice(0, first) + hidden if first else hidden
        return (
            start + values.str.slice(longest - last)
            if last
            else pl.when(values.is_not_null()).then(start)
        )
    bullets = pl.lit(BULLET * (longest if isinstance(longest, int) else 0))
    kept = values.str.slice(0, first) + bullets.str.slice(0, length - shown)
    ends = kept + values.str.slice(length - last, last)
    return (
        pl.when(length >= shown + MINIMUM_HIDDEN)
        .then(ends)
        .when(length.is_not_null())
        .then(bullets.str.slice(0, length))
    )


def six_digits(column: pl.Series) -> pl.Series | None:
    """Return YYMMDD as numbers where each value of a column reads so; else nothing."""
    if column.dtype == pl.String:
        return digits_only(column) if (column.str.len_bytes() == 6).all() else None
    if column.dtype in (pl.Int16, pl.Int32, pl.Int64, pl.UInt16, pl.UInt32):
        number = column.cast(pl.Int64)
        return number if number.is_between(10_000, 999_999).all() else None
    return None


def generalised_dates(column: pl.Series, *, to: str) -> pl.Expr | None:
    """Generalise a column of dates or times; `None` where that needs more than the calendar."""
    values = pl.lit(column)
    year = values.dt.strftime("%Y")
    shown = {
        "year": year,
        "decade": year.str.slice(0, 3) + pl.lit("0s"),
        "century": year.str.slice(0, 2) + pl.lit("00s"),
        "quarter": year + pl.lit("-Q") + values.dt.quarter().cast(pl.String),
        "month": values.dt.strftime("%Y-%m"),
    }
    return shown.get(to)


def generalised_digits(number: pl.Series, *, to: str) -> pl.Expr:
    """Generalise YYMMDD to a part of the date or sex_and_year, as `masking.dates` reads it."""
    values = pl.lit(number)
    day = values % 100
    return pl.when(day.is_between(1, 31)).then(pl.lit(_six_digit_months(to)).gather(values // 100))


@lru_cache(maxsize=8)
def _six_digit_months(to: str) -> pl.Series:
    """Generalise each YYMM, from 0000 to 9999, by the scalar form."""
    months = (generalise(f"{month:04d}01", to=to, keep=1) for month in range(10_000))
    return pl.Series(list(months), dtype=pl.String)


def bands(lower: pl.Expr, *, width: int) -> pl.Expr:
    """Write the ranges of `width` from `lower` up: `[1000, 2000)`."""
    low, high = lower.cast(pl.String), (lower + width).cast(pl.String)
    return pl.lit("[") + low + pl.lit(", ") + high + pl.lit(")")


def bands_of_few(lower: pl.Series, *, width: int) -> pl.Expr | None:
    """Write the ranges once each, where there are far fewer than rows; else nothing."""
    least, most = lower.min(), lower.max()
    if not isinstance(least, int) or not isinstance(most, int):
        return None
    count = (most - least) // width + 1
    if count > lower.len() // 4:
        return None
    every = pl.int_range(least, most + 1, width, dtype=pl.Int64, eager=True)
    return pl.lit(pl.select(bands(pl.lit(every), width=width)).to_series()).gather(
        (pl.lit(lower) - least) // width
    )
