"""Laws of anonymity: the fast form equals the definition, and hiding more never hides less."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.catalog.privacy.anonymity import measure, row_classes
from policy_service.catalog.privacy.reidentification import (
    ClassSizes,
    estimate_distinct,
    estimate_risk,
)
from tests.oracles.anonymity import classes_of, spread

_WORD = st.none() | st.sampled_from(["", "a", "A", "žluť", "🙂", "שלום"])
_NUMBER = st.none() | st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -3.0])
_ROW = st.tuples(_WORD, st.none() | st.integers(0, 3), _NUMBER, _WORD)
_ROWS = st.lists(_ROW, min_size=1, max_size=40)
_SCHEMA = {"name": pl.String, "value": pl.Int64, "count": pl.Float64, "class": pl.String}


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


@settings(max_examples=60, deadline=None)
@given(rows=_ROWS)
def test_measuring_equals_the_definition(rows: list[tuple[object, ...]]) -> None:
    """k, l, t and the prosecutor's risk are those of the naive reference, whatever the names."""
    found = measure(_frame(rows), quasi_identifiers=["name", "value"], sensitive=["count", "class"])
    classes = classes_of([row[:2] for row in rows])
    sizes = sorted(map(len, classes.values()))
    assert (found.rows, found.k, found.classes) == (len(rows), sizes[0], len(sizes))
    for size in (2, 3, 5, 10):
        below = sum(one for one in sizes if one < size)
        assert found.share_below(size) == pytest.approx(below / len(rows))
    assert found.risk.prosecutor_highest == pytest.approx(1 / sizes[0], abs=1e-6)
    assert found.risk.prosecutor_average == pytest.approx(len(sizes) / len(rows), abs=1e-6)
    for place, one in enumerate(found.sensitive, start=2):
        expected = spread(classes, [row[place] for row in rows], ordered=one.ordered)
        assert one.distinct_l == expected.distinct_l
        assert one.entropy_l == pytest.approx(expected.entropy_l, abs=2e-6)
        assert one.t == pytest.approx(float(expected.t), abs=2e-6)
        assert (one.recursive_c is None) == (expected.recursive_c is None)
        if expected.recursive_c is not None:
            assert one.recursive_c == pytest.approx(float(expected.recursive_c), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(rows=_ROWS)
def test_every_row_is_told_the_size_of_its_class(rows: list[tuple[object, ...]]) -> None:
    """The sizes stand in the order of the rows and count the row itself."""
    sizes = row_classes(_frame(rows), ["name", "count"]).to_list()
    classes = classes_of([(row[0], row[2]) for row in rows])
    expected = {number: len(one) for one in classes.values() for number in one}
    assert sizes == [expected[number] for number in range(len(rows))]


@settings(max_examples=40, deadline=None)
@given(rows=_ROWS)
def test_knowing_more_never_hides_better(rows: list[tuple[object, ...]]) -> None:
    """A further quasi-identifier lowers k and l, raises t and the risk, or leaves them."""
    frame = _frame(rows)
    few = measure(frame, quasi_identifiers=["name"], sensitive=["class"])
    more = measure(frame, quasi_identifiers=["name", "value"], sensitive=["class"])
    assert more.k <= few.k
    assert more.share_below(3) >= few.share_below(3)
    assert more.sensitive[0].distinct_l <= few.sensitive[0].distinct_l
    assert more.sensitive[0].t >= few.sensitive[0].t - 1e-6
    assert more.risk.prosecutor_average >= few.risk.prosecutor_average


@settings(max_examples=40, deadline=None)
@given(rows=_ROWS, times=st.integers(2, 5))
def test_rows_that_stand_several_times_hide_each_other(
    rows: list[tuple[object, ...]], times: int
) -> None:
    """Repeating a table multiplies k and divides the risk, and moves l and t not at all."""
    once = measure(_frame(rows), quasi_identifiers=["name"], sensitive=["count"])
    often = measure(_frame(rows * times), quasi_identifiers=["name"], sensitive=["count"])
    assert often.k == times * once.k
    assert often.risk.marketer == pytest.approx(once.risk.marketer / times, abs=2e-6)
    assert often.sensitive == once.sensitive


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=30), unseen=st.integers(0, 10_000_000)
)
def test_no_estimate_leaves_its_bounds(sizes: list[int], unseen: int) -> None:
    """Risks lie between 0 and what the sample shows; distinct values between sample and rows."""
    counted = ClassSizes.of(sizes)
    rows = sum(sizes) + unseen
    risk = estimate_risk(counted, population_rows=rows)
    assert 0 <= risk.marketer <= risk.prosecutor_average + 1e-6
    assert risk.journalist_highest >= 0
    assert risk.journalist_highest <= risk.prosecutor_highest + 1e-6
    assert 0 <= risk.population_unique <= counted.share_below(2) + 1e-6
    assert len(sizes) <= estimate_distinct(counted, population_rows=rows) <= rows
