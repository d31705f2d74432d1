"""Cross-references of imported texts, resolved to the provisions they mean.

Reads European, American and control-catalogue references (`references_eu.py`,
`references_us.py`) and looks them up among the provisions given. Where a unit has no text
of its own the units right below it stand for it, and where it does not exist the nearest
unit around it. Not a check that a reference is right: what does not resolve is left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from policy_service.corpus.mentions import HERE, Mention, Steps
from policy_service.corpus.references_eu import european_mentions
from policy_service.corpus.references_us import american_mentions
from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.provision import Provision

_EUROPEAN = re.compile(r"(?:art|recital|annex)-\w+\Z")
_CODE_PREFIXES = ("cfr:", "ca-civ:", "usc:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCount:
    """How many references to units of its own instrument a text makes, and how many resolve."""

    mentioned: int
    resolved: int


def resolve_references(
    provisions: Sequence[Provision],
    *,
    others: Mapping[str, Sequence[Provision]] | None = None,
) -> tuple[Provision, ...]:
    """Set `references` of each provision to those it refers to, in order of appearance.

    `others` are the provisions of further instruments by identifier (`celex:32016R0679`,
    `cfr:45/164/E`); references to acts that are not among them are left out. A provision
    never refers to itself.
    """
    library = _Library(provisions, others or {})
    return tuple(replace(one, references=library.references(one)) for one in provisions)


def count_references(provisions: Sequence[Provision]) -> ReferenceCount:
    """Count the references inside one instrument, each target of each mention once."""
    library = _Library(provisions, {})
    mentioned = resolved = 0
    for provision in provisions:
        for _, targets in library.lookups(provision):
            mentioned += 1
            resolved += bool(targets)
    return ReferenceCount(mentioned=mentioned, resolved=resolved)


class _Library:
    """The provisions of the instrument at hand and of others, by the steps of their ids."""

    def __init__(
        self, provisions: Sequence[Provision], others: Mapping[str, Sequence[Provision]]
    ) -> None:
        self._own = _Tree(provisions)
        self._others = {name: _Tree(content) for name, content in others.items()}
        self._codes = [
            tree for name, tree in self._others.items() if name.startswith(_CODE_PREFIXES)
        ]

    def references(self, provision: Provision) -> tuple[ProvisionId, ...]:
        found = dict.fromkeys(one for _, ids in self.lookups(provision) for one in ids)
        found.pop(provision.id, None)
        return tuple(found)

    def lookups(self, provision: Provision) -> Iterator[tuple[Steps, tuple[ProvisionId, ...]]]:
        """Yield each target with the provisions found for it.

        References to acts that are not at hand are left out; so are American sections of
        a part that neither the instrument nor the others have.
        """
        steps = steps_of(provision)
        for mention in _mentions(steps, provision.text):
            for target in mention.targets:
                if mention.act == HERE and target == steps[: len(target)]:
                    continue  # the unit itself, or one it lies in
                trees = self._trees(mention, target)
                if trees:
                    yield target, next(filter(None, (one.find(target) for one in trees)), ())

    def _trees(self, mention: Mention, target: Steps) -> list["_Tree"]:
        if mention.act != HERE:
            return [self._others[mention.act]] if mention.act in self._others else []
        part = target[0].partition(".")[0] + "." if "." in target[0] else ""
        if part and not self._own.has_part(target[0]):
            return [tree for tree in self._codes if tree.has_part(target[0])]
        return [self._own]


class _Tree:
    """Provisions of one instrument by their steps, and what lies below each step."""

    def __init__(self, provisions: Iterable[Provision]) -> None:
        self._ids: dict[Steps, ProvisionId] = {}
        self._below: dict[Steps, dict[Steps, None]] = defaultdict(dict)
        for provision in provisions:
            steps = steps_of(provision)
            self._ids[steps] = provision.id
            for end in range(len(steps), 0, -1):
                self._below[steps[: end - 1]][steps[:end]] = None

    def has_part(self, section: str) -> bool:
        """Tell whether a section of a code is here."""
        return (section,) in self._ids or (section,) in self._below

    def find(self, steps: Steps) -> tuple[ProvisionId, ...]:
        """Find a unit, else the units right below it, else the nearest one around it."""
        if steps in self._ids:
            return (self._ids[steps],)
        if steps in self._below:
            return tuple(one for child in self._below[steps] for one in self.find(child))
        for end in range(len(steps) - 1, 0, -1):
            if steps[:end] in self._ids:
                return (self._ids[steps[:end]],)
        return ()


def steps_of(provision: Provision) -> Steps:
    """Return the steps of an id below its instrument: `art-32`, `1`, `a`."""
    return tuple(provision.id.split("/")[1:])


def _mentions(steps: Steps, text: str) -> Iterator[Mention]:
    if steps and _EUROPEAN.match(steps[0]):
        return european_mentions(steps, text)
    return american_mentions(steps, text)
