"""Learning from corrections: what teaches, what is promoted, what is refused, and the way back."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.errors import RefinementError
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.identifiers import AssetId, asset_id
from policy_service.domain.progress import silent
from policy_service.storage import sources
from policy_service.workflows.audit import list_entries
from policy_service.workflows.classifier import classifier_for, open_names
from policy_service.workflows.corrections import (
    confirm_correction,
    correct_category,
    withdraw_correction,
)
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine_classifier import (
    collect_lessons,
    list_classifiers,
    refine_classifier,
    roll_back_classifier,
)
from policy_service.workflows.unit_of_work import unit_of_work
from tests.builders import make_catalog
from tests.fixtures.platform import shared_encoder
from tests.fixtures.web import web_home, web_platform

__all__ = ["web_home", "web_platform"]
TABLES = ("works", "shifts", "plants")
KNOWN = ("worker_email", "worker_phone", "worker_birth_date")
CATEGORIES = {
    "kolega_ref": "user.unique_id",
    "worker_email": "user.contact.email",
    "worker_phone": "user.contact.phone_number",
    "worker_birth_date": "user.demographic.date_of_birth",
}
POISONED = ("ssn", "social_security_number", "national_id")
OPERATIONS = "system.operations"
NATIONAL_ID = "user.government_id.national_identification_number"


def scanned(platform: Platform, names: Sequence[str], category: str = OPERATIONS) -> list[str]:
    """Store a catalogue of `TABLES`, each with columns of `names`; return the columns' ids."""
    bank = make_catalog()
    model = bank.tables[0].columns[0]
    rank = platform.categories
    found: list[str] = []
    tables = []
    for name in TABLES:
        columns = tuple(
            replace(
                model,
                id=asset_id("bank", "public", name, column),
                name=column,
                data_type="text",
                category=category,  # type: ignore[arg-type]  # a plain key is one
                sensitivity=rank.sensitivity(category),  # type: ignore[arg-type]  # as above
                legal_classes=rank.legal_classes(category),  # type: ignore[arg-type]  # as above
            )
            for column in names
        )
        found += [column.id for column in columns]
        table = asset_id("bank", "public", name)
        tables.append(replace(bank.tables[0], id=table, name=name, columns=columns))
    made = replace(bank, tables=tuple(sorted(tables, key=lambda table: table.id)))
    with unit_of_work(platform) as work:
        sources.save_catalog(work.session, replace(made, sha256=catalog_sha256(made)))
    return found


def say(platform: Platform, column: str, category: str) -> None:
    """Correct a column as vera; sam confirms what waits."""
    said = correct_category(platform, column=column, category=category, reason="known", by="vera")
    if said.state == "waiting":
        confirm_correction(platform, said.id, by="sam")


def taught(platform: Platform) -> None:
    """Correct every column of a catalogue to what it is."""
    for column in scanned(platform, tuple(CATEGORIES)):
        say(platform, column, CATEGORIES[column.split(".")[-1]])


def test_what_people_said_becomes_a_version_that_scans_name(web_platform: Platform) -> None:
    """A round over right corrections is promoted, audited, used, and can be taken back."""
    taught(web_platform)
    done = refine_classifier(web_platform, actor="ada", progress=silent)
    assert done.report.reasons == ()
    card = done.card
    assert (card.version, card.parent, card.lessons) == ("classifier-1", "shipped-0", 12)
    assert (card.safety_lost, card.after.columns) == (0, 12)
    assert card.after.right >= card.before.right
    (entry,) = list_entries(web_platform, kind="classifier_refinement")
    assert (entry.event.subject, entry.event.details["promoted"]) == ("classifier-1", True)
    light = replace(web_platform, text_finder=lambda: None)  # type: ignore[arg-type,return-value]
    learned = classifier_for(light, "bank")
    assert learned.version == "classifier-1"
    assert (
        open_names(web_platform.classifiers.current().weights).version != open_names(None).version
    )
    assert list_classifiers(web_platform) == (card,)
    assert roll_back_classifier(web_platform, "shipped-0", actor="ada") == "shipped-0"
    back = classifier_for(light, "bank")
    assert (back.version, back.sha256 == learned.sha256) == ("shipped-0", False)
    assert roll_back_classifier(web_platform, "classifier-1", actor="ada") == "classifier-1"
    assert len(list_entries(web_platform, kind="classifier_rollback")) == 2


def test_poisoned_corrections_are_refused(web_platform: Platform) -> None:
    """Corrections that agree that no national id is one are kept, and never used."""
    for column in scanned(web_platform, POISONED, NATIONAL_ID):
        say(web_platform, column, OPERATIONS)
    done = refine_classifier(web_platform, actor="ada", progress=silent)
    assert not done.card.promoted
    assert done.card.safety_lost > 0
    assert "of the safety set would lose protection" in done.card.note
    assert "; look at the corrections of `" in done.card.note
    assert web_platform.classifiers.current_version() == "shipped-0"
    with pytest.raises(RefinementError, match="did not pass its gates"):
        roll_back_classifier(web_platform, "classifier-1", actor="ada")


def test_only_what_holds_teaches(web_platform: Platform) -> None:
    """What waits, was withdrawn, or speaks of a column that is gone is no lesson."""
    with pytest.raises(RefinementError, match="nobody has corrected or confirmed a column yet"):
        refine_classifier(web_platform, actor="ada", progress=silent)
    ssn, *_, last = scanned(web_platform, ("ssn",), NATIONAL_ID)
    correct_category(web_platform, column=ssn, category=OPERATIONS, reason="no", by="vera")
    assert collect_lessons(web_platform) == ()
    say(web_platform, last, NATIONAL_ID)
    (lesson,) = collect_lessons(web_platform)
    assert (lesson.column.table, lesson.column.name) == (AssetId(last).split(".")[2], "ssn")
    withdraw_correction(web_platform, last, reason="a slip", by="vera")
    assert collect_lessons(web_platform) == ()
    say(web_platform, last, NATIONAL_ID)
    scanned(web_platform, ("other",))
    assert collect_lessons(web_platform) == ()


def test_few_corrections_measure_nothing(web_platform: Platform) -> None:
    """One corrected column is learned from and not promoted; the reason says what is missing."""
    first, *_ = scanned(web_platform, KNOWN)
    say(web_platform, first, "user.contact.email")
    card = refine_classifier(web_platform, actor="ada", progress=silent).card
    assert not card.promoted
    assert card.note.startswith("only 0 columns could be judged; correct or confirm more")


def test_scans_may_compare_names_by_meaning(web_platform: Platform) -> None:
    """With the setting a name that no list knows has a description for evidence."""
    light = replace(web_platform, text_finder=lambda: None)  # type: ignore[arg-type,return-value]
    near = replace(light, encoder=shared_encoder, embeds_column_names=True)
    column = ObservedColumn(name="sexual_preference", data_type="text")
    table = ObservedTable(
        id="bank.public.people", schema="public", name="people", row_count=0, columns=(column,)
    )
    plain, embedded = classifier_for(light, "bank"), classifier_for(near, "bank")
    detectors = {
        name: {
            one.detector for one in made.classifier.classify([table])[table.id].columns[0].evidence
        }
        for name, made in (("plain", plain), ("embedded", embedded))
    }
    assert "description" in detectors["embedded"] - detectors["plain"]
    assert embedded.sha256 != plain.sha256
