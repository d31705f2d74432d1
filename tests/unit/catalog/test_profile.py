"""Profiles: counts and shapes, never values."""

from hypothesis import given
from hypothesis import strategies as st

from policy_service.catalog.observation import ObservedColumn, ObservedTable, value_text
from policy_service.catalog.profile import profile_column, shape_of


def test_a_profile_counts_nulls_different_values_and_lengths() -> None:
    """Fractions are of the sampled rows and of the values that are there."""
    column = ObservedColumn(name="c", data_type="text", values=("ab", "ab", None, "cde"))
    profile = profile_column(column)
    assert (profile.sampled_rows, profile.null_fraction) == (4, 0.25)
    assert profile.distinct_fraction == round(2 / 3, 6)
    assert (profile.min_length, profile.max_length) == (2, 3)
    assert (profile.shape, profile.shape_fraction) == ("a", 1.0)


def test_a_column_without_values_has_an_empty_profile() -> None:
    """No rows give zeroes; only nulls give a null fraction of one."""
    assert profile_column(ObservedColumn(name="c", data_type="text")).null_fraction == 0
    nulls = ObservedColumn(name="c", data_type="text", values=(None, None))
    assert profile_column(nulls).null_fraction == 1.0


def test_shapes_keep_digits_and_fold_letters() -> None:
    """A shape shows digits by number, words by class, punctuation once."""
    assert shape_of("706213") == "999999"
    assert shape_of("Jana") == "Aaaa"
    assert shape_of("jana.nova@example.org") == "a.a@a.a"
    assert shape_of("ABC-12") == "AA-99"
    assert shape_of("Žofie – 東京 ٣") == "Aaaa ? a 9"


@given(st.text(min_size=6))
def test_no_shape_spells_a_text_of_letters_and_digits(text: str) -> None:
    """Every letter and digit of a shape is a class sign."""
    assert {sign for sign in shape_of(text) if sign.isalnum()} <= set("Aa9")


def test_sampled_values_do_not_show_in_a_representation() -> None:
    """Printing what was observed shows no value."""
    column = ObservedColumn(name="c", data_type="text", values=("canary-value",))
    table = ObservedTable(id="s.p.t", schema="p", name="t", row_count=1, columns=(column,))
    assert "canary" not in repr(table)
    assert table.column("c") is column
    assert table.column("d") is None


def test_whole_floats_are_written_as_whole_numbers() -> None:
    """A number that a loader made a float keeps the text it had."""
    assert value_text(12.0) == "12"
    assert value_text(1.5) == "1.5"
    assert value_text(" x ") == "x"


def test_a_profile_tells_entropy_and_how_even_it_is() -> None:
    """Four equally frequent values are two bits and perfectly even; one value is none."""
    even = profile_column(ObservedColumn(name="c", data_type="text", values=("a", "b", "c", "d")))
    assert (even.entropy_bits, even.evenness) == (2.0, 1.0)
    same = profile_column(ObservedColumn(name="c", data_type="text", values=("a", "a", None)))
    assert (same.entropy_bits, same.evenness, same.estimated_distinct) == (0.0, 0.0, 1)
    skewed = profile_column(ObservedColumn(name="c", data_type="text", values=("a",) * 3 + ("bb",)))
    assert 0.8 < skewed.entropy_bits < 0.82
    assert skewed.mean_length == 1.25


def test_a_profile_estimates_the_values_of_the_whole_table() -> None:
    """A key has as many as rows, less those missing; a closed list no more than were seen."""
    key = ObservedColumn(name="c", data_type="integer", values=(*range(50), *[None] * 50))
    assert profile_column(key, row_count=10_000).estimated_distinct == 5_000
    closed = ObservedColumn(name="c", data_type="text", values=("m", "f") * 50)
    assert profile_column(closed, row_count=10_000).estimated_distinct == 2
    assert profile_column(closed).shapes == 1
