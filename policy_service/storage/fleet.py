"""The fleet as stored: trusted keys, editions of the directory, reports, and what stands live."""

from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import PublicationError, StorageError
from policy_service.domain.fleet import PointReport
from policy_service.domain.review import DraftState
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    read_envelope,
    write_envelope,
)
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.decision_tables import state_stamps
from policy_service.storage.fleet_tables import directory_editions, keysets, point_reports
from policy_service.storage.sessions import ReadSession, WriteSession
from policy_service.storage.stamps import PEOPLE, stamp

_SIGNATURES = "signatures"  # the stamp that a further signature under a bundle changes
_LIVE = tables.bundles.c.state == DraftState.PUBLISHED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEdition:
    """One issue of the directory: its number, whom it was made for, and when."""

    sequence: int
    stamp: str
    issued_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """The last report of an enforcement point, when it came and under whose token."""

    account: str
    reported_at: str
    report: PointReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What enforcement points would be given now, in names alone; cheap to read."""

    revisions: tuple[tuple[str, int], ...]  # source → live revision, sorted
    people: str  # the stamp of the directory
    signatures: str  # the stamp of further signatures
    keyset: int  # 0: none was made yet

    def mark(self, source: str) -> str:
        """Name what stands for `source`; another name: something changed."""
        revision = dict(self.revisions).get(source, 0)
        return f"{revision}-{self.keyset}-{self.people[:12]}-{self.signatures[:12]}"


def read_standing(session: ReadSession) -> Standing:
    """Read what stands live."""
    live = session.rows(select(tables.bundles.c.source, tables.bundles.c.revision).where(_LIVE))
    stamps = {row.name: row.value for row in session.rows(select(state_stamps))}
    return Standing(
        revisions=tuple(sorted((row.source, row.revision) for row in live)),
        people=stamps.get(PEOPLE, ""),
        signatures=stamps.get(_SIGNATURES, ""),
        keyset=session.value(select(func.max(keysets.c.version))) or 0,
    )


def bundle_text(session: ReadSession, revision: int) -> SignedDocument | None:
    """Find a bundle by revision, as text: what is handed on is not built first."""
    query = select(tables.bundles.c.body).where(tables.bundles.c.revision == revision)
    return _document(session.value(query), DocumentKind.BUNDLE)


def find_bundle(session: ReadSession, revision: int) -> SignedBundle | None:
    """Find a bundle by revision."""
    body = session.value(select(tables.bundles.c.body).where(tables.bundles.c.revision == revision))
    return None if body is None else load(SignedBundle, body)


def revision_source(session: ReadSession, revision: int) -> str | None:
    """Name the source of a revision."""
    return session.value(
        select(tables.bundles.c.source).where(tables.bundles.c.revision == revision)
    )


def replace_signatures(session: WriteSession, signed: SignedBundle) -> None:
    """Store a bundle with further signatures in the place of itself, and say that it has them."""
    body = dump(signed)
    change = update(tables.bundles).where(tables.bundles.c.revision == signed.bundle.revision)
    session.write(change.values(body=body))
    stamp(session, _SIGNATURES, body)


def add_keyset(session: WriteSession, version: int, document: SignedDocument, *, at: str) -> None:
    """Store the next version. Raises `ConflictError` where somebody else has just made it."""
    body = write_envelope(document).decode()
    session.write(insert(keysets).values(version=version, issued_at=at, body=body))


def list_keysets(session: ReadSession, *, after: int = 0) -> tuple[SignedDocument, ...]:
    """List the versions after one, oldest first."""
    query = select(keysets.c.body).where(keysets.c.version > after).order_by(keysets.c.version)
    found = (_document(row.body, DocumentKind.KEYSET) for row in session.rows(query))
    return tuple(one for one in found if one is not None)


def newest_edition(session: ReadSession) -> DirectoryEdition | None:
    """Find the newest edition of the directory."""
    query = select(directory_editions).order_by(directory_editions.c.sequence.desc())
    row = session.first(query)
    if row is None:
        return None
    return DirectoryEdition(sequence=row.sequence, stamp=row.stamp, issued_at=row.issued_at)


def add_edition(session: WriteSession, edition: DirectoryEdition) -> None:
    """Store the next edition."""
    session.write(
        insert(directory_editions).values(
            sequence=edition.sequence, stamp=edition.stamp, issued_at=edition.issued_at
        )
    )


def save_report(session: WriteSession, stored: StoredReport) -> None:
    """Keep a report in the place of the one before it."""
    report = stored.report
    columns = point_reports.c
    session.write(
        delete(point_reports).where(
            columns.account == stored.account,
            columns.name == report.name,
            columns.source == report.source,
        )
    )
    session.write(
        insert(point_reports).values(
            account=stored.account,
            name=report.name,
            source=report.source,
            reported_at=stored.reported_at,
            body=dump(report),
        )
    )


def list_reports(session: ReadSession) -> tuple[StoredReport, ...]:
    """List the last report of each enforcement point, by source and name."""
    columns = point_reports.c
    query = select(point_reports).order_by(columns.source, columns.name, columns.account)
    return tuple(
        StoredReport(
            account=row.account, reported_at=row.reported_at, report=load(PointReport, row.body)
        )
        for row in session.rows(query)
    )


def forget_reports(session: WriteSession, name: str) -> int:
    """Forget an enforcement point that is gone; return how many reports it had."""
    return session.write(delete(point_reports).where(point_reports.c.name == name))


def _document(body: str | None, kind: DocumentKind) -> SignedDocument | None:
    if body is None:
        return None
    try:
        return read_envelope(body.encode(), kind)
    except PublicationError as error:
        raise StorageError(
            f"a stored {kind} cannot be read; the state comes from another version"
        ) from error
