"""Read a date out of the forms databases keep it in: dates, ISO text, YYMMDD, birth numbers.

Only as much as generalisation needs. What cannot be read is `None`, never a guess
from a part of it. Source of the birth number: Czech act 133/2000 Coll., section 13.
"""

import re
from dataclasses import dataclass
from datetime import date

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?")
_DOTTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")
_SLASHED = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/([0-9]{4})")
_YEAR = re.compile(r"1[89][0-9]{2}|2[01][0-9]{2}")
_EIGHT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SIX = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?: [0-9:]{5,8})?")
_BIRTH_NUMBER = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})/?([0-9]{3,4})")
_FIRST_YEAR_OF_TEN_DIGITS = 54  # numbers of ten digits began in 1954
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDate:
    """What was read: `month` is 0 where only the year is certain, `sex` empty where not coded."""

    year: int
    month: int = 0
    sex: str = ""


def read_date(value: object) -> ReadDate | None:
    """Read the year, and what else is certain, of a date in any supported form.

    Six digits are read as YYMMDD in the 20th century: the century is not in them.
    """
    if isinstance(value, date):  # a datetime is one too
        return ReadDate(year=value.year, month=value.month)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        text = str(value)
        return _from_text(text.zfill(6) if len(text) == 5 else text)
    return _from_text(value.strip()) if isinstance(value, str) else None


def _from_text(text: str) -> ReadDate | None:  # noqa: PLR0911 - one return for each form
    if found := _ISO.fullmatch(text):
        return _checked(int(found[1]), int(found[2]), int(found[3] or 1))
    if found := _DOTTED.fullmatch(text):
        return _checked(int(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHED.fullmatch(text):
        return ReadDate(year=int(found[1]))  # day and month stand in either order
    if _YEAR.fullmatch(text):
        return ReadDate(year=int(text))
    if found := _EIGHT.fullmatch(text):
        return _checked(int(found[1]), int(found[2]), int(found[3]))
    if found := _SIX.fullmatch(text):
        return _coded(1900 + int(found[1]), int(found[2]), int(found[3]), offsets=(0, 50))
    if found := _BIRTH_NUMBER.fullmatch(text):
        return _from_birth_number(found)
    return None


def _from_birth_number(found: re.Match[str]) -> ReadDate | None:
    short, month, day = (int(found[group]) for group in (1, 2, 3))
    early = short < _FIRST_YEAR_OF_TEN_DIGITS
    if len(found[4]) == 3:
        return _coded((1900 if early else 1800) + short, month, day, offsets=(0, 50))
    return _coded((2000 if early else 1900) + short, month, day, offsets=(0, 20, 50, 70))


def _coded(year: int, month: int, day: int, *, offsets: tuple[int, ...]) -> ReadDate | None:
    for offset in offsets:
        if 1 <= month - offset <= _MONTHS and 1 <= day <= 31:
            sex = "female" if offset >= 50 else "male"
            return ReadDate(year=year, month=month - offset, sex=sex)
    return None


def _checked(year: int, month: int, day: int) -> ReadDate | None:
    if 1 <= month <= _MONTHS and 1 <= day <= 31:
        return ReadDate(year=year, month=month)
    return None
