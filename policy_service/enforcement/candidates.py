"""What a search can find: the subjects, resources and actions that are known by name. Pure.

Columns, tables, schemas and sources come from the resource links of the bundle, resources
of applications from its known resources, subjects from the directory, actions from the rows.
A resource that only a rule about its type covers has no name here, and is never found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from policy_service.domain.bundle import Bundle, Directory
from policy_service.domain.identifiers import AssetId, asset_ancestors
from policy_service.enforcement.graph import ancestors, parents_of

ASSET_TYPES = ("column", "table", "schema", "source")  # nearest first, as ancestors are


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Names sorted by code points; resources by their AuthZEN type."""

    subjects: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def resources_of(self, kind: str) -> tuple[str, ...]:
        """Return the ids of a type; none where the type is not known."""
        return self.resources.get(kind, ())


def list_candidates(bundle: Bundle, directory: Directory) -> Candidates:
    """List what `bundle` and `directory` know. Takes as long as compiling: keep the answer."""
    found: dict[str, set[str]] = {}
    for column in _columns(bundle.resource_links):
        for kind, asset in zip(ASSET_TYPES, asset_ancestors(AssetId(column)), strict=False):
            found.setdefault(kind, set()).add(asset)
    for resource in bundle.resources:
        found.setdefault(resource.type, set()).add(resource.id)
    return Candidates(
        subjects=tuple(sorted({str(person.subject) for person in directory.people})),
        actions=tuple(sorted({row.action for row in bundle.rows})),
        resources=MappingProxyType({kind: tuple(sorted(ids)) for kind, ids in found.items()}),
    )


def join_candidates(several: Iterable[Candidates]) -> Candidates:
    """Join what several policies know."""
    subjects: set[str] = set()
    actions: set[str] = set()
    resources: dict[str, set[str]] = {}
    for one in several:
        subjects.update(one.subjects)
        actions.update(one.actions)
        for kind, ids in one.resources.items():
            resources.setdefault(kind, set()).update(ids)
    return Candidates(
        subjects=tuple(sorted(subjects)),
        actions=tuple(sorted(actions)),
        resources=MappingProxyType({kind: tuple(sorted(ids)) for kind, ids in resources.items()}),
    )


def _columns(links: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Name the leaves that lie in the table that their own id names."""
    parents = parents_of(links)
    inner = {above for child, several in parents.items() for above in several if above != child}
    above = ancestors(parents)
    return (
        leaf for leaf in parents if leaf not in inner and leaf.rpartition(".")[0] in above[leaf]
    )
