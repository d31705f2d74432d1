"""Shortcuts for common columns: text without separators, and dates as six digits.

Each equals the general form on the columns it is for; property tests hold them to it.
"""

import re

import polars as pl

from policy_service.masking.partial import BULLET, MINIMUM_HIDDEN, SEPARATORS

SEPARATOR_CLASS = "[" + re.escape(SEPARATORS) + "]"
_INTEGERS = (pl.Int16, pl.Int32, pl.Int64, pl.UInt16, pl.UInt32)
_SIX_DIGITS = "^[0-9]{6}$"


def without_separators(text: pl.Series) -> bool:
    """Tell whether no value of a `String` column holds a separator."""
    return not text.str.contains(SEPARATOR_CLASS).any()


def partial_plain(text: pl.Series, *, first: int, last: int) -> pl.Expr:
    """Mask the middle of values that hold no separator."""
    values, length = pl.lit(text), pl.lit(text).str.len_chars()
    longest = text.str.len_chars().max()
    bullets = pl.lit(BULLET * (longest if isinstance(longest, int) else 0))
    shown = first + last
    kept = values.str.slice(0, first) + bullets.str.slice(0, length - shown)
    ends = kept + values.str.slice(length - last, last)
    return (
        pl.when(length >= shown + MINIMUM_HIDDEN)
        .then(ends)
        .when(length.is_not_null())
        .then(bullets.str.slice(0, length))
    )


def six_digits(column: pl.Series) -> pl.Expr | None:
    """Return the column as six digits where each value reads so: YYMMDD; else nothing."""
    if column.dtype == pl.String:
        fits = column.str.contains(_SIX_DIGITS).all()
        return pl.lit(column) if fits else None
    if column.dtype in _INTEGERS:
        fits = column.cast(pl.Int64).is_between(10_000, 999_999).all()
        return pl.lit(column).cast(pl.String).str.zfill(6) if fits else None
    return None


def generalised_digits(digits: pl.Expr, *, to: str) -> pl.Expr:
    """Generalise YYMMDD to year, month or sex_and_year, as `masking.dates` reads it."""
    coded = digits.str.slice(2, 2).cast(pl.Int32)
    day = digits.str.slice(4, 2).cast(pl.Int32)
    female = coded > 50
    month = pl.when(female).then(coded - 50).otherwise(coded)
    year = pl.lit("19") + digits.str.slice(0, 2)
    shown = year
    if to == "month":
        shown = year + pl.lit("-") + month.cast(pl.String).str.zfill(2)
    if to == "sex_and_year":
        shown = year + pl.when(female).then(pl.lit(", female")).otherwise(pl.lit(", male"))
    return pl.when(month.is_between(1, 12) & day.is_between(1, 31)).then(shown)
