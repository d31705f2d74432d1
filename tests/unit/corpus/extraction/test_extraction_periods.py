"""Periods: read from words and figures, and rounded the way that protects more."""

import pytest

from policy_service.corpus.extraction.periods import number_of, periods_in, repeated_days


@pytest.mark.parametrize(
    ("text", "at_most", "at_least"),
    [
        ("within 72 hours", 3, 3),
        ("for six years", 2191, 2192),
        ("one month", 30, 31),
        ("45 calendar days", 45, 45),
        ("a 2-week period", 14, 14),
        ("sixty (60) days", 60, 60),
        ("30 minutes", 1, 1),
    ],
)
def test_periods_become_days(text: str, at_most: int, at_least: int) -> None:
    """What may last so long is rounded down, what must last so long is rounded up."""
    (found,) = periods_in(text)
    assert (found.at_most_days(), found.at_least_days()) == (at_most, at_least)


def test_periods_give_minutes_where_they_are_short() -> None:
    """Hours and minutes are minutes; days are none, for no screen locks after days."""
    assert [one.minutes() for one in periods_in("15 minutes, 2 hours, 3 days")] == [15, 120, 0]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("reviewed annually", 365),
        ("at least once each year", 365),
        ("every 90 days", 90),
        ("every six months", 180),
        ("every 10 minutes", 0),
        ("every quarter", 90),
        ("regularly", 0),
    ],
)
def test_repetition_becomes_days(text: str, days: int) -> None:
    """How often is said in days; 0 where the text does not say it."""
    assert repeated_days(text) == days


def test_numbers_are_read_from_words() -> None:
    """Figures and words mean the same."""
    assert (number_of("12"), number_of("Twelve"), number_of("forty-five")) == (12, 12, 45)
