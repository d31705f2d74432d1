"""Combinations that single out people."""

from collections.abc import Sequence

import pytest

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.privacy.assess import assess_privacy
from policy_service.catalog.privacy.coarse_values import coarsen
from policy_service.catalog.privacy.quasi_identifiers import (
    _Search,
    find_coarsened,
    find_quasi_identifiers,
    quasi_columns,
)
from policy_service.domain.asset import QuasiIdentifier
from policy_service.domain.plain import from_plain, to_plain


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


_PEOPLE = {
    "birth_number": (
        "user.government_id.national_identification_number",
        "user.demographic.date_of_birth",
        "user.demographic.gender",
    ),
    "district": ("user.location.imprecise",),
}


def _citizens(count: int) -> list[tuple[object, ...]]:
    """Make people of 60 years of birth and both sexes in eleven districts, each born apart."""
    return [
        (f"{40 + n % 60:02d}{1 + n // 60 % 12 + 50 * (n % 2):02d}{1 + n // 720 % 28:02d}", n % 11)
        for n in range(count)
    ]


def test_four_columns_count_where_three_do_not_suffice() -> None:
    """A quadruple is reported when it tells more than its triples; five are not searched."""
    rows = [(n // 125, n // 25 % 5, n // 5 % 5, n % 5) for n in range(625)]
    (found,) = find_quasi_identifiers(("a", "b", "c", "d"), rows)
    assert found.columns == ("a", "b", "c", "d")


def test_a_combination_that_identifies_is_not_made_larger() -> None:
    """What contains an identifying combination adds nothing and is not reported."""
    rows = [(n // 10, n % 10, n % 3, n % 7) for n in range(100)]
    found = {one.columns for one in find_quasi_identifiers(("a", "b", "c", "d"), rows)}
    assert ("a", "b") in found
    assert not [names for names in found if {"a", "b"} < set(names)]


def test_a_combination_tells_its_classes_its_risk_and_its_reasons() -> None:
    """With the size of the table comes an estimate for it; with categories come reasons."""
    rows = [(n // 10, n % 10) for n in range(100)] + [(0, 0)] * 3
    (found,) = find_quasi_identifiers(
        ("sex", "town"),
        rows,
        row_count=10_300,
        categories={"sex": ("user.demographic.gender",), "town": ("user.location",)},
    )
    assert found.smallest_class == 1
    assert found.class_shares == (0.961165, 0.0, 0.038835, 0.0, 0.0, 0.0)
    assert found.risk is not None
    assert (found.risk.counted_rows, found.risk.population_rows) == (103, 10_300)
    assert found.risk.marketer < found.risk.prosecutor_average
    assert found.reasons == (
        "a trait of the person that others know",
        "where the person is or lives, known to neighbours",
    )


def test_a_combination_tells_how_far_sensitive_columns_vary() -> None:
    """Its l and t stand with the combination; numbers are measured as numbers."""
    rows = [(n // 10, n % 10, n % 7, "ill" if n % 2 else None) for n in range(100)]
    (found,) = find_quasi_identifiers(("a", "b"), rows, sensitive=("salary", "state"))
    salary, state = found.sensitive
    assert (salary.column, salary.distinct_l, salary.ordered) == ("salary", 1, True)
    assert (state.column, state.ordered) == ("state", False)


def test_a_birth_number_still_combines_when_cut_to_year_and_sex() -> None:
    """As a number it identifies alone; as year and sex it singles out with the district."""
    rows = _citizens(1_000)
    columns = ("birth_number", "district")
    assert find_quasi_identifiers(columns, rows, categories=_PEOPLE) == ()
    (found,) = find_coarsened(columns, rows, categories=_PEOPLE)
    assert found.columns == columns
    assert found.read_as == ("year of birth and sex", "")
    assert found.unique_fraction > 0.3
    assert "gives away date of birth and gender" in found.reasons[0]


def test_nothing_to_coarsen_finds_nothing_new() -> None:
    """Without a usual way, or where values are as coarse already, the first search said it all."""
    rows = [(1900 + n // 10, n % 10) for n in range(100)]
    born = {"a": ("user.demographic.date_of_birth",), "b": ("user.location",)}
    assert find_coarsened(("a", "b"), rows, categories=born) == ()
    assert find_coarsened(("a", "b"), rows, categories={}) == ()


@pytest.mark.parametrize(
    ("category", "texts", "expected"),
    [
        ("user.demographic.date_of_birth", ["1970-12-31", "31.12.1970", "19701231"], ["1970"] * 3),
        ("user.demographic.date_of_birth", ["701231", "700101"], ["70", "70"]),
        ("user.contact.address.postal_code", ["110 00", "SW1A 1AA"], ["11", "SW"]),
        ("user.demographic.age_range", ["41", "", "7"], ["4", "", "0"]),
    ],
)
def test_columns_are_coarsened_in_their_usual_way(
    category: str, texts: list[str], expected: list[str]
) -> None:
    """Dates to years however written, postal codes to their start, ages to decades."""
    found = coarsen(texts, (category,))
    assert found is not None
    assert list(found.values) == expected


def test_values_that_do_not_read_are_not_coarsened() -> None:
    """Where fewer than nine in ten can be read, the column stays as it is."""
    assert coarsen(["soon", "1970", "late"], ("user.demographic.date_of_birth",)) is None
    assert coarsen(["", ""], ("user.demographic.date_of_birth",)) is None
    assert coarsen(["x"], ("system.operations",)) is None


def test_one_call_assesses_a_table() -> None:
    """Combinations, what is left after coarsening, and what gives something away."""
    rows = [(*row, "SIPO" if n % 2 else "UVER", n % 5) for n, row in enumerate(_citizens(1_000))]
    names = ("birth_number", "district", "k_symbol", "balance")
    table = ObservedTable(
        id="s.p.t",
        schema="p",
        name="t",
        row_count=1_000,
        columns=tuple(
            ObservedColumn(name=name, data_type="text", values=tuple(row[place] for row in rows))
            for place, name in enumerate(names)
        ),
    )
    categories = {
        **_PEOPLE,
        "k_symbol": ("system.operations",),
        "balance": ("user.financial",),
    }
    asked: list[tuple[str, ...]] = []

    def read(columns: Sequence[str]) -> list[tuple[object, ...]]:
        asked.append(tuple(columns))
        return [tuple(row[names.index(name)] for name in columns) for row in rows]

    found = assess_privacy(table, categories, read=read)
    assert asked == [("birth_number", "district", "balance")]
    assert [one.columns for one in found.coarsened] == [("birth_number", "district")]
    assert [one.column for one in found.inference_risks] == ["k_symbol"]
    alone = assess_privacy(table, {"k_symbol": ("user.financial",)}, read=read)
    assert alone.quasi_identifiers == alone.coarsened == ()
    assert len(asked) == 1


def test_a_catalogue_of_an_older_scan_still_loads() -> None:
    """What was not known then is empty, and what is known now survives being stored."""
    older = from_plain(QuasiIdentifier, {"columns": ["a", "b"], "unique_fraction": 0.5})
    assert (older.smallest_class, older.risk, older.sensitive) == (0, None, ())
    rows = [(n // 10, n % 10, n % 7) for n in range(100)]
    (found,) = find_quasi_identifiers(("a", "b"), rows, row_count=500, sensitive=("c",))
    assert from_plain(QuasiIdentifier, to_plain(found)) == found


def test_more_codes_than_a_number_holds_are_still_counted() -> None:
    """Columns so varied that their product overflows are grouped, not multiplied."""
    numbers = [str(number) for number in range(10_000)]
    search = _Search(dict.fromkeys("abcde", numbers))
    assert search.sizes(tuple("abcde")).counts == ((1, 10_000),)
