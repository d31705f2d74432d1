"""Published bundles, as stored."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from policy_service.domain.bundle import SignedBundle
from policy_service.domain.identifiers import Revision
from policy_service.domain.review import DraftState
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBundle:
    """A signed bundle and where it stands: published, superseded or rolled back."""

    signed: SignedBundle
    state: DraftState


def next_revision(session: ReadSession) -> Revision:
    """Return the revision after the newest; revisions are never used twice."""
    newest = session.value(select(func.max(tables.bundles.c.revision)))
    return Revision((newest or 0) + 1)


def add_bundle(session: WriteSession, signed: SignedBundle) -> None:
    """Store a bundle as the published one of its source; the one before is superseded."""
    bundle = signed.bundle
    live = (tables.bundles.c.source == bundle.source) & (
        tables.bundles.c.state == DraftState.PUBLISHED.value
    )
    session.write(update(tables.bundles).where(live).values(state=DraftState.SUPERSEDED.value))
    session.write(
        insert(tables.bundles).values(
            revision=bundle.revision,
            tenant=bundle.tenant,
            source=bundle.source,
            draft=bundle.draft,
            state=DraftState.PUBLISHED.value,
            issued_at=bundle.issued_at,
            body=dump(signed),
        )
    )


def mark_bundle(session: WriteSession, revision: Revision, state: DraftState) -> None:
    """Say where a bundle stands now."""
    change = update(tables.bundles).where(tables.bundles.c.revision == revision)
    session.write(change.values(state=state.value))


def list_bundles(session: ReadSession) -> tuple[StoredBundle, ...]:
    """List every bundle, newest first."""
    query = select(tables.bundles).order_by(tables.bundles.c.revision.desc())
    return tuple(
        StoredBundle(signed=load(SignedBundle, row.body), state=DraftState(row.state))
        for row in session.rows(query)
    )


def live_bundle(session: ReadSession, source: str) -> SignedBundle | None:
    """Find the published bundle of `source`."""
    query = select(tables.bundles.c.body).where(
        tables.bundles.c.source == source,
        tables.bundles.c.state == DraftState.PUBLISHED.value,
    )
    body = session.value(query)
    return None if body is None else load(SignedBundle, body)


def live_revision(session: ReadSession, source: str) -> Revision | None:
    """Return the revision of the published bundle of `source`, without reading the bundle."""
    query = select(tables.bundles.c.revision).where(
        tables.bundles.c.source == source,
        tables.bundles.c.state == DraftState.PUBLISHED.value,
    )
    found = session.value(query)
    return None if found is None else Revision(found)
