"""Risks from class sizes, and estimates for the whole checked against populations we know."""

import random
from collections import Counter
from functools import cache
from statistics import fmean

import pytest

from policy_service.catalog.privacy.reidentification import (
    ClassSizes,
    estimate_distinct,
    estimate_risk,
)

ROWS = 40_000


@cache
def _people(kind: str) -> list[int]:
    chance = random.Random(7)  # noqa: S311 - a fixed population
    if kind == "even":
        return [chance.randrange(ROWS // 2) for _ in range(ROWS)]
    if kind == "uneven":
        return [int(chance.paretovariate(0.3)) for _ in range(ROWS)]
    if kind == "half alone":
        return [one if one % 2 else -(one % 100) for one in range(ROWS)]
    return [chance.randrange(77) * 200 + int(chance.betavariate(2, 3) * 80) for _ in range(ROWS)]


def _drawn(people: list[int], share: float) -> list[int]:
    return random.Random(3).sample(people, int(share * ROWS))  # noqa: S311 - a fixed sample


@pytest.mark.parametrize("kind", ["even", "uneven", "half alone", "demographic"])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_sample_tells_how_many_are_alone_in_the_whole(kind: str, share: float) -> None:
    """Uniqueness, marketer and journalist risk come close to what the whole population shows."""
    people = _people(kind)
    whole = Counter(people)
    drawn = _drawn(people, share)
    sample = Counter(drawn)
    risk = estimate_risk(ClassSizes.of(sample.values()), population_rows=ROWS)
    alone = sum(1 for count in whole.values() if count == 1) / ROWS
    matched = sum(count / whole[one] for one, count in sample.items()) / len(drawn)
    worst = max(
        fmean(1 / whole[one] for one, count in sample.items() if count == size)
        for size in set(sample.values())
    )
    assert risk.population_unique == pytest.approx(alone, abs=0.05)
    assert risk.marketer == pytest.approx(matched, abs=0.05)
    assert risk.journalist_highest == pytest.approx(worst, abs=0.1)


def test_with_all_rows_counted_nothing_is_estimated() -> None:
    """Journalist and marketer are the prosecutor, and the unique rows are those counted."""
    risk = estimate_risk(ClassSizes.of([1, 1, 2, 4]))
    assert risk.counted_rows == risk.population_rows == 8
    assert risk.prosecutor_highest == risk.journalist_highest == 1.0
    assert risk.prosecutor_average == risk.marketer == 0.5
    assert risk.population_unique == 0.25
    assert estimate_risk(ClassSizes.of([2]), population_rows=1).population_rows == 2


def test_extremes_are_not_argued_with() -> None:
    """All different stay different, all alike stay alike, and nothing has no risk."""
    different = estimate_risk(ClassSizes.of([1] * 50), population_rows=5_000)
    assert different.population_unique == pytest.approx(1.0, abs=1e-4)
    alike = estimate_risk(ClassSizes.of([50]), population_rows=5_000)
    assert alike.marketer == pytest.approx(1 / 5_000, rel=0.01)
    nothing = estimate_risk(ClassSizes(()), population_rows=5)
    assert (nothing.population_rows, nothing.marketer) == (5, 0.0)


def test_large_classes_in_a_large_population_are_estimated_too() -> None:
    """Where a class is seen often, its size in the whole is what proportion says."""
    sizes = ClassSizes.of([200] * 20)
    risk = estimate_risk(sizes, population_rows=4_000_000)
    assert risk.marketer == pytest.approx(20 / 4_000_000, rel=0.05)


def test_different_values_of_the_whole_are_estimated_from_below() -> None:
    """A unique column has as many as rows; a closed list has been seen whole; chance is small."""
    assert estimate_distinct(ClassSizes.of([1] * 100), population_rows=10_000) == 10_000
    assert estimate_distinct(ClassSizes.of([50, 50]), population_rows=10_000) == 2
    assert estimate_distinct(ClassSizes.of([1, 2, 3])) == 3
    assert estimate_distinct(ClassSizes.of([1]), population_rows=10) == 1
    people = _people("even")
    sample = Counter(_drawn(people, 0.25))
    found = estimate_distinct(ClassSizes.of(sample.values()), population_rows=ROWS)
    assert len(sample) < found <= 1.02 * len(set(people))
