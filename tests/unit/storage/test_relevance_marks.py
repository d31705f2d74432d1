"""Relevance marks as stored, in both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from policy_service.domain.identifiers import ProvisionId, SubjectId
from policy_service.domain.learning import RelevanceMark
from policy_service.storage.database import Database
from policy_service.storage.relevance import list_marks, marks_on, save_mark

VERA, SAM = SubjectId("vera"), SubjectId("sam")
LONG = ProvisionId("act/" + "a-very-long-step/" * 30)


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


def make_mark(
    query: str = "who may see it?",
    provision: str = "act/1",
    *,
    relevant: bool = True,
    reviewer: SubjectId = VERA,
    second: int = 1,
) -> RelevanceMark:
    """Make a mark."""
    return RelevanceMark(
        query=query,
        provision=ProvisionId(provision),
        relevant=relevant,
        reviewer=reviewer,
        at=f"2026-03-02T12:00:{second:02d}.000000Z",
    )


def save(database: Database, *marks: RelevanceMark) -> None:
    """Store marks, each in a unit of work of its own."""
    for mark in marks:
        with database.write() as session:
            save_mark(session, mark)


def test_a_reviewers_last_mark_on_a_pair_is_kept(database: Database) -> None:
    """The same reviewer, question and provision have one mark; others keep theirs."""
    first, other = make_mark(), make_mark(reviewer=SAM)
    last = make_mark(relevant=False, second=2)
    save(database, first, other, last)
    with database.read() as session:
        assert list_marks(session) == (other, last)


def test_marks_are_found_by_question_and_reviewer(database: Database) -> None:
    """One reviewer's marks on one question are listed, whatever the length of an id."""
    mine = make_mark(provision=LONG)
    save(database, mine, make_mark("another question?"), make_mark(reviewer=SAM))
    with database.read() as session:
        assert marks_on(session, mine.query, VERA) == (mine,)
        assert marks_on(session, "never asked?", VERA) == ()
