"""Pseudonyms of columns, hashed once a value where values repeat, equal the scalar form."""

from datetime import date

import polars as pl
import pytest

from policy_service.masking.pseudonym import pseudonym, pseudonym_column

KEY = bytes(range(32))


def shown(masked: pl.Expr | pl.Series | None) -> list[object]:
    """Evaluate a mask."""
    assert masked is not None
    return pl.select(masked).to_series().to_list()


@pytest.mark.parametrize(
    "values",
    [
        [None, *(f"person {number % 40}" for number in range(1500)), "", "a\x00b"],
        [None, *(number % 40 for number in range(1500)), -1, 2**62],
        [f"person {number}" for number in range(1500)],
        [None] * 1500,
        [date(2020, 1, 1 + number % 20) for number in range(1500)],
        [True, False, None],
        ["one"],
        [],
    ],
    ids=["texts", "numbers", "unique", "nothing", "dates", "booleans", "one", "empty"],
)
def test_columns_are_hashed_as_their_values(values: list[object]) -> None:
    """Whether values repeat or not, each has the pseudonym that it has alone."""
    column = pl.Series(values, dtype=None if values else pl.String)
    masked = pseudonym_column(column, key=KEY)
    if values and all(value is None for value in values):
        assert masked is None or shown(masked) == values
    else:
        assert shown(masked) == [pseudonym(value, key=KEY) for value in values]


@pytest.mark.parametrize("dtype", [pl.UInt64, pl.Int128, pl.Int8])
def test_whole_numbers_of_every_size(dtype: type[pl.DataType]) -> None:
    """Repeating numbers of unusual width are hashed by their digits."""
    column = pl.Series([number % 7 for number in range(1200)], dtype=dtype)
    assert shown(pseudonym_column(column, key=KEY)) == [
        pseudonym(number % 7, key=KEY) for number in range(1200)
    ]


def test_columns_without_a_text_form_are_left_to_the_scalar_form() -> None:
    """Fractions and lists have no vectorised text."""
    assert pseudonym_column(pl.Series([1.5]), key=KEY) is None
    assert pseudonym_column(pl.Series([[1]]), key=KEY) is None
