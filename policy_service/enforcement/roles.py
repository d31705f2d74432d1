"""The roles of a policy with what they inherit: as bits for deciding, as names for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy_service.domain.bundle import PolicyRow
from policy_service.enforcement.graph import Parents, ancestors, parents_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Roles that have rows or links. `bits` has a bit for each role of a row."""

    bits: Mapping[str, int]
    parents: Parents
    above: Mapping[str, frozenset[str]]
    masks: Mapping[str, int]

    def mask(self, held: Iterable[str]) -> int:
        """Return the bits of roles with all that they inherit; an unknown role has none."""
        found = 0
        for role in held:
            found |= self.masks.get(role, 0)
        return found

    def closed(self, held: Iterable[str]) -> tuple[str, ...]:
        """Name roles with all that they inherit, sorted."""
        names = {str(role) for role in held}
        return tuple(sorted(names.union(*(self.above.get(role, ()) for role in names))))


def read_roles(rows: Iterable[PolicyRow], links: Iterable[tuple[str, str]]) -> Roles:
    """Number the roles of the rows in the order of their names, and close the links."""
    named = sorted({str(row.role) for row in rows})
    bits = {role: 1 << place for place, role in enumerate(named)}
    parents = parents_of(links)
    above = ancestors(parents)
    masks = dict(bits)
    for role, reached in above.items():
        mask = bits.get(role, 0)
        for one in reached:
            mask |= bits.get(one, 0)
        masks[role] = mask
    return Roles(bits=bits, parents=parents, above=above, masks=masks)
