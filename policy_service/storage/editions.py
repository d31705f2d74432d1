"""Imported editions with what was decided on them, as stored.

An edition's content is kept whole, compressed, under its SHA-256; what lists show lies
beside it. Knows nothing of how editions are read, or of what they mean for a draft.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from policy_service.domain.edition import Edition, Provenance
from policy_service.domain.errors import StorageError
from policy_service.domain.identifiers import ObligationId, Sha256Hex, SubjectId
from policy_service.domain.provision import InstrumentKind
from policy_service.kit.hashing import sha256_hex
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession

_LEVEL = 6
_NOBODY = SubjectId("")


class EditionState(StrEnum):
    """Where an edition stands. Only `approved` ones are cited; `withdrawn` ones are not found."""

    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class ProposalChoice(StrEnum):
    """What a person made of a proposed obligation."""

    ADVICE = "advice"
    FLOOR = "floor"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEdition:
    """What lists show of an edition: what it is, where it came from, who let it in."""

    instrument: str
    version_date: str
    title: str
    kind: InstrumentKind
    language: str
    state: EditionState
    provenance: Provenance
    content_sha256: Sha256Hex
    provisions: int
    proposals: int
    imported_by: SubjectId
    imported_at: str
    decided_by: SubjectId = _NOBODY  # who approved or withdrew it; empty: nobody yet
    decided_at: str = ""
    notes: tuple[str, ...] = ()  # what reading it had to remark


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDecision:
    """What was decided on one proposal, bound to the content it was decided for."""

    proposal: ObligationId
    proposal_sha256: Sha256Hex
    choice: ProposalChoice
    by: SubjectId
    at: str


def content_of(edition: Edition) -> bytes:
    """Write an edition as the canonical JSON that is stored and hashed."""
    return dump(edition).encode()


def save_edition(session: WriteSession, row: StoredEdition, content: bytes) -> None:
    """Store an edition, in the place of one of the same instrument and version date.

    Requires `row.content_sha256` to be the hash of `content`. What was decided on the
    proposals of the one before stays until `keep_decisions` is called.
    """
    values = {
        "state": row.state.value,
        "row": dump(row),
        "source_sha256": row.provenance.source_sha256,
        "content_sha256": row.content_sha256,
        "content": zlib.compress(content, _LEVEL),
    }
    known = _named(row.instrument, row.version_date)
    if session.write(update(tables.editions).where(known).values(values)) == 0:
        named = {"instrument": row.instrument, "version_date": row.version_date}
        session.write(insert(tables.editions).values(**named, **values))
    _next_revision(session, row.imported_at)


def change_row(session: WriteSession, row: StoredEdition, *, at: str) -> None:
    """Store what changed of an edition beside its content."""
    known = _named(row.instrument, row.version_date)
    session.write(update(tables.editions).where(known).values(state=row.state.value, row=dump(row)))
    _next_revision(session, at)


def list_editions(session: ReadSession) -> tuple[StoredEdition, ...]:
    """List the editions by instrument, oldest version first."""
    query = select(tables.editions.c.row).order_by(
        tables.editions.c.instrument, tables.editions.c.version_date
    )
    return tuple(load(StoredEdition, row.row) for row in session.rows(query))


def find_edition(session: ReadSession, instrument: str, version_date: str) -> StoredEdition | None:
    """Find what is listed of one edition."""
    query = select(tables.editions.c.row).where(_named(instrument, version_date))
    found = session.value(query)
    return None if found is None else load(StoredEdition, found)


def read_edition(session: ReadSession, instrument: str, version_date: str) -> Edition:
    """Return an edition's content.

    Raises `StorageError` where there is none, or where it is not what was stored: withdraw
    it and import it again.
    """
    query = select(tables.editions.c.content, tables.editions.c.content_sha256).where(
        _named(instrument, version_date)
    )
    row = session.first(query)
    name = f"`{instrument}` of {version_date}"
    if row is None:
        raise StorageError(f"no edition {name} in the state; import it")
    try:
        content = zlib.decompress(row.content)
    except zlib.error as error:
        raise StorageError(_damaged(name)) from error
    if sha256_hex(content) != row.content_sha256:
        raise StorageError(_damaged(name))
    return load(Edition, content.decode())


def decide(
    session: WriteSession,
    edition: StoredEdition,
    decisions: tuple[ProposalDecision, ...],
    *,
    at: str,
) -> None:
    """Keep what was decided on proposals of an edition; a later decision replaces an earlier."""
    serial = _serial(session, edition)
    table = tables.proposal_decisions
    for one in decisions:
        session.write(
            delete(table).where(table.c.edition == serial, table.c.proposal == one.proposal)
        )
    session.write(
        insert(table),
        [
            {
                "edition": serial,
                "proposal": one.proposal,
                "proposal_sha256": one.proposal_sha256,
                "decision": one.choice.value,
                "decided_by": one.by,
                "decided_at": one.at,
            }
            for one in decisions
        ],
    )
    _next_revision(session, at)


def keep_decisions(
    session: WriteSession, row: StoredEdition, contents: Mapping[ObligationId, Sha256Hex]
) -> int:
    """Drop the decisions that were made for another content; return how many stay.

    `contents` are the proposals of the edition with the hash of what is decided on. A
    decision of who imported the edition is dropped too.
    """
    table = tables.proposal_decisions
    decided = decisions_of(session, row.instrument, row.version_date)
    stale = [
        one.proposal
        for one in decided.values()
        if contents.get(one.proposal) != one.proposal_sha256 or one.by == row.imported_by
    ]
    serial = _serial(session, row)
    for proposal in stale:
        session.write(delete(table).where(table.c.edition == serial, table.c.proposal == proposal))
    return len(decided) - len(stale)


def decisions_of(
    session: ReadSession, instrument: str, version_date: str
) -> Mapping[ObligationId, ProposalDecision]:
    """Return what was decided on the proposals of an edition, by proposal."""
    table = tables.proposal_decisions
    query = (
        select(table)
        .join(tables.editions, tables.editions.c.serial == table.c.edition)
        .where(_named(instrument, version_date))
        .order_by(table.c.proposal)
    )
    return {
        row.proposal: ProposalDecision(
            proposal=row.proposal,
            proposal_sha256=row.proposal_sha256,
            choice=ProposalChoice(row.decision),
            by=row.decided_by,
            at=row.decided_at,
        )
        for row in session.rows(query)
    }


def library_revision(session: ReadSession) -> int:
    """Return a number that grows with every change of what is held; 0 where nothing is."""
    # The count, not the newest serial: in PostgreSQL an earlier serial may be committed later.
    return session.value(select(func.count(tables.library_revisions.c.serial))) or 0


def _next_revision(session: WriteSession, at: str) -> None:
    session.write(insert(tables.library_revisions).values(changed_at=at))


def _serial(session: ReadSession, edition: StoredEdition) -> int:
    query = select(tables.editions.c.serial).where(_named(edition.instrument, edition.version_date))
    found: int | None = session.value(query)
    if found is None:
        raise StorageError(
            f"no edition `{edition.instrument}` of {edition.version_date} in the state; import it"
        )
    return found


def _named(instrument: str, version_date: str) -> ColumnElement[bool]:
    return (tables.editions.c.instrument == instrument) & (
        tables.editions.c.version_date == version_date
    )


def _damaged(name: str) -> str:
    return (
        f"the stored edition {name} is damaged: it does not fit its hash; "
        "withdraw it and import it again"
    )
