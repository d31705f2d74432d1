"""Editions in the state: kept whole under their hash, listed without it, decided on by row."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.domain.errors import StorageError
from policy_service.domain.identifiers import ObligationId, Sha256Hex, SubjectId
from policy_service.domain.provision import InstrumentKind
from policy_service.kit.hashing import sha256_hex
from policy_service.storage import editions, tables
from policy_service.storage.database import Database
from policy_service.storage.editions import (
    EditionState,
    ProposalChoice,
    ProposalDecision,
    StoredEdition,
    content_of,
)
from tests.edition_builders import ACT, FIRST, SECOND, make_edition, make_proposal

AT = "2026-03-02T12:00:00.000000Z"
HASH = Sha256Hex("a" * 64)


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


def save(database: Database, version_date: str = FIRST) -> StoredEdition:
    """Store the act in one version."""
    edition = make_edition(version_date, proposals=(make_proposal("act/art-2/1"),))
    content = content_of(edition)
    row = StoredEdition(
        instrument=ACT,
        version_date=version_date,
        title=edition.instrument.title,
        kind=InstrumentKind.LAW,
        language="en",
        state=EditionState.UNREVIEWED,
        provenance=edition.provenance,
        content_sha256=Sha256Hex(sha256_hex(content)),
        provisions=len(edition.provisions),
        proposals=1,
        imported_by=SubjectId("ann"),
        imported_at=AT,
    )
    with database.write() as session:
        editions.save_edition(session, row, content)
    return row


def decision(
    proposal: str = "act/art-2/1#x1", *, by: str = "bob", sha256: Sha256Hex = HASH
) -> ProposalDecision:
    """A decision of somebody on one proposal."""
    return ProposalDecision(
        proposal=ObligationId(proposal),
        proposal_sha256=sha256,
        choice=ProposalChoice.ADVICE,
        by=SubjectId(by),
        at=AT,
    )


def test_an_edition_comes_back_as_it_was_stored(database: Database) -> None:
    """Content and row are read whole; versions are listed oldest first."""
    second, first = save(database, SECOND), save(database)
    with database.read() as session:
        assert editions.list_editions(session) == (first, second)
        assert editions.find_edition(session, ACT, SECOND) == second
        assert editions.find_edition(session, ACT, "1999-01-01") is None
        read = editions.read_edition(session, ACT, FIRST)
    assert read == make_edition(proposals=(make_proposal("act/art-2/1"),))


def test_the_same_version_is_held_once(database: Database) -> None:
    """Storing a version again replaces row and content."""
    save(database)
    row = save(database)
    with database.read() as session:
        assert editions.list_editions(session) == (row,)


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_edition_is_refused(database: Database, damage: str) -> None:
    """Content that is cut short or is not what was hashed says so, and what to do."""
    save(database)
    save(database, SECOND)
    with database.write() as session:
        rows = session.rows(tables.editions.select().order_by(tables.editions.c.version_date))
        content = rows[0].content[:-9] if damage == "cut" else rows[1].content
        change = tables.editions.update().where(tables.editions.c.version_date == FIRST)
        session.write(change.values(content=content))
    with (
        database.read() as session,
        pytest.raises(StorageError, match=r"`act` of 2020-01-31 is damaged.*import it again"),
    ):
        editions.read_edition(session, ACT, FIRST)


def test_an_edition_that_is_not_there_is_named(database: Database) -> None:
    """Reading or deciding on what was never imported says what is missing."""
    row = save(database)
    with database.write() as session:
        with pytest.raises(StorageError, match="no edition `act` of 1999-01-01"):
            editions.read_edition(session, ACT, "1999-01-01")
        elsewhere = replace(row, instrument="other")
        with pytest.raises(StorageError, match="no edition `other`"):
            editions.decide(session, elsewhere, (decision(),), at=AT)


def test_the_last_decision_on_a_proposal_counts(database: Database) -> None:
    """Deciding again replaces what was decided before; other versions are not touched."""
    row, other = save(database), save(database, SECOND)
    rejected = replace(decision(by="eve"), choice=ProposalChoice.REJECTED)
    with database.write() as session:
        editions.decide(session, row, (decision(),), at=AT)
        editions.decide(session, row, (rejected,), at=AT)
        editions.decide(session, row, (), at=AT)
    with database.read() as session:
        assert editions.decisions_of(session, ACT, FIRST) == {rejected.proposal: rejected}
        assert editions.decisions_of(session, ACT, other.version_date) == {}


def test_decisions_for_another_content_are_dropped(database: Database) -> None:
    """Only decisions on exactly this content stay, and none of who imported it."""
    row = save(database)
    kept, stale, own = decision("p1"), decision("p2"), decision("p3", by="ann")
    with database.write() as session:
        editions.decide(session, row, (kept, stale, own), at=AT)
        contents = {kept.proposal: HASH, stale.proposal: Sha256Hex("b" * 64), own.proposal: HASH}
        assert editions.keep_decisions(session, row, contents) == 1
    with database.read() as session:
        assert editions.decisions_of(session, ACT, FIRST) == {kept.proposal: kept}


def test_every_change_is_a_new_revision(database: Database) -> None:
    """Storing, approving and deciding each raise the number that followers look at."""
    seen = []

    def revision() -> None:
        with database.read() as session:
            seen.append(editions.library_revision(session))

    revision()
    row = save(database)
    revision()
    with database.write() as session:
        editions.change_row(session, replace(row, state=EditionState.APPROVED), at=AT)
    revision()
    with database.write() as session:
        editions.decide(session, row, (decision(),), at=AT)
    revision()
    assert seen == [0, 1, 2, 3]
    with database.read() as session:
        found = editions.find_edition(session, ACT, FIRST)
    assert found is not None
    assert found.state is EditionState.APPROVED
