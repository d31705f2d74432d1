"""The library: imports, four eyes, proposals, versions, and what a running server sees of them."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.corpus.editions.instrument import InstrumentDetails
from policy_service.domain.edition import EditionDiff
from policy_service.domain.errors import (
    AuditError,
    ConflictError,
    CorpusError,
    ForbiddenError,
    FourEyesError,
    NotFoundError,
    RetrievalError,
    StorageError,
    UsageError,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import silent
from policy_service.domain.provision import InstrumentKind, Standing, Strength
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.kit.clock import FixedClock
from policy_service.storage import tables
from policy_service.storage.editions import EditionState, ProposalChoice
from policy_service.workflows import corpus, edition_review, editions
from policy_service.workflows.accounts import add_account
from policy_service.workflows.audit import list_entries
from policy_service.workflows.draft import find_draft
from policy_service.workflows.editions import ImportedEdition, ImportOutcome, import_editions
from policy_service.workflows.platform import Platform
from policy_service.workflows.publish import publish
from policy_service.workflows.reading import find_provision, list_instruments
from policy_service.workflows.review import approve_all
from tests.edition_builders import make_edition, make_proposal, write_gdpr, write_policy
from tests.fixtures.platform import open_test_platform

DAY = "2016-05-04"
LATER = "2020-01-01"


def bring(platform: Platform, path: Path, **options: object) -> ImportedEdition:
    """Import one edition as `ann`."""
    settings = {"actor": "ann", "progress": silent, **options}
    (found,) = import_editions(platform, path, **settings)  # type: ignore[arg-type] # by name
    return found


@pytest.fixture
def act(tmp_path: Path) -> Path:
    """A file with an invented act under the GDPR's name."""
    return write_gdpr(tmp_path / "files")


@pytest.fixture
def held(platform: Platform, act: Path) -> Platform:
    """A platform that holds the act, unreviewed, imported by `ann`."""
    bring(platform, act)
    return platform


@pytest.fixture
def approved(held: Platform) -> Platform:
    """A platform that holds the act, approved by `bob`."""
    edition_review.approve_edition(held, "gdpr", actor="bob")
    return held


def test_an_import_says_what_it_found(platform: Platform, act: Path) -> None:
    """Instrument by its identifier, version, format, provisions on digest ids, who and when."""
    found = bring(platform, act)
    row = found.row
    assert (row.instrument, row.version_date, row.state) == ("gdpr", DAY, EditionState.UNREVIEWED)
    assert (row.provenance.format, row.provenance.files) == ("eu-markdown", ("act.md",))
    assert (row.imported_by, row.imported_at[:10]) == ("ann", "2026-03-02")
    assert found.outcome is ImportOutcome.IMPORTED
    assert 3 <= found.digested <= row.provisions
    assert found.digest_entries == 82
    assert found.changes is None
    (entry,) = list_entries(platform, kind="edition_import", limit=5)
    assert entry.event.subject == f"gdpr@{DAY}"
    assert entry.event.details.text("source_sha256") == row.provenance.source_sha256


def test_an_unreviewed_text_is_found_and_marked(held: Platform) -> None:
    """Search finds it beside the digest; a running platform sees it without being told."""
    found = corpus.search_corpus(
        held, "keys apart from the book", limit=5, instruments=frozenset({"gdpr"}), progress=silent
    )
    hit = next(one.provision for one in found if "keys apart from the book" in one.provision.text)
    assert hit.standing is Standing.UNREVIEWED
    assert held.corpus.get("gdpr/art-32/1/a").standing is Standing.DIGEST


def test_the_same_file_again_changes_nothing(held: Platform, act: Path) -> None:
    """The first importer stays, nothing is audited; also after the approval."""
    again = bring(held, act, actor="eve")
    assert again.outcome is ImportOutcome.UNCHANGED
    assert again.row.imported_by == "ann"
    edition_review.approve_edition(held, "gdpr", actor="bob")
    assert bring(held, act, actor="eve").row.state is EditionState.APPROVED
    assert len(list_entries(held, kind="edition_import", limit=5)) == 1


def test_another_content_replaces_only_what_is_unreviewed(held: Platform, tmp_path: Path) -> None:
    """An unreviewed text gives way; an approved one only when asked, and is unreviewed again."""
    other = write_gdpr(tmp_path / "other", second="The keeper shall burn the book.")
    found = bring(held, other)
    assert found.outcome is ImportOutcome.REPLACED
    assert found.changes is not None
    assert [one.after.id for one in found.changes.changed] == ["gdpr/art-32/2"]
    edition_review.approve_edition(held, "gdpr", actor="bob")
    third = write_gdpr(tmp_path / "third", second="The keeper may keep the book.")
    with pytest.raises(ConflictError, match="approved with another content; `--replace`"):
        bring(held, third)
    assert held.corpus.get("gdpr/art-32/2").text == "The keeper shall burn the book."
    assert bring(held, third, replace_approved=True).row.state is EditionState.UNREVIEWED
    assert held.corpus.get("gdpr/art-32/1/a").standing is Standing.DIGEST


def test_a_dry_run_keeps_nothing(platform: Platform, act: Path) -> None:
    """Read and compared, neither stored nor audited."""
    assert bring(platform, act, dry_run=True).row.provisions
    assert editions.summarise_editions(platform) == ()
    assert list_entries(platform, kind="edition_import", limit=5) == ()


def test_an_approval_is_of_one_content_and_not_by_the_importer(held: Platform) -> None:
    """Who imported it, and who looked at something else, is refused; then drafts quote it."""
    with pytest.raises(FourEyesError, match="`ann` imported `gdpr` of 2016-05-04"):
        edition_review.approve_edition(held, "gdpr", actor="ann")
    with pytest.raises(ConflictError, match="not what was looked at"):
        edition_review.approve_edition(held, "gdpr", actor="bob", seen_sha256="00ff")
    (before,) = editions.summarise_editions(held)
    seen = before.row.content_sha256[:12].upper()
    edition_review.approve_edition(held, "gdpr", actor="bob", seen_sha256=seen)
    (after,) = editions.summarise_editions(held)
    assert (after.row.decided_by, after.quoted) == ("bob", True)
    found = held.corpus.get("gdpr/art-32/1/a")
    assert found.text.startswith("personal data shall be encrypted")
    assert found.summary
    (entry,) = list_entries(held, kind="edition_approval", limit=5)
    assert entry.event.details.text("imported_by") == "ann"


def test_a_withdrawn_text_is_gone_until_it_is_imported_again(approved: Platform, act: Path) -> None:
    """The digest stands again; importing the file again makes it unreviewed."""
    edition_review.withdraw_edition(approved, "gdpr", actor="eve")
    assert approved.corpus.get("gdpr/art-32/1/a").standing is Standing.DIGEST
    assert approved.corpus.others == ()
    with pytest.raises(NotFoundError, match="held: 2016-05-04 withdrawn"):
        edition_review.approve_edition(approved, "gdpr", actor="bob")
    assert bring(approved, act).outcome is ImportOutcome.REPLACED
    assert approved.corpus.others


def test_proposals_are_accepted_one_by_one(approved: Platform) -> None:
    """Advice or floor, by somebody else than the importer, audited; a rejection takes it back."""
    (proposal,) = [
        one
        for one in edition_review.list_proposals(approved, "gdpr")
        if one.provision.id == "gdpr/art-32/1/a" and one.proposal.mandatory
    ][:1]
    name = proposal.proposal.id
    assert proposal.decision is None
    assert proposal.evidence in proposal.provision.text
    with pytest.raises(FourEyesError):
        edition_review.accept_proposals(approved, [name], floor=False, actor="ann")
    edition_review.accept_proposals(approved, [name, name], floor=True, actor="bob")
    accepted = {one.id: one for one in approved.corpus.get("gdpr/art-32/1/a").obligations}
    assert accepted[name].strength is Strength.FLOOR
    (summary,) = editions.summarise_editions(approved)
    assert (summary.accepted, summary.open) == (1, summary.row.proposals - 1)
    edition_review.reject_proposals(approved, [name], actor="bob")
    kept = [one.id for one in approved.corpus.get("gdpr/art-32/1/a").obligations]
    assert name not in kept
    (again,) = [
        one for one in edition_review.list_proposals(approved, "gdpr") if one.decision is not None
    ]
    assert again.decision is not None
    assert again.decision.choice is ProposalChoice.REJECTED
    assert len(list_entries(approved, kind="proposal_decision", limit=5)) == 2


def test_accepting_is_all_or_nothing(approved: Platform) -> None:
    """An unknown proposal, or a floor the text does not command, keeps the others out too."""
    listed = edition_review.list_proposals(approved, "gdpr")
    name = listed[0].proposal.id
    with pytest.raises(NotFoundError, match="no proposal `gdpr/art-1#x9`"):
        edition_review.accept_proposals(approved, [name, "gdpr/art-1#x9"], floor=False, actor="bob")
    assert all(one.decision is None for one in edition_review.list_proposals(approved, "gdpr"))


def test_a_floor_needs_a_text_that_commands(platform: Platform, tmp_path: Path) -> None:
    """What a text only advises cannot be made a floor."""
    second = "The keeper should encrypt personal data at rest."
    bring(platform, write_gdpr(tmp_path / "files", second=second))
    edition_review.approve_edition(platform, "gdpr", actor="bob")
    (advised, *_) = [
        one for one in edition_review.list_proposals(platform, "gdpr") if not one.proposal.mandatory
    ]
    with pytest.raises(ConflictError, match="its text does not command"):
        edition_review.accept_proposals(platform, [advised.proposal.id], floor=True, actor="bob")


def test_proposals_of_an_unreviewed_text_cannot_be_accepted(held: Platform) -> None:
    """Only an approved text brings obligations."""
    (first, *_) = edition_review.list_proposals(held, "gdpr")
    with pytest.raises(NotFoundError, match="no approved edition of `gdpr`"):
        edition_review.accept_proposals(held, [first.proposal.id], floor=False, actor="bob")


def test_what_was_accepted_holds_for_its_own_content_only(
    approved: Platform, tmp_path: Path
) -> None:
    """A replaced text keeps the decisions on what is word for word the same, and no others."""
    names = [
        one.proposal.id
        for one in edition_review.list_proposals(approved, "gdpr")
        if one.provision.id in ("gdpr/art-32/1/a", "gdpr/art-32/2", "gdpr/art-90/1")
    ]
    edition_review.accept_proposals(approved, names, floor=False, actor="bob")
    other = write_gdpr(tmp_path / "other", second="The keeper shall lock every key away.")
    with pytest.raises(FourEyesError, match=r"4 accepted obligations \(0 floors\) would fall"):
        bring(approved, other, replace_approved=True)
    assert approved.corpus.get("gdpr/art-32/2").text.startswith("The keeper shall keep the keys")
    brought = bring(approved, other, replace_approved=True, actor="eve")
    assert str(brought.fallen) == "4 accepted obligations (0 floors)"
    edition_review.approve_edition(approved, "gdpr", actor="bob")
    kept = {
        one.proposal.id
        for one in edition_review.list_proposals(approved, "gdpr")
        if one.decision is not None
    }
    assert kept == {name for name in names if not name.startswith("gdpr/art-32/2#")}


def test_versions_are_compared_and_ours_that_stands_on_them_is_named(
    approved: Platform, tmp_path: Path
) -> None:
    """By date or with a file; digest entries of changed provisions are named."""
    later = write_gdpr(
        tmp_path / "later", day="20200101", second="The keeper shall keep one key in a safe."
    )
    with_file = corpus.diff_versions(approved, "gdpr", DAY, str(later), progress=silent)
    brought = bring(approved, later)
    assert brought.changes is not None
    by_date = corpus.diff_versions(approved, "gdpr", DAY, LATER, progress=silent)
    assert by_date == with_file
    assert [one.after.id for one in by_date.diff.changed] == ["gdpr/art-32/2"]
    assert by_date.digested == ("gdpr/art-32/2",)
    assert by_date.rules == ()
    with pytest.raises(NotFoundError, match="no approved or unreviewed edition of `gdpr` of 1999"):
        corpus.diff_versions(approved, "gdpr", "1999-01-01", LATER, progress=silent)


def test_a_newer_version_supersedes_the_one_before(approved: Platform, tmp_path: Path) -> None:
    """Unreviewed it changes nothing; approved it is quoted and the one before is kept apart."""
    bring(approved, write_gdpr(tmp_path / "later", day="20200101"))
    assert approved.corpus.get("gdpr/art-32/2").version_date == DAY
    with pytest.raises(NotFoundError, match="no unreviewed edition of `nis2`"):
        edition_review.approve_edition(approved, "nis2", actor="bob")
    edition_review.approve_edition(approved, "gdpr", actor="bob")
    assert approved.corpus.get("gdpr/art-32/2").version_date == LATER
    assert {(one.version_date, one.superseded) for one in approved.corpus.others} == {(DAY, LATER)}
    then = corpus.read_text(approved, "gdpr/art-32/2", version_date=DAY)
    assert then.provision.superseded == LATER
    assert [one.version_date for one in then.others] == [LATER]
    assert then.edition is not None
    with pytest.raises(NotFoundError, match="not held in a version of 1999"):
        corpus.read_text(approved, "gdpr/art-32/2", version_date="1999-01-01")
    with pytest.raises(ConflictError, match="there are 2 such editions"):
        edition_review.withdraw_edition(approved, "gdpr", actor="bob")


def test_a_text_is_shown_with_what_is_known_of_it(approved: Platform) -> None:
    """Neighbours of the same version, proposals of this provision, where it came from."""
    found = corpus.read_text(approved, "gdpr/art-32/1/a")
    assert found.before is not None
    assert found.after is not None
    assert (found.before.id, found.after.id) == ("gdpr/art-32/1", "gdpr/art-32/2")
    assert {one.provision.id for one in found.proposals} == {"gdpr/art-32/1/a"}
    assert found.edition is not None
    assert found.edition.decided_by == "bob"
    digest = corpus.read_text(approved, "ccpa/1798.100/a/1")
    assert digest.edition is None


def test_an_internal_policy_is_an_instrument_of_its_own(platform: Platform, tmp_path: Path) -> None:
    """Named, dated and placed by who imports it; listed and read while it is unreviewed."""
    details = InstrumentDetails(kind=InstrumentKind.INTERNAL, jurisdictions=("EU-DE",))
    found = bring(
        platform, write_policy(tmp_path / "files"), instrument="guest-book", details=details
    )
    assert (found.row.instrument, found.row.version_date) == ("guest-book", "2025-03-01")
    assert found.row.kind is InstrumentKind.INTERNAL
    assert "guest-book" in {one.id for one in list_instruments(platform)}
    key = platform.corpus.others[0].id
    assert find_provision(platform, key).standing is Standing.UNREVIEWED
    summary = {one.instrument.id: one for one in corpus.summarise_instruments(platform)}
    assert (summary["guest-book"].provisions, summary["guest-book"].apart) == (
        0,
        found.row.provisions,
    )
    edition_review.approve_edition(platform, "guest-book", actor="bob")
    later = write_policy(
        tmp_path / "later", (tmp_path / "files" / "guests.md").read_text().replace("90", "30")
    )
    again = bring(
        platform,
        later,
        instrument="guest-book",
        details=replace(InstrumentDetails(), version_date="2025-06-01"),
    )
    assert (again.row.kind, again.row.version_date) == (InstrumentKind.INTERNAL, "2025-06-01")


def test_a_zip_with_one_broken_act_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    """All of an import is kept or none of it."""
    good = write_gdpr(tmp_path / "files")
    bundle = tmp_path / "acts.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.write(good, "a.md")
        archive.writestr("b.xml", "<ACT><TITLE>broken")
    with pytest.raises(CorpusError):
        bring(platform, bundle)
    assert editions.summarise_editions(platform) == ()


@pytest.mark.parametrize("day", ["2025-02-30", "20250101", "soon"])
def test_a_version_date_is_a_date(platform: Platform, tmp_path: Path, day: str) -> None:
    """What is no date is refused in one line, before anything is stored."""
    details = InstrumentDetails(version_date=day)
    with pytest.raises(CorpusError, match=f"`{day}` is no date"):
        bring(platform, write_policy(tmp_path / "files"), details=details)
    assert editions.summarise_editions(platform) == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 200, "an\nn"])
def test_whoever_acts_has_a_name(platform: Platform, act: Path, name: str) -> None:
    """Nobody imports or approves without a name that can stand in the audit log."""
    with pytest.raises(UsageError, match="give a name"):
        bring(platform, act, actor=name)


def test_accounts_bind_who_may_approve(held: Platform) -> None:
    """An account that is no reviewer's does not approve; an unknown name only where allowed."""
    add_account(held, name="ole", role=AccountRole.AUDITOR, group=None, actor="test")
    add_account(
        held, name="vera", role=AccountRole.REVIEWER, group=ReviewGroup.SECURITY, actor="test"
    )
    with pytest.raises(ForbiddenError, match="`ole` is not a reviewer"):
        edition_review.approve_edition(held, "gdpr", actor="ole")
    strict = replace(held, registers_reviewers=False)
    with pytest.raises(NotFoundError, match="no account `bob`"):
        edition_review.approve_edition(strict, "gdpr", actor="bob")
    edition_review.approve_edition(strict, "gdpr", actor="vera")


def test_nothing_is_kept_that_cannot_be_audited(platform: Platform, act: Path) -> None:
    """Where the log cannot be written the import is rolled back."""
    platform.audit.close()
    with pytest.raises(AuditError):
        bring(platform, act)
    assert editions.summarise_editions(platform) == ()


def test_a_damaged_edition_stops_drafting_and_can_be_withdrawn(held: Platform) -> None:
    """The corpus is not served by halves; the message says the way out, and it works."""
    fresh = open_test_platform(held.folder, FixedClock(held.clock.now()))
    with held.database.write() as session:
        session.write(tables.editions.update().values(content=b"rubbish"))
    with pytest.raises(StorageError, match=r"damaged.*withdraw it and import it again"):
        _ = fresh.corpus
    edition_review.withdraw_edition(fresh, "gdpr", actor="bob")
    assert fresh.corpus.get("gdpr/art-32/1/a").standing is Standing.DIGEST
    fresh.database.close()


def test_another_process_sees_an_approval(held: Platform) -> None:
    """A second platform on the same state quotes the text as soon as the first approved it."""
    server = open_test_platform(held.folder, FixedClock(held.clock.now()))
    assert server.corpus.get("gdpr/art-32/1/a").standing is Standing.DIGEST
    edition_review.approve_edition(held, "gdpr", actor="bob")
    assert server.corpus.get("gdpr/art-32/1/a").standing is Standing.APPROVED
    server.database.close()


def test_an_index_that_cannot_be_built_loses_no_import(
    held: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is said, and what is stored stays; otherwise nothing is said."""
    assert editions.prepare_indexes(held, silent) == ""

    def refuse(*_: object, **__: object) -> None:
        raise RetrievalError("no room left")

    monkeypatch.setattr(held.library, "index", refuse)
    assert editions.prepare_indexes(held, silent) == "no room left"
    assert len(editions.summarise_editions(held)) == 1


def test_an_index_stays_open_while_its_texts_stay(held: Platform) -> None:
    """The index of drafts is not opened anew for a text that no draft stands on."""
    first = held.index(silent)
    assert held.index(silent) is first
    drafting = held.library.drafting(silent)
    edition_review.withdraw_edition(held, "gdpr", actor="bob")
    assert held.library.drafting(silent).index is drafting.index
    assert held.index(silent) is not first


def test_live_rules_that_cite_what_changes_are_named(
    bank_platform: Platform, bank_draft: str
) -> None:
    """A provision that another version lacks names every rule in force that quotes it."""
    for reviewer in ("reviewer-1", "reviewer-2"):
        approve_all(bank_platform, bank_draft, reviewer=reviewer)
    live = publish(bank_platform, bank_draft, actor="author", progress=silent).bundle
    rule = find_draft(bank_platform, bank_draft).draft.access[0]
    gone = bank_platform.corpus.get(rule.citations[0].provision)
    diff = EditionDiff(before=DAY, after=LATER, added=(), removed=(gone,), changed=(), unchanged=0)
    found = corpus.affected_by(bank_platform, gone.instrument, diff)
    assert found.digested == (gone.id,)
    named = {one.rule: one for one in found.rules}
    assert named[rule.id].provision == gone.id
    assert (named[rule.id].source, named[rule.id].change) == (live.source, "removed")


def test_what_extraction_may_not_propose_is_refused(platform: Platform) -> None:
    """A proposal that frees a purpose, is a floor already or is of another text is a defect."""
    good = make_proposal("act/art-2/1")
    freeing = replace(
        good,
        obligation=replace(good.obligation, parameters=Parameters(unless_purposes=("essential",))),
    )
    floor = replace(good, obligation=replace(good.obligation, strength=Strength.FLOOR))
    stranger = make_proposal("act/art-77")
    editions._check(make_edition(proposals=(good,)))
    for wrong in (freeing, floor, stranger):
        with pytest.raises(CorpusError, match="cannot be kept"):
            editions._check(make_edition(proposals=(wrong,)))
    with pytest.raises(CorpusError, match="without provisions"):
        editions._check(make_edition(texts={}))
    with pytest.raises(CorpusError, match="`soon` is no date"):
        editions._check(make_edition("soon"))


@pytest.fixture
def floored(approved: Platform) -> Platform:
    """A platform whose approved act has one accepted floor and one accepted advice."""
    floor, advice = (
        next(
            one.proposal.id
            for one in edition_review.list_proposals(approved, "gdpr")
            if one.provision.id == key and one.proposal.mandatory
        )
        for key in ("gdpr/art-32/1/a", "gdpr/art-90/1")
    )
    edition_review.accept_proposals(approved, [floor], floor=True, actor="bob")
    edition_review.accept_proposals(approved, [advice], floor=False, actor="bob")
    return approved


def test_no_floor_goes_by_the_importer_s_hand(floored: Platform) -> None:
    """With accepted obligations an edition is withdrawn by somebody else, and it is recorded."""
    words = r"`ann` imported `gdpr`.*2 accepted obligations \(1 floor\) would fall"
    with pytest.raises(FourEyesError, match=words):
        edition_review.withdraw_edition(floored, "gdpr", actor="ann")
    assert floored.corpus.get("gdpr/art-32/1/a").standing is Standing.APPROVED
    change = edition_review.withdraw_edition(floored, "gdpr", actor="bob")
    assert (str(change.fallen), change.fallen_of) == ("2 accepted obligations (1 floor)", DAY)
    (entry,) = list_entries(floored, kind="edition_withdrawal", limit=5)
    assert entry.event.details.integer("floors_fallen", 0) == 1


def test_an_importer_withdraws_what_nobody_built_on(approved: Platform) -> None:
    """Without an accepted obligation nothing falls with a text but its quotes."""
    change = edition_review.withdraw_edition(approved, "gdpr", actor="ann")
    assert change.fallen.number == 0


def test_an_approval_says_what_the_older_version_takes_with_it(
    floored: Platform, tmp_path: Path
) -> None:
    """Obligations accepted in the version before hold no longer; an older version ends none."""
    bring(floored, write_gdpr(tmp_path / "later", day="20200101"), actor="eve")
    change = edition_review.approve_edition(floored, "gdpr", actor="bob")
    assert (str(change.fallen), change.fallen_of) == ("2 accepted obligations (1 floor)", DAY)
    bring(floored, write_gdpr(tmp_path / "older", day="20180101"), actor="eve")
    change = edition_review.approve_edition(floored, "gdpr", actor="bob")
    assert (change.fallen.number, change.fallen_of) == (0, "")
