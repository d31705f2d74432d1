"""Drift: every kind of change is found, and which of them a policy does not cover."""

from dataclasses import replace

import pytest

from policy_service.catalog.drift import compare_catalogs
from policy_service.catalog.scan import seal_catalog
from policy_service.domain.asset import (
    Catalog,
    Column,
    ColumnProfile,
    LegalClass,
    Sensitivity,
    Table,
)
from policy_service.domain.drift import ChangeKind, Drift
from policy_service.domain.identifiers import AssetId, DataCategory
from policy_service.domain.plain import from_plain, to_plain

EMAIL = Column(
    id=AssetId("shop.public.client.email"),
    name="email",
    data_type="text",
    nullable=True,
    primary_key=False,
    profile=ColumnProfile(sampled_rows=9, null_fraction=0.0, distinct_fraction=1.0),
    category=DataCategory("user.contact.email"),
    sensitivity=Sensitivity.CONFIDENTIAL,
    confidence=0.9,
    legal_classes=(LegalClass.PERSONAL_DATA,),
)
CITY = replace(EMAIL, id=AssetId("shop.public.client.city"), name="city")


def _table(*columns: Column, rows: int = 1_000, name: str = "client") -> Table:
    return Table(
        id=AssetId(f"shop.public.{name}"),
        schema="public",
        name=name,
        row_count=rows,
        columns=columns,
    )


def _catalog(*tables: Table) -> Catalog:
    return seal_catalog(source="shop", dialect="sqlite", tables=tables, scanned_at="2026-03-02")


def _changes(before: Catalog, after: Catalog) -> list[tuple[str, str, bool]]:
    drift = compare_catalogs(before, after)
    return [(one.kind.value, one.asset, one.uncovered) for one in drift.changes]


@pytest.mark.parametrize(
    ("after", "kind", "uncovered"),
    [
        (replace(EMAIL, data_type="integer"), ChangeKind.TYPE_CHANGED, True),
        (replace(EMAIL, nullable=False), ChangeKind.NULLABILITY_CHANGED, False),
        (replace(EMAIL, category=DataCategory("user.name")), ChangeKind.CATEGORY_CHANGED, True),
        (replace(EMAIL, sensitivity=Sensitivity.RESTRICTED), ChangeKind.SENSITIVITY_CHANGED, True),
        (replace(EMAIL, sensitivity=Sensitivity.PUBLIC), ChangeKind.SENSITIVITY_CHANGED, False),
        (
            replace(EMAIL, legal_classes=(LegalClass.PERSONAL_DATA, LegalClass.PHI)),
            ChangeKind.LEGAL_CLASSES_CHANGED,
            True,
        ),
        (replace(EMAIL, legal_classes=()), ChangeKind.LEGAL_CLASSES_CHANGED, False),
    ],
)
def test_every_fact_of_a_column_is_compared(
    after: Column, kind: ChangeKind, uncovered: bool
) -> None:
    """One changed fact is one change, and what is stricter than before calls for a draft."""
    found = _changes(_catalog(_table(EMAIL)), _catalog(_table(after)))
    assert found == [(kind.value, EMAIL.id, uncovered)]


def test_columns_and_tables_come_and_go() -> None:
    """What is new is uncovered, what is gone is not; the columns of a new table are listed."""
    before = _catalog(_table(EMAIL), _table(name="old"))
    column = replace(EMAIL, id=AssetId("shop.public.new.email"))
    after = _catalog(_table(CITY), _table(column, name="new"))
    assert _changes(before, after) == [
        ("column_added", CITY.id, True),
        ("column_removed", EMAIL.id, False),
        ("table_added", "shop.public.new", True),
        ("column_added", "shop.public.new.email", True),
        ("table_removed", "shop.public.old", False),
    ]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (1_000, 2_001, ["rows_grew"]),
        (1_000, 2_000, []),
        (2_001, 1_000, ["rows_shrank"]),
        (0, 99, []),
        (0, 100, ["rows_grew"]),
    ],
)
def test_growth_counts_from_a_factor_on(before: int, after: int, kinds: list[str]) -> None:
    """A table that doubled or halved is news; a small one is not."""
    found = _changes(_catalog(_table(EMAIL, rows=before)), _catalog(_table(EMAIL, rows=after)))
    assert [kind for kind, _, _ in found] == kinds


def test_profiles_and_evidence_are_no_drift() -> None:
    """What differs a little with every row is left out, and the same catalogue has no drift."""
    profile = replace(EMAIL.profile, distinct_fraction=0.5)
    after = _catalog(_table(replace(EMAIL, profile=profile, confidence=0.8)))
    assert _changes(_catalog(_table(EMAIL)), after) == []


def test_drift_is_stored_and_read_whole() -> None:
    """Drift survives the way through JSON."""
    drift = compare_catalogs(_catalog(_table(EMAIL)), _catalog(_table(CITY)))
    assert from_plain(Drift, to_plain(drift)) == drift
    assert [one.asset for one in drift.uncovered] == [CITY.id]
