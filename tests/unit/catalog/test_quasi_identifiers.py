"""Combinations that single out people."""

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.quasi_identifiers import find_quasi_identifiers, quasi_columns


def test_a_pair_that_singles_out_is_found_though_no_column_does() -> None:
    """Two columns of ten values each make a hundred rows unique together."""
    rows = [(n // 10, n % 10, n % 2) for n in range(100)]
    found = find_quasi_identifiers(("age", "city", "sex"), rows)
    assert [(one.columns, one.unique_fraction) for one in found] == [(("age", "city"), 1.0)]


def test_three_columns_count_where_two_do_not_suffice() -> None:
    """A triple is reported when it tells more than its pairs."""
    rows = [(n // 25, n // 5 % 5, n % 5) for n in range(125)]
    (found,) = find_quasi_identifiers(("a", "b", "c"), rows)
    assert found.columns == ("a", "b", "c")


def test_a_column_that_identifies_alone_is_left_out() -> None:
    """A unique column needs no company; few rows and single columns say nothing."""
    rows = [(n, n % 10) for n in range(100)]
    assert find_quasi_identifiers(("id", "city"), rows) == ()
    assert find_quasi_identifiers(("a", "b"), rows[:5]) == ()
    assert find_quasi_identifiers(("a",), [(n,) for n in range(50)]) == ()


def test_missing_values_count_as_one_value() -> None:
    """Rows that lack a value are not singled out by lacking it."""
    rows = [(None, n % 10) for n in range(100)]
    assert find_quasi_identifiers(("a", "b"), rows) == ()


def test_only_telling_columns_are_combined() -> None:
    """Demographic and location columns with more than one value are chosen, by what they reveal."""
    table = ObservedTable(
        id="s.p.t",
        schema="p",
        name="t",
        row_count=2,
        columns=(
            ObservedColumn(name="born", data_type="text", values=("a", "b")),
            ObservedColumn(name="same", data_type="text", values=("a", "a")),
            ObservedColumn(name="money", data_type="text", values=("a", "b")),
        ),
    )
    categories = {
        "born": ("x", "user.demographic.date_of_birth"),
        "same": ("user.location",),
        "money": ("user.financial",),
    }
    assert quasi_columns(table, categories) == ("born",)
