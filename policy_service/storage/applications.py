"""Submitted application policies, as stored: the text, what it cites, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from policy_service.domain.errors import StorageError
from policy_service.domain.identifiers import DraftId, RuleId, Sha256Hex, SubjectId
from policy_service.domain.provision import Citation
from policy_service.domain.review import ReviewGroup
from policy_service.kit.hashing import sha256_text
from policy_service.storage.application_tables import applications as table
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession

_NOBODY = SubjectId("")


class ApplicationState(StrEnum):
    """Where a submission stands. Only a `live` one decides."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    LIVE = "live"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedRule:
    """The clauses that one rule stands on, as they were when it was submitted."""

    rule: RuleId
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredApplication:
    """A submission. `sha256` covers the text and every cited clause."""

    id: DraftId  # app_…
    name: str
    title: str
    file: str
    state: ApplicationState
    text_sha256: Sha256Hex
    sha256: Sha256Hex
    types: tuple[str, ...]  # of the resources it decides on
    rules: int
    tests: int
    cited: tuple[CitedRule, ...]
    author: SubjectId
    submitted_at: str
    decided_by: SubjectId = _NOBODY  # who approved or rejected it
    decided_for: ReviewGroup | None = None  # the group they spoke for
    decided_at: str = ""
    reason: str = ""


def add_application(session: WriteSession, row: StoredApplication, text: str) -> None:
    """Store a new submission. Requires `row.text_sha256` to be the hash of `text`."""
    session.write(
        insert(table).values(
            id=row.id,
            name=row.name,
            state=row.state.value,
            sha256=row.sha256,
            submitted_at=row.submitted_at,
            body=dump(row),
            content=text,
        )
    )


def change_application(session: WriteSession, row: StoredApplication) -> None:
    """Store how a submission stands now; its text never changes."""
    change = update(table).where(table.c.id == row.id)
    session.write(change.values(state=row.state.value, body=dump(row)))


def list_applications(session: ReadSession, name: str = "") -> tuple[StoredApplication, ...]:
    """List the submissions of one application, or of all, newest first."""
    query = select(table.c.body).order_by(table.c.serial.desc())
    if name:
        query = query.where(table.c.name == name)
    return tuple(load(StoredApplication, row.body) for row in session.rows(query))


def find_application(session: ReadSession, submission: str) -> StoredApplication | None:
    """Find a submission by its id."""
    found = session.value(select(table.c.body).where(table.c.id == submission))
    return None if found is None else load(StoredApplication, found)


def read_text(session: ReadSession, row: StoredApplication) -> str:
    """Return the text of a submission. Raises `StorageError` where it is not what was stored."""
    text: str | None = session.value(select(table.c.content).where(table.c.id == row.id))
    if text is None or sha256_text(text) != row.text_sha256:
        raise StorageError(
            f"the stored text of `{row.id}` does not fit its hash; submit the file again"
        )
    return text


def live_types(session: ReadSession) -> Mapping[str, str]:
    """Map each type of resource that an application decides on to the application's name."""
    query = select(table.c.body).where(table.c.state == ApplicationState.LIVE.value)
    rows = (load(StoredApplication, row.body) for row in session.rows(query))
    return {kind: row.name for row in rows for kind in row.types}
