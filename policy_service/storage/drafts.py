"""Drafts with every content they had, their verifications and verdicts, as stored."""

from dataclasses import dataclass

from sqlalchemy import insert, select, update

from policy_service.domain.draft import Draft
from policy_service.domain.finding import Verification
from policy_service.domain.identifiers import DraftId, Sha256Hex, SubjectId
from policy_service.domain.review import DraftState, Verdict
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDraft:
    """A draft's row: where it stands, and which content it has now."""

    id: DraftId
    source: str
    organisation: str
    organisation_sha256: Sha256Hex
    author: SubjectId
    state: DraftState
    sha256: Sha256Hex
    created_at: str
    changed_at: str


def add_draft(session: WriteSession, row: StoredDraft, draft: Draft) -> None:
    """Store a new draft with its first content."""
    session.write(
        insert(tables.drafts).values(
            id=row.id,
            source=row.source,
            organisation=row.organisation,
            organisation_sha256=row.organisation_sha256,
            author=row.author,
            state=row.state.value,
            sha256=row.sha256,
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
    )
    _add_content(session, draft, by=row.author, at=row.created_at)


def change_content(session: WriteSession, draft: Draft, *, by: SubjectId, at: str) -> None:
    """Give a stored draft new content; the content before stays readable."""
    known = content_by_sha256(session, draft.id, draft.sha256) is not None
    if not known:
        _add_content(session, draft, by=by, at=at)
    change = update(tables.drafts).where(tables.drafts.c.id == draft.id)
    session.write(change.values(sha256=draft.sha256, changed_at=at))


def change_state(session: WriteSession, draft: DraftId, state: DraftState, *, at: str) -> None:
    """Move a stored draft to another state of its lifecycle."""
    change = update(tables.drafts).where(tables.drafts.c.id == draft)
    session.write(change.values(state=state.value, changed_at=at))


def list_drafts(session: ReadSession) -> tuple[StoredDraft, ...]:
    """List the drafts, newest first."""
    query = select(tables.drafts).order_by(tables.drafts.c.created_at.desc(), tables.drafts.c.id)
    return tuple(
        StoredDraft(
            id=row.id,
            source=row.source,
            organisation=row.organisation,
            organisation_sha256=row.organisation_sha256,
            author=row.author,
            state=DraftState(row.state),
            sha256=row.sha256,
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
        for row in session.rows(query)
    )


def find_draft(session: ReadSession, draft: str) -> StoredDraft | None:
    """Find a draft's row by its id."""
    return next((row for row in list_drafts(session) if row.id == draft), None)


def content_by_sha256(session: ReadSession, draft: str, sha256: str) -> Draft | None:
    """Find one content of a draft, the current or an earlier one."""
    query = select(tables.draft_contents.c.body).where(
        tables.draft_contents.c.draft == draft, tables.draft_contents.c.sha256 == sha256
    )
    body = session.value(query)
    return None if body is None else load(Draft, body)


def add_verification(
    session: WriteSession, draft: Draft, verification: Verification, *, at: str
) -> None:
    """Keep what verification said of one content."""
    session.write(
        insert(tables.verifications).values(
            draft=draft.id, draft_sha256=draft.sha256, verified_at=at, body=dump(verification)
        )
    )


def newest_verification(session: ReadSession, draft: str, sha256: str) -> Verification | None:
    """Find the last verification of exactly this content."""
    query = (
        select(tables.verifications.c.body)
        .where(
            tables.verifications.c.draft == draft,
            tables.verifications.c.draft_sha256 == sha256,
        )
        .order_by(tables.verifications.c.serial.desc())
    )
    body = session.value(query)
    return None if body is None else load(Verification, body)


def add_verdicts(session: WriteSession, verdicts: tuple[Verdict, ...]) -> None:
    """Add verdicts; none is ever changed or taken away."""
    session.write(
        insert(tables.verdicts),
        [
            {
                "id": verdict.id,
                "draft": verdict.draft,
                "rule": verdict.rule,
                "reviewer": verdict.reviewer,
                "body": dump(verdict),
            }
            for verdict in verdicts
        ],
    )


def list_verdicts(session: ReadSession, draft: str | None = None) -> tuple[Verdict, ...]:
    """List the verdicts of one draft, or of all, in the order they were given."""
    query = select(tables.verdicts.c.body).order_by(tables.verdicts.c.serial)
    if draft is not None:
        query = query.where(tables.verdicts.c.draft == draft)
    return tuple(load(Verdict, row.body) for row in session.rows(query))


def _add_content(session: WriteSession, draft: Draft, *, by: SubjectId, at: str) -> None:
    session.write(
        insert(tables.draft_contents).values(
            draft=draft.id, sha256=draft.sha256, changed_by=by, changed_at=at, body=dump(draft)
        )
    )
