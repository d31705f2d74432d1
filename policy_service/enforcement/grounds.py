"""The grounds of a decision: every row that speaks for the asker, and how it came to.

Not on the path of deciding: it walks the links again, for people who ask why.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from policy_service.domain.condition_truth import Facts, Truth
from policy_service.domain.control import Control
from policy_service.domain.identifiers import RuleId
from policy_service.enforcement.graph import Parents, path
from policy_service.enforcement.layout import Layout, entries
from policy_service.enforcement.roles import Roles
from policy_service.enforcement.rows import ANY_PURPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One row: its rule, and how it reaches the asker and the resource.

    `roles` leads from a role that is held to the row's, `containers` from the resource to
    what the row is about. `control` is none where the row denies. `truth` is that of the
    rule's condition and window; true where it has none.
    """

    rule: RuleId
    control: Control | None
    purpose: str
    roles: tuple[str, ...]
    containers: tuple[str, ...]
    truth: Truth

    @property
    def decides(self) -> bool:
        """Tell whether the row applies."""
        return self.truth is True or (self.control is None and self.truth is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where grounds are looked for: a policy's rows for one asker and one resource."""

    layout: Layout
    roles: Roles
    held: Sequence[str]
    resource: str
    above: Sequence[str]  # the resource and what lies above it
    parents: Parents
    facts: Facts
    now: datetime | None

    def grounds(self, action: str, purpose: str) -> tuple[Ground, ...]:
        """List the rows for `purpose` and for every purpose, by rule."""
        return tuple(sorted(self._find(action, {purpose, ANY_PURPOSE}), key=_order))

    def elsewhere(self, action: str, purpose: str) -> tuple[Ground, ...]:
        """List the rows for other purposes, by rule."""
        others = self.layout.keys.get(action, {}).keys() - {purpose, ANY_PURPOSE}
        return tuple(sorted(self._find(action, others), key=_order))

    def _find(self, action: str, purposes: set[str]) -> Iterator[Ground]:
        keys: Mapping[str, int] = self.layout.keys.get(action, {})
        names = {bit: role for role, bit in self.roles.bits.items()}
        mask = self.roles.mask(self.held)
        for container in self.above:
            node = self.layout.nodes.get(container)
            if node is None:
                continue
            everywhere = entries(node[keys[ANY_PURPOSE]]) if keys else ()
            for purpose in sorted(purposes & keys.keys()):
                for entry in dict.fromkeys(entries(node[keys[purpose]])):
                    bit = entry[0]
                    if not bit & mask or (purpose != ANY_PURPOSE and entry in everywhere):
                        continue
                    effect = self.layout.effect(entry)
                    obligation = effect.obligation
                    yield Ground(
                        rule=effect.rule,
                        control=None if obligation is None else obligation.control,
                        purpose=purpose,
                        roles=self._way(names[bit]),
                        containers=path(self.resource, container, self.parents),
                        truth=True
                        if effect.when is None
                        else effect.when.truth(self.facts, self.now),
                    )

    def _way(self, role: str) -> tuple[str, ...]:
        ways = (path(held, role, self.roles.parents) for held in sorted(self.held))
        return min((way for way in ways if way), key=len)


def _order(ground: Ground) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    return ground.rule, ground.purpose, ground.containers, ground.roles
