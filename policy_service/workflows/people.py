"""People: the directory of who holds which role, with the attributes row filters need."""

from pathlib import Path

from policy_service.catalog.directory import read_people
from policy_service.domain.bundle import Directory
from policy_service.domain.identifiers import RoleId, Sha256Hex
from policy_service.domain.organisation import Person
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.storage import bundles, drafts, sources
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import unit_of_work


def import_people(platform: Platform, file: Path, *, actor: str) -> Directory:
    """Make the people in `file` (CSV) the whole directory.

    A person who would hold two roles that a published or drafted policy keeps
    apart is refused. Raises `CatalogError` naming the line; nothing is stored.
    """
    with platform.database.read() as session:
        apart = _separated_roles(session)
    people = read_people(file, roles=None, separation=apart)
    return replace_people(platform, people, actor=actor)


def replace_people(platform: Platform, people: tuple[Person, ...], *, actor: str) -> Directory:
    """Make `people` the whole directory and say so in the audit log."""
    directory = make_directory(people)
    with unit_of_work(platform) as work:
        sources.replace_people(work.session, directory.people)
        work.record(
            "people_import",
            actor=actor,
            subject="directory",
            people=len(people),
            sha256=directory.sha256,
        )
    return directory


def load_directory(session: ReadSession) -> Directory:
    """Read the directory as it stands."""
    return make_directory(sources.list_people(session))


def make_directory(people: tuple[Person, ...]) -> Directory:
    """Sort people by subject and hash them."""
    ordered = tuple(sorted(people, key=lambda person: person.subject))
    return Directory(people=ordered, sha256=Sha256Hex(content_sha256(to_plain(ordered))))


def _separated_roles(session: ReadSession) -> tuple[tuple[RoleId, RoleId], ...]:
    pairs = {pair for one in bundles.list_bundles(session) for pair in one.signed.bundle.separation}
    for row in drafts.list_drafts(session):
        organisation = sources.find_organisation(session, row.organisation_sha256)
        pairs.update(organisation.separation_of_duties if organisation else ())
    return tuple(sorted(pairs))
