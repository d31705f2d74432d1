"""What masked data is still good for: group means, joins, ranking, and numbers read back."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_service.masking.choice.utility import (
    area_under_curve,
    as_numbers,
    features,
    group_mean_errors,
    information_bits,
    join_rate,
)


def test_information_is_shannons() -> None:
    """Four equal values hold two bits, one value none, no value none."""
    assert information_bits(pl.Series([1, 2, 3, None])) == 2
    assert information_bits(pl.Series(["a", "a"])) == 0
    assert information_bits(pl.Series([], dtype=pl.Int64)) == 0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30))
def test_the_area_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    """It equals the share of pairs in the right order, ties half: all pairs counted one by one."""
    ones = [score for score, positive in rows if positive]
    others = [score for score, positive in rows if not positive]
    scores, positive = (pl.Series(list(one)) for one in zip(*rows, strict=True))
    found = area_under_curve(scores, positive)
    if not ones or not others:
        assert found is None
        return
    won = sum((a > b) + (a == b) / 2 for a in ones for b in others)
    assert found == pytest.approx(won / len(ones) / len(others), abs=1e-6)


def test_numbers_are_read_back_from_what_is_shown() -> None:
    """Bands give their middle, periods their year; words and pseudonyms give nothing."""
    shown = pl.Series(["[10, 20)", "1970s", "1970-Q3", "1970, male", "12.5", "p_0", None])
    assert as_numbers(shown).to_list() == [15, 1970, 1970, 1970, 12.5, None, None]
    assert as_numbers(pl.Series([True, None])).to_list() == [1, None]
    assert as_numbers(pl.Series([date(1970, 1, 3)])).to_list() == [2]


def test_means_of_masked_groups_are_compared_row_by_row() -> None:
    """Merging two groups of five moves every mean by what their means differ from the whole."""
    clear = pl.DataFrame({"town": ["a"] * 5 + ["b"] * 5, "pay": [1.0] * 5 + [3.0] * 5})
    merged = clear.with_columns(pl.lit("[redacted]").alias("town"))
    found = group_mean_errors(clear, merged, groups=["town"], values=["pay"])
    assert found is not None
    assert (found.pairs, found.mean_error, found.worst) == (1, 0.5, "pay by town")
    gone = group_mean_errors(clear, clear.select("town"), groups=["town"], values=["pay"])
    assert gone is not None
    assert gone.worst_error == 1
    assert group_mean_errors(clear, clear, groups=["town"], values=["pay"]) is None
    assert group_mean_errors(clear, merged, groups=["pay"], values=["pay"]) is None


def test_dates_are_grouped_by_decade_however_they_are_shown() -> None:
    """A birth number cut to sex and year keeps the means by decade, cut to the century not."""
    born = [f"{year}01{day:02d}" for year in range(50, 80) for day in range(1, 6)]
    clear = pl.DataFrame({"born": born, "pay": [float(one[:1]) for one in born]})
    year = clear.with_columns(("19" + pl.col("born").str.slice(0, 2) + ", male").alias("born"))
    kept = group_mean_errors(clear, year, groups=["born"], values=["pay"])
    assert kept is not None
    assert kept.mean_error == 0
    coarse = clear.with_columns(pl.lit("1900s").alias("born"))
    lost = group_mean_errors(clear, coarse, groups=["born"], values=["pay"])
    assert lost is not None
    assert lost.mean_error > 0.1


def test_values_that_are_all_zero_cannot_be_compared() -> None:
    """Without a mean to relate to there is no relative error, and none is made up."""
    clear = pl.DataFrame({"town": ["a"] * 5 + ["b"] * 5, "pay": [0.0] * 10})
    masked = clear.with_columns(pl.lit("x").alias("town"))
    assert group_mean_errors(clear, masked, groups=["town"], values=["pay"]) is None


def test_joins_count_the_right_row_only() -> None:
    """References are kept where both sides show the same stand-in for one value alone."""
    child, parent = pl.Series([1, 2, 2, 9, None]), pl.Series([1, 2, 3])
    shown, other = pl.Series(["x", "y", "y", "q", None]), pl.Series(["x", "y", "z"])
    assert join_rate((child, shown), (parent, other)) == 1
    assert join_rate((child, shown), (parent, pl.Series(["x", "x", "z"]))) == 0
    assert join_rate((child, shown), (parent, pl.Series(["x", "w", "z"]))) == pytest.approx(1 / 3)
    assert join_rate((child, None), (parent, other)) == 0
    assert join_rate((child, child), (parent, other)) == 0
    assert join_rate((pl.Series([7]), None), (parent, None)) is None


def test_features_read_births_numbers_and_codes() -> None:
    """A birth number gives year and sex, masked or not; text without numbers gives ranks."""
    clear = features(pl.Series("born", [706213, 450204]), birth=True)
    shown = features(pl.Series("born", ["1970, female", "1945, male"]), birth=True)
    assert clear["born.year"].to_list() == shown["born.year"].to_list() == [1970, 1945]
    assert clear["born.sex"].to_list() == shown["born.sex"].to_list() == [1, 0]
    pseudonyms = features(pl.Series("born", ["p_b", "p_a"]), birth=True)
    assert pseudonyms["born"].to_list() == [2, 1]
    assert features(pl.Series("pay", ["[0, 10)", None]), birth=False)["pay"].to_list() == [5, None]
