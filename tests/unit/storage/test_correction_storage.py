"""Corrections as stored, in both engines."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.domain.correction import CategoryCorrection, CorrectionState, FoundCategory
from policy_service.domain.identifiers import AssetId, DataCategory, SubjectId, asset_id
from policy_service.storage.corrections import (
    add_correction,
    change_correction,
    list_corrections,
    open_corrections,
)
from policy_service.storage.database import Database

FOUND = FoundCategory(category=DataCategory("user.name"), confidence=0.8, reveals=(), evidence=())
LONG = asset_id("bank", "public", "t", "a-long-name/" * 60)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty state in each engine."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()


def make(number: int, column: AssetId = LONG) -> CategoryCorrection:
    """Make a correction."""
    return CategoryCorrection(
        id=f"cor_{number}",
        column=column,
        category=DataCategory("user.name.first"),
        found=FOUND,
        reason="known",
        by=SubjectId("vera"),
        at="2026-03-02T12:00:00.000000Z",
        state=CorrectionState.WAITING,
    )


def test_corrections_are_kept_in_order_with_how_they_stand(database: Database) -> None:
    """All are listed, of a source or of all; what ended is no longer open."""
    first, second, other = make(1), make(2), make(3, AssetId("shop.public.a.b"))
    ended = replace(first, state=CorrectionState.ENDED, ended_by=SubjectId("sam"))
    with database.write() as session:
        for one in (first, second, other):
            add_correction(session, one)
        change_correction(session, ended)
    with database.read() as session:
        assert list_corrections(session) == (ended, second, other)
        assert list_corrections(session, "bank") == (ended, second)
        assert open_corrections(session, LONG) == (second,)
