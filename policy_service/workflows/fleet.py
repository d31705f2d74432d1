"""The fleet: what enforcement points are given, and what they say of themselves.

Documents are handed on as the texts that were signed; a point that has one gets the difference
to the next. Nothing is decided here (see `decide`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Generic, TypeVar

from policy_service.domain.document_delta import make_delta
from policy_service.domain.errors import NotFoundError, StorageError
from policy_service.domain.fleet import DirectoryDocument, PointReport
from policy_service.domain.identifiers import Revision
from policy_service.domain.signed_document import (
    SignedDocument,
    document_text,
    write_envelope,
)
from policy_service.kit.clock import parse_rfc3339, rfc3339
from policy_service.publication.signing import sign_directory
from policy_service.storage import fleet, sources
from policy_service.storage.fleet import DirectoryEdition, Standing, StoredReport
from policy_service.workflows.platform import Platform
from policy_service.workflows.trusted_keys import keysets_after
from policy_service.workflows.unit_of_work import unit_of_work

T = TypeVar("T")
DELTA_MEDIA_TYPE = "application/vnd.policy-service.delta+json"
FULL_MEDIA_TYPE = "application/json"
_SILENT_AFTER = 3  # reports that did not come
_KEPT = 8  # documents, and as many differences, in memory
_WORTH = 2  # a difference is sent when it is so many times smaller


class PointState(StrEnum):
    """How an enforcement point is; the first that applies."""

    SILENT = "silent"  # it has not reported for a while
    STALE = "stale"  # it denies everything
    FAILING = "failing"  # its last round ended in an error
    BEHIND = "behind"  # another revision is live
    CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStanding:
    """An enforcement point, its last report and what that means now."""

    stored: StoredReport
    state: PointState
    live: Revision  # of its source; 0: nothing is live


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is sent to a point that asks: bytes, what they are, and their tag."""

    content: bytes
    media_type: str
    etag: str


class FleetDesk:
    """Hands documents to enforcement points. Threads may share it; make one for a process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._documents = _Memory[SignedDocument]()
        self._offers = _Memory[Offer]()
        self._differences = _Memory[Offer]()

    def standing(self) -> Standing:
        """Read what stands live, in names alone."""
        with self._platform.database.read() as session:
            return fleet.read_standing(session)

    def require_live(self, source: str) -> Standing:
        """Read what stands. Raises `NotFoundError` where nothing of `source` is live."""
        standing = self.standing()
        if source not in dict(standing.revisions):
            raise NotFoundError(f"no policy of `{source}` is live; publish one first")
        return standing

    def bundle(self, source: str, *, since: int = 0) -> Offer:
        """Offer the live bundle of `source`, or its difference to revision `since`.

        Raises `NotFoundError` where nothing is live.
        """
        standing = self.require_live(source)
        revision = dict(standing.revisions)[source]
        key = f"bundle {revision} {standing.signatures}"
        document = self._documents.get(key, lambda: self._bundle(revision))
        return self._offer(key, document, since, lambda: self._earlier(source, since))

    def directory(self, *, since: int = 0) -> Offer:
        """Offer the people, or their difference to edition `since`."""
        edition = self._edition()
        key = f"directory {edition.sequence}"
        document = self._documents.get(key, lambda: self._directory(edition))
        # People who have left are not kept, so only what is in memory can be compared with.
        before = self._documents.find(f"directory {since}")
        return self._offer(key, document, since, lambda: before)

    def keysets(self, *, after: int = 0) -> bytes:
        """Offer the versions of the trusted keys after one, as a JSON list, oldest first."""
        found = keysets_after(self._platform, after)
        return b"[" + b",".join(write_envelope(one) for one in found) + b"]"

    def _offer(
        self,
        key: str,
        document: SignedDocument,
        since: int,
        find_base: Callable[[], SignedDocument | None],
    ) -> Offer:
        whole = self._offers.get(key, lambda: _whole(document))
        if since < 1:
            return whole
        return self._differences.get(
            f"{key} {since}", lambda: _difference(whole, document, find_base())
        )

    def _bundle(self, revision: int) -> SignedDocument:
        with self._platform.database.read() as session:
            found = fleet.bundle_text(session, revision)
        if found is None:
            raise NotFoundError(f"no revision {revision}; ask again")
        return found

    def _earlier(self, source: str, since: int) -> SignedDocument | None:
        with self._platform.database.read() as session:
            if fleet.revision_source(session, since) != source:
                return None
            return fleet.bundle_text(session, since)

    def _edition(self) -> DirectoryEdition:
        """Return the edition for the people there are now; a new one where they changed."""
        with self._platform.database.read() as session:
            standing, newest = fleet.read_standing(session), fleet.newest_edition(session)
        if newest is not None and self._serves(newest, standing):
            return newest
        with unit_of_work(self._platform) as work:
            standing, newest = fleet.read_standing(work.session), fleet.newest_edition(work.session)
            if newest is not None and self._serves(newest, standing):
                return newest
            fresh = DirectoryEdition(
                sequence=1 if newest is None else newest.sequence + 1,
                stamp=standing.people,
                issued_at=work.at,
            )
            fleet.add_edition(work.session, fresh)
        return fresh

    def _serves(self, edition: DirectoryEdition, standing: Standing) -> bool:
        """Tell whether an edition is of the people there are, and in the first half of its time."""
        age = self._platform.clock.now() - parse_rfc3339(edition.issued_at)
        return edition.stamp == standing.people and age < self._platform.bundle_lifetime / 2

    def _directory(self, edition: DirectoryEdition) -> SignedDocument:
        with self._platform.database.read() as session:
            people = sources.list_people(session)
            if fleet.read_standing(session).people != edition.stamp:
                raise StorageError("the people changed meanwhile; ask again")
        issued_at = parse_rfc3339(edition.issued_at)
        return sign_directory(
            DirectoryDocument(
                sequence=edition.sequence,
                tenant=self._platform.tenant,
                issued_at=edition.issued_at,
                expires_at=rfc3339(issued_at + self._platform.bundle_lifetime),
                people=tuple(sorted(people, key=lambda person: person.subject)),
            ),
            signer=self._platform.signer,
        )


def save_report(platform: Platform, report: PointReport, *, account: str) -> None:
    """Keep what an enforcement point says of itself; the report before it goes."""
    stored = StoredReport(account=account, reported_at=rfc3339(platform.clock.now()), report=report)
    with platform.database.write() as session:
        fleet.save_report(session, stored)


def list_points(platform: Platform) -> tuple[PointStanding, ...]:
    """List the enforcement points with how each of them is, by source and name."""
    with platform.database.read() as session:
        live = dict(fleet.read_standing(session).revisions)
        found = fleet.list_reports(session)
    return tuple(
        PointStanding(
            stored=one,
            state=_state(platform, one, live.get(one.report.source, 0)),
            live=Revision(live.get(one.report.source, 0)),
        )
        for one in found
    )


def forget_point(platform: Platform, name: str, *, actor: str) -> int:
    """Take an enforcement point that is gone off the list. Raises `NotFoundError`."""
    with unit_of_work(platform) as work:
        forgotten = fleet.forget_reports(work.session, name)
        if not forgotten:
            raise NotFoundError(f"no enforcement point `{name}` has reported")
        work.record("point_forgotten", actor=actor, subject=name)
    return forgotten


def _state(platform: Platform, stored: StoredReport, live: int) -> PointState:
    report = stored.report
    quiet = platform.clock.now() - parse_rfc3339(stored.reported_at)
    if quiet > timedelta(seconds=_SILENT_AFTER * report.every_s):
        return PointState.SILENT
    if report.stale or report.revision < 1:
        return PointState.STALE
    if report.error:
        return PointState.FAILING
    return PointState.CURRENT if report.revision == live else PointState.BEHIND


def _whole(document: SignedDocument) -> Offer:
    return Offer(content=write_envelope(document), media_type=FULL_MEDIA_TYPE, etag=document.etag)


def _difference(whole: Offer, document: SignedDocument, base: SignedDocument | None) -> Offer:
    """Offer the difference where there is one and it is worth its while, else the whole."""
    if base is None:
        return whole
    try:
        content = document_text(make_delta(base, document)).encode()
    except ValueError:  # written by versions of this package whose bundles differ in shape
        return whole
    if _WORTH * len(content) > len(whole.content):
        return whole
    return Offer(content=content, media_type=DELTA_MEDIA_TYPE, etag=whole.etag)


class _Memory(Generic[T]):
    """The last few things that were made, by name; each is made once at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, T] = {}
        self._lock = Lock()

    def find(self, key: str) -> T | None:
        """Return what is kept, if it is."""
        return self._kept.get(key)

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return what is kept, or make it and keep it; what was made first goes."""
        found = self._kept.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._kept:
                made = make()
                while len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = made
            return self._kept[key]
