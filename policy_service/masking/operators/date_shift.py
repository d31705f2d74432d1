"""Date shift: every date of one subject moves by the same number of days, 1 to `days`.

Which number is a keyed choice, so intervals within a subject stay and the true date does
not. Without a subject each date is shifted by itself: nothing ties two dates together,
and intervals are lost. Not anonymisation: seasons and long gaps stay recognisable.
Source of the idea: Hripcsak et al. 2016, "Preserving temporal relations in clinical data
while maintaining privacy".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.operators.keyed import (
    derived_key,
    message_expression,
    message_of,
    number,
    number_expression,
)

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")

_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ].*)?", re.DOTALL | re.ASCII)
_DOTTED = re.compile(r"([0-9]{1,2})\.( ?)([0-9]{1,2})\.( ?)([0-9]{4})", re.ASCII)
_EIGHT = re.compile(r"[0-9]{8}", re.ASCII)
_SIX = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})( [0-9:]{5,8})?", re.ASCII)
_FEMALE = 50  # added to the month in birth numbers
_Written = tuple[date, Callable[[date], object]]


def shift_key(key: bytes) -> str:
    """Derive the key of date shifts."""
    return derived_key(key, "date shift")


def shift_date(value: object, *, days: int, key: str, subject: object = None) -> object:
    """Move a date, in whatever form it is written; what is no date becomes `None`.

    Requires `days` >= 1 and a key of `shift_key`. Times of day stay; aware times move by
    whole days of UTC. A date that would leave the calendar becomes `None`.
    """
    if isinstance(value, datetime):
        return _moved_time(value, days, key, subject)
    read = _read(value)
    if read is None:
        return None
    day, write = read
    try:
        return write(day + timedelta(days=_shift(day, days, key, subject)))
    except OverflowError:
        return None


def shift_dates(
    column: pl.Series, *, days: int, key: str, subject: pl.Expr | None
) -> pl.Expr | None:
    """Move a column of dates or times; `None` for types that have no vectorised form.

    `subject` is a column of canonical texts.
    """
    values = pl.lit(column)
    in_utc = values
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_unit == "ns":  # cannot hold what Python's datetimes can
            return None
        if column.dtype.time_zone is not None:
            in_utc = values.dt.convert_time_zone("UTC")
    elif column.dtype != pl.Date:
        return None
    message = message_expression(subject, _decisive_day(in_utc, subject))
    # Once and for all: an expression would make the HMACs again wherever it is named.
    chosen = pl.lit(pl.select(number_expression(message, key=key) % (2 * days)).to_series())
    shift = chosen - days + (chosen >= days).cast(pl.Int64)
    day = in_utc.dt.date().cast(pl.Int64) + shift
    first, last = (pl.lit(one).cast(pl.Int64) for one in (date.min, date.max))
    return pl.when(day.is_between(first, last)).then(values + pl.duration(days=shift))


def _decisive_day(values: pl.Expr, subject: pl.Expr | None) -> pl.Expr:
    """Return the day that decides the shift, where no subject does."""
    day = values.dt.strftime("%Y-%m-%d")
    return day if subject is None else pl.when(subject.is_null()).then(day).otherwise(pl.lit(""))


def _shift(day: date, days: int, key: str, subject: object) -> int:
    """Choose the shift: never 0, so that no true date shows."""
    text = day.isoformat() if subject is None else ""
    chosen = number(message_of(subject, text), key=key) % (2 * days)
    return chosen - days + (1 if chosen >= days else 0)


def _moved_time(value: datetime, days: int, key: str, subject: object) -> datetime | None:
    try:
        plain = value if value.tzinfo is None else value.astimezone(UTC)
        moved = plain + timedelta(days=_shift(plain.date(), days, key, subject))
        return moved if value.tzinfo is None else moved.astimezone(value.tzinfo)
    except OverflowError:
        return None


def _read(value: object) -> _Written | None:
    """Read a date, and how it is to be written again."""
    if isinstance(value, date):
        return value, lambda moved: moved
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int):
            text = str(value)
            found = _from_digits(text.zfill(6) if len(text) == 5 else text)
            return None if found is None else (found[0], _as_number(found[1]))
        return _from_text(value) if isinstance(value, str) else None
    except ValueError:  # the 30th of February, the 13th month
        return None


def _as_number(write: Callable[[date], object]) -> Callable[[date], object]:
    return lambda moved: int(str(write(moved)))


def _from_text(text: str) -> _Written | None:
    if found := _ISO.fullmatch(text):
        rest = found[2] or ""
        return date.fromisoformat(found[1]), lambda moved: moved.isoformat() + rest
    if found := _DOTTED.fullmatch(text):
        first, second = found[2], found[4]
        padded = len(found[1]) == len(found[3]) == 2

        def dotted(moved: date) -> str:
            day, month = str(moved.day), str(moved.month)
            if padded:
                day, month = day.zfill(2), month.zfill(2)
            return f"{day}.{first}{month}.{second}{moved.year:04d}"

        return date(int(found[5]), int(found[3]), int(found[1])), dotted
    return _from_digits(text)


def _from_digits(text: str) -> _Written | None:
    if _EIGHT.fullmatch(text):
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return day, lambda moved: f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
    if found := _SIX.fullmatch(text):
        return _from_six(found)
    return None


def _from_six(found: re.Match[str]) -> _Written | None:
    """Read YYMMDD of the 20th century, in birth numbers of women with 50 added to the month."""
    short, coded, day = (int(found[group]) for group in (1, 2, 3))
    added = _FEMALE if coded > _FEMALE else 0
    rest = found[4] or ""

    def six(moved: date) -> str:
        return f"{moved.year % 100:02d}{moved.month + added:02d}{moved.day:02d}{rest}"

    return date(1900 + short, coded - added, day), six
