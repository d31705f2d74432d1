"""The usual coarsening of an identifying column, and its values so coarsened.

What a table keeps after the customary generalisation: the year and the sex of a birth number,
the year of a date of birth, the first signs of a postal code, ten years of age. Used to tell
what still singles people out then. Not a masking operator: nothing here is published.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from policy_service.kit.checksums import read_birth_number

_BIRTH = "user.demographic.date_of_birth"
_SEX = "user.demographic.gender"
_POSTCODE = "user.contact.address.postal_code"
_AGE = "user.demographic.age_range"
_YEAR = re.compile(r"(?<!\d)(1[89]|20)\d\d(?!\d)|(?<!\d)(1[89]|20)\d\d(?=[01]\d[0-3]\d(?!\d))")
_SHORT_DATE = re.compile(r"(\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d)")
_ENOUGH = 0.9
_KEPT_SIGNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CoarseValues:
    """A column's values after coarsening, in row order, and what they were coarsened to."""

    read_as: str
    values: tuple[str, ...]


def coarsen(texts: Sequence[str], categories: Sequence[str]) -> CoarseValues | None:
    """Coarsen the values of a column by its category and what it reveals.

    None where there is no usual way, or nine of ten values that are not empty do not read.
    Empty texts, and those that do not read, become empty.
    """
    for read_as, fits, read in _WAYS:
        if fits(categories):
            values = tuple(read(text) or "" if text else "" for text in texts)
            filled = sum(map(bool, texts))
            if filled and sum(map(bool, values)) >= _ENOUGH * filled:
                return CoarseValues(read_as=read_as, values=values)
    return None


def _covers(category: str) -> Callable[[Sequence[str]], bool]:
    return lambda categories: category in categories


def _year_and_sex(text: str) -> str | None:
    number = read_birth_number(text)
    return f"{number.born.year}{'F' if number.female else 'M'}" if number else None


def _year(text: str) -> str | None:
    found = _YEAR.search(text)
    if found:
        return found[0]
    short = _SHORT_DATE.match(text)
    return short[1] if short else None


def _first_signs(text: str) -> str | None:
    return text[:_KEPT_SIGNS]


def _decade(text: str) -> str | None:
    return f"{int(text) // 10}" if text.isascii() and text.isdigit() and len(text) < 4 else None


_Way = tuple[str, Callable[[Sequence[str]], bool], Callable[[str], str | None]]
_WAYS: tuple[_Way, ...] = (
    ("year of birth and sex", lambda held: _BIRTH in held and _SEX in held, _year_and_sex),
    ("year of birth", _covers(_BIRTH), _year),
    ("first two signs", _covers(_POSTCODE), _first_signs),
    ("ten years of age", _covers(_AGE), _decade),
)
