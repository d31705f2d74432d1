"""Periods and counts as law writes them: `72 hours`, `six years`, `one month`.

Converted to days the way that protects more: what may last at most so long is rounded
down, what must last at least so long is rounded up.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_UP_TO_TWENTY = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_WORDS = {
    **{found.group(): number for number, found in enumerate(re.finditer(r"\w+", _UP_TO_TWENTY), 1)},
    **{"thirty": 30, "forty-five": 45, "sixty": 60, "ninety": 90},
}
_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
NUMBER = rf"(?P<number>\d{{1,4}}|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_PERIOD = re.compile(
    rf"\b{NUMBER}(?:\s*\(\d+\))?(?:\s*-\s*|\s+)(?:(?:calendar|business|working)\s+)?"
    r"(?P<unit>minute|hour|day|week|month|year)s?\b",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"\b(?:annually|yearly|(?:once\s+)?(?:a|per|each|every)\s+year|every\s+12\s+months)\b", re.I
)
_QUARTER = re.compile(r"\b(?:quarterly|every\s+quarter)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length of time and where the text says it."""

    number: int
    unit: str  # minute, hour, day, week, month, year
    start: int

    def at_most_days(self) -> int:
        """Return whole days, rounded down; less than a day is one."""
        if self.unit == "month":
            return self.number * 30
        return max(1, math.floor(self.number * _days(self.unit)))

    def at_least_days(self) -> int:
        """Return whole days, rounded up."""
        return math.ceil(self.number * _days(self.unit))

    def minutes(self) -> int:
        """Return minutes, rounded down; 0 where the period is longer than a day."""
        size = {"minute": 1, "hour": 60}.get(self.unit, 0)
        return self.number * size


def periods_in(text: str) -> Iterator[Period]:
    """Yield the periods that a text names, in order."""
    for found in _PERIOD.finditer(text):
        yield Period(
            number=number_of(found.group("number")),
            unit=found.group("unit").lower(),
            start=found.start(),
        )


def repeated_days(text: str) -> int:
    """Return how often something happens, in days: `annually` is 365; 0: it is not said."""
    if found := re.search(rf"\bevery\s+{_PERIOD.pattern[2:]}", text, re.IGNORECASE):
        unit, number = found.group("unit").lower(), number_of(found.group("number"))
        days = Period(number=number, unit=unit, start=0).at_most_days()
        return 0 if unit == "minute" else days
    if _EVERY.search(text):
        return 365
    return 90 if _QUARTER.search(text) else 0


def number_of(word: str) -> int:
    """Read `72` or `six`."""
    return int(word) if word.isdigit() else _WORDS[word.lower()]


def _days(unit: str) -> float:
    return _DAYS.get(unit, 1 / 1440)
