"""Sources, what scans found in them, the organisation and its people, as stored."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from policy_service.domain.asset import Catalog
from policy_service.domain.drift import Drift
from policy_service.domain.hashes import organisation_sha256
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.organisation import Organisation, Person
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession
from policy_service.storage.stamps import PEOPLE, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """A registered database; its address is sealed, for it may hold a password."""

    name: str
    sealed_url: str
    schema: str | None
    added_at: str


def save_source(session: WriteSession, source: StoredSource) -> None:
    """Register a source, or replace what was registered under its name."""
    values = {
        "sealed_url": source.sealed_url,
        "schema_name": source.schema,
        "added_at": source.added_at,
    }
    known = tables.sources.c.name == source.name
    if session.write(update(tables.sources).where(known).values(values)) == 0:
        session.write(insert(tables.sources).values(name=source.name, **values))


def list_sources(session: ReadSession) -> tuple[StoredSource, ...]:
    """List the registered sources by name."""
    return tuple(
        StoredSource(
            name=row.name,
            sealed_url=row.sealed_url,
            schema=row.schema_name,
            added_at=row.added_at,
        )
        for row in session.rows(select(tables.sources).order_by(tables.sources.c.name))
    )


def find_source(session: ReadSession, name: str) -> StoredSource | None:
    """Find a source by its name."""
    return next((source for source in list_sources(session) if source.name == name), None)


def save_catalog(session: WriteSession, catalog: Catalog) -> None:
    """Add what a scan found; earlier scans stay."""
    session.write(
        insert(tables.catalogs).values(
            source=catalog.source,
            sha256=catalog.sha256,
            scanned_at=catalog.scanned_at,
            body=dump(catalog),
        )
    )


def newest_catalog(session: ReadSession, source: str) -> Catalog | None:
    """Find what the last scan of `source` found."""
    query = (
        select(tables.catalogs.c.body)
        .where(tables.catalogs.c.source == source)
        .order_by(tables.catalogs.c.serial.desc())
    )
    body = session.value(query)
    return None if body is None else load(Catalog, body)


def save_drift(session: WriteSession, drift: Drift, *, at: str) -> None:
    """Keep how a source changed between two scans; earlier changes stay."""
    session.write(insert(tables.drifts).values(source=drift.source, found_at=at, body=dump(drift)))


def newest_drift(session: ReadSession, source: str) -> Drift | None:
    """Find how `source` differed from the scan before when it was scanned last."""
    query = (
        select(tables.drifts.c.body)
        .where(tables.drifts.c.source == source)
        .order_by(tables.drifts.c.serial.desc())
    )
    body = session.value(query)
    return None if body is None else load(Drift, body)


def catalog_by_sha256(session: ReadSession, sha256: Sha256Hex) -> Catalog | None:
    """Find the catalogue a draft was made from."""
    body = session.value(select(tables.catalogs.c.body).where(tables.catalogs.c.sha256 == sha256))
    return None if body is None else load(Catalog, body)


def save_organisation(session: WriteSession, organisation: Organisation) -> Sha256Hex:
    """Keep an organisation's description under its hash, once."""
    sha256 = organisation_sha256(organisation)
    if find_organisation(session, sha256) is None:
        session.write(insert(tables.organisations).values(sha256=sha256, body=dump(organisation)))
    return sha256


def find_organisation(session: ReadSession, sha256: Sha256Hex) -> Organisation | None:
    """Find the organisation a draft was made for."""
    query = select(tables.organisations.c.body).where(tables.organisations.c.sha256 == sha256)
    body = session.value(query)
    return None if body is None else load(Organisation, body)


def replace_people(session: WriteSession, people: tuple[Person, ...]) -> None:
    """Make `people` the whole directory: who is not in it holds no role any more."""
    rows = [{"subject": person.subject, "body": dump(person)} for person in people]
    session.write(delete(tables.people))
    session.write(insert(tables.people), rows)
    stamp(session, PEOPLE, "\n".join(sorted(row["body"] for row in rows)))


def list_people(session: ReadSession) -> tuple[Person, ...]:
    """List the directory by subject."""
    query = select(tables.people.c.body).order_by(tables.people.c.subject)
    return tuple(load(Person, row.body) for row in session.rows(query))
