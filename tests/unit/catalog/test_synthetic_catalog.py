"""The made-up catalogue for benchmarks."""

import pytest

from policy_service.catalog.synthetic import synthetic_catalog
from policy_service.domain.asset import Catalog
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError
from policy_service.domain.hashes import catalog_sha256

_CATEGORIES = CategoryTable(())


def _make(tables: int, columns: int, seed: int = 3) -> Catalog:
    return synthetic_catalog(tables=tables, columns=columns, seed=seed, categories=_CATEGORIES)


@pytest.mark.parametrize(("tables", "columns"), [(1, 1), (5, 2), (40, 20), (3, 60)])
def test_it_has_the_size_that_was_asked_for(tables: int, columns: int) -> None:
    """Every table has the columns asked for, with names of their own and keys that exist."""
    catalog = _make(tables, columns)
    assert len(catalog.tables) == tables
    for table in catalog.tables:
        assert len({column.name for column in table.columns}) == columns
        for key in table.foreign_keys:
            assert table.column(key.column) is not None
            target = catalog.table(key.references_table)
            assert target is not None
            assert target.column(key.references_column) is not None


def test_it_is_the_same_for_the_same_seed() -> None:
    """One seed gives one catalogue, sealed with its own hash."""
    assert _make(20, 12) == _make(20, 12)
    assert _make(20, 12).sha256 != _make(20, 12, seed=4).sha256
    assert _make(20, 12).sha256 == catalog_sha256(_make(20, 12))


def test_its_tables_are_personal_and_not() -> None:
    """It mixes people, their belongings and plain reference data."""
    catalog = _make(60, 10)
    assert {"", "customer", "employee"} == {table.data_subject for table in catalog.tables}
    assert any(table.foreign_keys for table in catalog.tables)


@pytest.mark.parametrize(("tables", "columns"), [(0, 1), (1, 0)])
def test_an_empty_one_is_refused(tables: int, columns: int) -> None:
    """Without a table or a column there is no catalogue."""
    with pytest.raises(CatalogError, match="at least one table"):
        _make(tables, columns)
