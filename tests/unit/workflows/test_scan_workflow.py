"""Scanning with a state: it goes on where it stopped, and tells what changed since."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from policy_service.catalog.classification.free_text import Span
from policy_service.domain.asset import Catalog
from policy_service.domain.errors import Cancelled, NotFoundError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import Progress, silent
from policy_service.kit.clock import FixedClock
from policy_service.storage import tables
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import find_drift, rescan, scan


class _NoText:
    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """Find nothing."""
        return [() for _ in texts]


@pytest.fixture
def light(platform: Platform) -> Platform:
    """The platform with a text finder that finds nothing."""
    return replace(platform, text_finder=_NoText)  # type: ignore[arg-type]  # stands in for Presidio


def _make(path: Path, *statements: str) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return f"sqlite:///{path}"


def _scan(
    platform: Platform, url: str, *, progress: Progress = silent, fresh: bool = False
) -> Catalog:
    return scan(
        platform,
        url=url,
        source="shop",
        schema=None,
        sample_rows=10,
        actor="ada",
        progress=progress,
        fresh=fresh,
    )


def _stop(stage: str, done: int, total: int) -> None:
    if (stage, done) == ("classify", 1):
        raise Cancelled("stopped")


def _parts(platform: Platform) -> int:
    with platform.database.read() as session:
        return len(session.rows(select(tables.scan_parts.c.source)))


def _reads(platform: Platform, url: str, **options: bool) -> int:
    """Scan, and count the tables that were read for classification."""
    seen: list[int] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "scan":
            seen.append(done)

    _scan(platform, url, progress=progress, **options)
    return len(seen)


def test_an_interrupted_scan_goes_on(light: Platform, tmp_path: Path, clock: FixedClock) -> None:
    """What was classified is kept for a day and for the same scan only, then forgotten."""
    url = _make(tmp_path / "s.db", "CREATE TABLE a (x TEXT)", "CREATE TABLE b (x TEXT)")
    for stop in range(3):
        with pytest.raises(Cancelled):
            _scan(light, url, progress=_stop, fresh=stop == 0)
        assert _parts(light) == 2
        if stop == 0:
            assert _reads(light, url) == 0
        elif stop == 1:
            assert _reads(light, url, fresh=True) > 0
        else:
            clock.advance(timedelta(days=2))
            assert _reads(light, url) > 0
        assert _parts(light) == 0


def test_a_rescan_tells_what_changed(light: Platform, tmp_path: Path) -> None:
    """A new column is found at the stored address, kept as drift and recorded in the audit log."""
    path = tmp_path / "s.db"
    url = _make(path, "CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT)")
    _scan(light, url)
    assert find_drift(light, "shop").changes == ()
    _make(path, "ALTER TABLE client ADD COLUMN email TEXT")
    drift = rescan(light, source="shop", sample_rows=10, actor="ada", progress=silent)
    assert [one.asset for one in drift.changes] == [AssetId("shop.public.client.email")]
    assert find_drift(light, "shop") == drift
    recorded = [entry.event for entry in light.audit.find(kind="drift")]
    assert [event.details["uncovered"] for event in recorded] == [1]
    again = rescan(light, source="shop", sample_rows=10, actor="ada", progress=silent)
    assert again.changes == ()


def test_a_catalogue_of_another_version_does_not_stop_a_scan(
    light: Platform, tmp_path: Path
) -> None:
    """What cannot be read is not compared with; the new catalogue stands."""
    url = _make(tmp_path / "s.db", "CREATE TABLE a (x TEXT)")
    _scan(light, url)
    with light.database.write() as session:
        session.write(tables.catalogs.update().values(body="{}"))
    catalog = _scan(light, url)
    assert find_drift(light, "shop").after_sha256 == catalog.sha256


def test_a_source_that_was_never_scanned_has_no_drift(light: Platform) -> None:
    """The error says what to do first."""
    for ask in (
        lambda: find_drift(light, "none"),
        lambda: rescan(light, source="none", sample_rows=1, actor="ada", progress=silent),
    ):
        with pytest.raises(NotFoundError, match="scan it: `policy-service catalog scan"):
            ask()
