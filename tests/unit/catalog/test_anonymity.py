"""k, l and t on tables small enough to count by hand, and what is refused."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from policy_service.catalog.privacy.anonymity import measure, row_classes
from policy_service.domain.errors import UsageError

# Three classes of three: the example of the paper that introduced t-closeness.
SALARIES = [3, 4, 5, 6, 11, 8, 7, 9, 10]
FRAME = pl.DataFrame(
    {
        "zip": ["476**"] * 3 + ["4790*"] * 3 + ["476**"] * 3,
        "age": ["2*"] * 3 + [">=40"] * 3 + ["3*"] * 3,
        "salary": SALARIES,
        "disease": list("abcddeffg"),
    }
)
QUASI = ("zip", "age")


def test_the_published_example_is_measured_as_published() -> None:
    """The distances of the salaries 3, 4, 5 and of the mixed class are those of the paper."""
    found = measure(FRAME, quasi_identifiers=QUASI, sensitive=["salary"])
    assert (found.rows, found.k, found.classes) == (9, 3, 3)
    assert found.sensitive[0].ordered
    assert found.sensitive[0].t == pytest.approx(0.375)
    mixed = FRAME.with_columns(pl.Series("salary", [6, 8, 11, 3, 4, 5, 7, 9, 10]))
    only = mixed.with_columns(age=pl.when(pl.col("salary").is_in([6, 8, 11])).then(1).otherwise(2))
    assert measure(only, quasi_identifiers=["age"], sensitive=["salary"]).sensitive[
        0
    ].t == pytest.approx(0.1667, abs=1e-4)


def test_diversity_is_that_of_the_worst_class() -> None:
    """Two of three sick of the same leave two values, and an entropy worth less than two."""
    (spread,) = measure(FRAME, quasi_identifiers=QUASI, sensitive=["disease"]).sensitive
    assert not spread.ordered
    assert spread.distinct_l == 2
    assert 1.8 < spread.entropy_l < 2
    assert spread.recursive_c == 2.0
    assert spread.t == pytest.approx(2 / 3)


def test_one_value_in_a_class_leaves_nothing_to_guess() -> None:
    """Its l is 1 and no c makes the class diverse."""
    frame = pl.DataFrame({"a": [1, 1, 2, 2], "s": ["x", "x", "x", "y"]})
    (spread,) = measure(frame, quasi_identifiers=["a"], sensitive=["s"]).sensitive
    assert (spread.distinct_l, spread.entropy_l, spread.recursive_c) == (1, 1.0, None)


def test_missing_values_look_alike_and_stand_first() -> None:
    """Rows that lack a value share a class; a missing salary is lower than every other."""
    frame = pl.DataFrame({"a": [None, None, 1, 1], "s": [None, None, 10, 20]})
    found = measure(frame, quasi_identifiers=["a"], sensitive=["s"])
    assert (found.k, found.share_below(2)) == (2, 0.0)
    assert found.sensitive[0].t == pytest.approx(0.375)
    assert row_classes(frame, ["a"]).to_list() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "values",
    [
        [date(2026, 1, 1), date(2026, 1, 2), None],
        [Decimal("1.5"), Decimal("2.5"), None],
        [[1, 2], [3], None],
        [{"a": 1}, {"a": 2}, None],
        [b"\xff", b"\x00", None],
        [True, False, None],
    ],
)
def test_every_type_of_polars_can_be_measured(values: list[object]) -> None:
    """Dates, decimals, lists, structs, bytes and booleans count, as either kind of column."""
    frame = pl.DataFrame({"value": values * 2, "other": [1, 2] * 3})
    found = measure(frame, quasi_identifiers=["value"], sensitive=["other"])
    assert (found.k, found.classes) == (2, 3)
    turned = measure(frame, quasi_identifiers=["other"], sensitive=["value"])
    assert turned.sensitive[0].distinct_l == 3
    assert turned.sensitive[0].t == 0.0


def test_an_empty_frame_has_no_class() -> None:
    """Everything is zero, and nothing fails."""
    found = measure(FRAME.clear(), quasi_identifiers=QUASI, sensitive=["salary"])
    assert (found.rows, found.k, found.classes, found.share_below(5)) == (0, 0, 0, 0.0)
    assert found.risk.prosecutor_highest == 0
    assert found.sensitive[0].distinct_l == 0
    assert found.sizes.bands() == (0.0,) * 6
    assert row_classes(FRAME.clear(), QUASI).len() == 0


def test_one_value_in_the_whole_column_is_no_distance() -> None:
    """With one salary for all, every class is the whole."""
    frame = pl.DataFrame({"a": [1, 2], "s": [5, 5]})
    assert measure(frame, quasi_identifiers=["a"], sensitive=["s"]).sensitive[0].t == 0


@pytest.mark.parametrize(
    ("quasi", "sensitive", "said"),
    [
        ((), (), "at least one quasi-identifier"),
        (("town",), (), "no column `town`"),
        (("zip",), ("wage",), "no column `wage`"),
        (("zip",), ("zip",), "`zip` is named as quasi-identifier and as sensitive"),
    ],
)
def test_what_cannot_be_measured_is_said(
    quasi: tuple[str, ...], sensitive: tuple[str, ...], said: str
) -> None:
    """A wrong name is refused with the name, and no quasi-identifier is not taken for safety."""
    with pytest.raises(UsageError, match=said):
        measure(FRAME, quasi_identifiers=quasi, sensitive=sensitive)


def test_mixed_objects_are_refused() -> None:
    """What polars cannot compare is not guessed at."""
    frame = pl.DataFrame({"a": pl.Series([object(), object()], dtype=pl.Object)})
    with pytest.raises(UsageError, match="mixed objects"):
        row_classes(frame, ["a"])
