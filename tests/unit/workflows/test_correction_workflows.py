"""Corrections: what holds at once, what waits for a second person, what a scan makes of both."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.catalog.classification.free_text import Span
from policy_service.domain.asset import Catalog, Column, Sensitivity
from policy_service.domain.correction import CategoryCorrection, CorrectionState
from policy_service.domain.errors import (
    ConflictError,
    ForbiddenError,
    FourEyesError,
    NotFoundError,
    UsageError,
)
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import silent
from policy_service.workflows.audit import list_entries
from policy_service.workflows.corrections import (
    confirm_correction,
    correct_category,
    list_corrections,
    withdraw_correction,
)
from policy_service.workflows.draft import draft, find_draft, read_organisation_file
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import find_catalog, find_drift, rescan, scan
from tests.fixtures.web import web_home, web_platform

__all__ = ["web_home", "web_platform"]
BIRTH_NUMBER = "bank.public.clients.birth_number"
DISTRICT = "bank.public.clients.district_id"
NATIONAL_ID = "user.government_id.national_identification_number"
OPERATIONS = "system.operations"
WHY = "the payroll file says so"


def say(
    platform: Platform, column: str, category: str, *, by: str = "vera", reason: str = WHY
) -> CategoryCorrection:
    """Correct a column."""
    return correct_category(platform, column=column, category=category, reason=reason, by=by)


def column(platform: Platform, asset: str = DISTRICT) -> Column:
    """The column as the newest catalogue has it."""
    found = find_catalog(platform, asset.split(".", maxsplit=1)[0]).find_column(AssetId(asset))
    assert found is not None
    return found


def states(platform: Platform) -> list[str]:
    """The states of all corrections, in the order they were given."""
    return [one.state.value for one in list_corrections(platform, "bank")]


def test_raising_protection_holds_at_once(web_platform: Platform) -> None:
    """The newest catalogue says what the person said, under another hash, and drift tells."""
    before = find_catalog(web_platform, "bank")
    said = say(web_platform, DISTRICT, NATIONAL_ID)
    assert said.state is CorrectionState.HOLDS
    after = find_catalog(web_platform, "bank")
    assert (before.sha256, before.scanned_at) != (after.sha256, after.scanned_at)
    assert after.scanned_at == before.scanned_at
    changed = column(web_platform)
    assert (changed.category, changed.sensitivity) == (NATIONAL_ID, Sensitivity.RESTRICTED)
    assert "national_identifier" in changed.legal_classes
    assert [one.detector for one in changed.evidence] == ["person"]
    drift = find_drift(web_platform, "bank")
    assert {one.asset for one in drift.uncovered} == {DISTRICT}


def test_lowering_protection_waits_for_a_second_person(web_platform: Platform) -> None:
    """Nothing changes before somebody else agrees; who said it has no say in that."""
    before = find_catalog(web_platform, "bank")
    said = say(web_platform, BIRTH_NUMBER, OPERATIONS)
    assert said.state is CorrectionState.WAITING
    assert find_catalog(web_platform, "bank") == before
    with pytest.raises(FourEyesError, match="`vera` said so of"):
        confirm_correction(web_platform, BIRTH_NUMBER, by="vera")
    assert find_catalog(web_platform, "bank") == before
    confirmed = confirm_correction(web_platform, said.id, by="sam")
    assert (confirmed.state, confirmed.confirmed_by) == (CorrectionState.HOLDS, "sam")
    lowered = column(web_platform, BIRTH_NUMBER)
    assert (lowered.category, lowered.reveals, lowered.sensitivity) == (OPERATIONS, (), "internal")


def test_every_step_stands_in_the_audit_log_without_the_reason(web_platform: Platform) -> None:
    """Who said what of which column is recorded; the reason only as a hash."""
    said = say(web_platform, BIRTH_NUMBER, OPERATIONS, reason="Jana Nováková said so")
    confirm_correction(web_platform, said.id, by="sam")
    withdraw_correction(web_platform, said.id, reason="a slip", by="sam")
    entries = [
        entry
        for kind in ("correction", "correction_confirmation")
        for entry in list_entries(web_platform, kind=kind)
    ]
    assert {entry.event.subject for entry in entries} == {BIRTH_NUMBER}
    assert len(entries) == 3
    assert "Jana" not in str(entries)


def test_giving_back_a_raised_column_is_loosening_too(web_platform: Platform) -> None:
    """Who raised a column cannot lower it again alone; once confirmed, detectors decide."""
    was = column(web_platform)
    say(web_platform, DISTRICT, NATIONAL_ID)
    back = withdraw_correction(web_platform, DISTRICT, reason="a slip", by="vera")
    assert (back.state, back.category) == (CorrectionState.WAITING, None)
    assert column(web_platform).category == NATIONAL_ID
    with pytest.raises(ConflictError, match="to be given back already"):
        withdraw_correction(
            web_platform, list_corrections(web_platform, "bank")[0].id, reason="again", by="vera"
        )
    confirm_correction(web_platform, DISTRICT, by="sam")
    now = column(web_platform)
    assert (now.category, now.evidence) == (was.category, was.evidence)
    assert states(web_platform) == ["ended", "holds"]
    with pytest.raises(NotFoundError, match="can be withdrawn"):
        withdraw_correction(web_platform, DISTRICT, reason="again", by="vera")


def test_what_waits_is_withdrawn_or_replaced_without_effect(web_platform: Platform) -> None:
    """A waiting word ends with the next one, or when it is taken back; history keeps all."""
    before = find_catalog(web_platform, "bank")
    say(web_platform, BIRTH_NUMBER, OPERATIONS)
    say(web_platform, BIRTH_NUMBER, "user.name", by="sam")
    ended = withdraw_correction(web_platform, BIRTH_NUMBER, reason="no", by="vera")
    assert (ended.state, ended.ended_by, ended.by) == (CorrectionState.ENDED, "vera", "sam")
    assert states(web_platform) == ["ended", "ended"]
    assert find_catalog(web_platform, "bank") == before
    with pytest.raises(NotFoundError, match="waits to be confirmed"):
        confirm_correction(web_platform, BIRTH_NUMBER, by="vera")


def test_saying_that_a_category_is_right_is_kept(web_platform: Platform) -> None:
    """The column's own category holds at once, keeps its evidence and may not be said twice."""
    was = column(web_platform, BIRTH_NUMBER)
    assert say(web_platform, BIRTH_NUMBER, NATIONAL_ID).state is CorrectionState.HOLDS
    now = column(web_platform, BIRTH_NUMBER)
    assert (now.category, now.reveals) == (was.category, was.reveals)
    assert now.evidence[1:] == was.evidence
    with pytest.raises(ConflictError, match="already"):
        say(web_platform, BIRTH_NUMBER, NATIONAL_ID, by="sam")


def test_bad_words_are_refused_in_one_line(web_platform: Platform) -> None:
    """What is wrong is said with what is near, and nothing is kept."""
    cases: tuple[tuple[dict[str, str], type[Exception], str], ...] = (
        ({"category": "user.goverment_id"}, UsageError, "nearest `user.government_id`"),
        ({"column": "bank.public.clients.birth_numbr"}, NotFoundError, f"nearest `{BIRTH_NUMBER}`"),
        ({"column": "shop.public.a.b"}, NotFoundError, "no catalogue of `shop`"),
        ({"reason": " "}, UsageError, "give a reason of 1 to 500"),
        ({"reason": "x" * 501}, UsageError, "give a reason of 1 to 500"),
        ({"by": "ann-author"}, ForbiddenError, "is not a reviewer"),
        ({"by": "nobody"}, NotFoundError, "no account `nobody`"),
    )
    for change, error, says in cases:
        given = {"column": DISTRICT, "category": "user.name", "reason": WHY, "by": "vera", **change}
        with pytest.raises(error, match=says):
            correct_category(web_platform, **given)
    assert list_corrections(web_platform, "bank") == ()


def test_corrections_of_an_unknown_source_are_not_found(web_platform: Platform) -> None:
    """The list says which source there is not."""
    with pytest.raises(NotFoundError, match="no source `shop`"):
        list_corrections(web_platform, "shop")


class _NoText:
    def find(self, texts: Sequence[str]) -> Sequence[Sequence[Span]]:
        """Find nothing."""
        return [() for _ in texts]


@pytest.fixture
def shop(web_platform: Platform, tmp_path: Path) -> Platform:
    """A scanned source `shop` with one table whose `zz` says nothing by its name."""
    light = replace(web_platform, text_finder=_NoText)  # type: ignore[arg-type]  # for Presidio
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, zz TEXT, email TEXT)")
        connection.execute("INSERT INTO item VALUES (1, 'a1', 'a@example.org')")
    scan(
        light,
        url=f"sqlite:///{path}",
        source="shop",
        schema=None,
        sample_rows=5,
        actor="ada",
        progress=silent,
    )
    return light


def again(platform: Platform, source: str = "shop") -> Catalog:
    """Scan once more and return what was found."""
    rescan(platform, source=source, sample_rows=5, actor="ada", progress=silent)
    return find_catalog(platform, source)


def test_a_scan_applies_what_people_said(shop: Platform) -> None:
    """What holds outlives the scan with who said it; the version of the names is noted."""
    zz = "shop.public.item.zz"
    say(shop, zz, "user.name")
    corrected = find_catalog(shop, "shop")
    rescanned = again(shop)
    found = column(shop, zz)
    assert (found.category, found.evidence[0].detector) == ("user.name", "person")
    assert "`vera`" in found.evidence[0].detail
    assert rescanned.classifier == corrected.classifier == "shipped-0"


def test_one_person_alone_never_holds_a_column_below_what_is_found(
    shop: Platform, tmp_path: Path
) -> None:
    """A word that was no loosening when given gives way to stricter findings until confirmed."""
    zz = "shop.public.item.zz"
    said = say(shop, zz, "user.contact.address.city")
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection, connection:
        connection.execute("DELETE FROM item")
        connection.executemany(
            "INSERT INTO item VALUES (?, ?, ?)",
            [(n, f"person{n}@example.org", f"person{n}@example.org") for n in range(5)],
        )
    again(shop)
    assert column(shop, zz).category == "user.contact.email"
    confirm_correction(shop, said.id, by="sam")
    assert column(shop, zz).category == "user.contact.address.city"
    again(shop)
    assert column(shop, zz).category == "user.contact.address.city"


def test_what_is_said_while_a_scan_runs_is_not_lost(shop: Platform) -> None:
    """The scan did not know of it, and its catalogue says it all the same; lowering waits on."""
    zz, email = "shop.public.item.zz", "shop.public.item.email"
    given: list[str] = []

    def speak(stage: str, done: int, total: int) -> None:
        if stage == "classify" and not given:
            given.append(say(shop, zz, "user.name").id)
            say(shop, email, OPERATIONS)

    rescan(shop, source="shop", sample_rows=5, actor="ada", progress=speak)
    assert given
    assert column(shop, zz).category == "user.name"
    assert column(shop, email).category == "user.contact.email"
    again(shop)
    assert column(shop, zz).category == "user.name"


def test_the_next_draft_sees_a_correction(
    bank_platform: Platform, bank_draft: str, repository: Path
) -> None:
    """Without a scan, the next draft stands on another catalogue and rules on what was said."""
    local = replace(bank_platform, registers_reviewers=True)
    before = find_draft(local, bank_draft).draft
    catalog = find_catalog(local, "bank")
    chosen = next(
        column
        for table in catalog.tables
        for column in table.columns
        if column.category == "system.operations"
    )
    say(local, chosen.id, "user.health_and_medical")
    organisation, _ = read_organisation_file(
        local, repository / "policies" / "organisations" / "bank.yaml"
    )
    after = draft(local, organisation=organisation, source="bank", author="ada", progress=silent)
    assert after.lineage.catalog_sha256 == find_catalog(local, "bank").sha256
    assert after.lineage.catalog_sha256 != before.lineage.catalog_sha256
    ruled = {rule.point.category for rule in after.access if chosen.id in rule.point.columns}
    assert ruled == {"user.health_and_medical"}
