"""How a policy lies in memory for deciding: few objects, shared by all that decide alike.

    resource → place: the nodes of the resource and of those above it that have rows
    node: (action, purpose) as a small number → posting
    posting: the roles it speaks for as one bit set, and the ready answer of its one rule;
    of several rows, or of a rule with a condition, what must be weighed instead

Columns of one group share one place. Rows for every purpose stand in the cell of each purpose,
so a node is looked into once, at a place that is computed and not searched for: most of the
time of a decision is waiting for memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from policy_service.domain.applicability import Applicability
from policy_service.domain.bundle import PolicyRow, RuleObligation
from policy_service.domain.decision import Decision
from policy_service.domain.identifiers import RuleId
from policy_service.enforcement.rows import ALLOW, ANY_PURPOSE, DENY, TYPE_PREFIX

MOST_CELLS = 64  # with more pairs of action and purpose a node only holds those it has rows for

Entry = tuple[int, Decision, Applicability | None]  # a role's bit, the rule's answer, its condition
Posting = tuple[int, Decision | None, Applicability | tuple[Entry, ...] | None]
Keys = Mapping[str, Mapping[str, int]]  # action → purpose → number; each action has `*`

NOTHING: Final[Posting] = (0, None, None)


class Sparse(dict[int, Posting]):
    """A node of a policy with many actions or purposes; `stars` as of `_number`."""

    __slots__ = ("stars",)

    def __init__(self, stars: list[int]) -> None:
        super().__init__()
        self.stars = stars

    def __missing__(self, key: int) -> Posting:
        return self.get(self.stars[key], NOTHING)


Node: TypeAlias = tuple[Posting, ...] | Sparse
Place = tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one rule does where it applies; `obligation` is none where it denies."""

    rule: RuleId
    obligation: RuleObligation | None
    when: Applicability | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The rows of a policy, laid out. Types have places of their own, beside the resources."""

    keys: Keys
    nodes: Mapping[str, Node]
    places: Mapping[str, Place]
    types: Mapping[str, Place]
    obligations: Mapping[RuleId, RuleObligation]

    def effect(self, entry: Entry) -> Effect:
        """Say what the rule of an entry does."""
        _, answer, when = entry
        (rule,) = answer.rules
        obligation = self.obligations[rule] if answer.allow else None
        return Effect(rule=rule, obligation=obligation, when=when)


def entries(posting: Posting) -> tuple[Entry, ...]:
    """List the rows of a posting."""
    bits, answer, more = posting
    if isinstance(more, tuple):
        return more
    return () if answer is None else ((bits, answer, more),)


def lay_out(
    rows: Sequence[PolicyRow],
    *,
    bits: Mapping[str, int],
    above: Mapping[str, frozenset[str]],
    answers: Callable[[RuleId, str], Decision],
    conditions: Mapping[RuleId, Applicability],
    obligations: Mapping[RuleId, RuleObligation],
) -> Layout:
    """Lay out rows. `bits` are the roles', `above` what resources and types lie in.

    `answers` says what a rule answers alone, by its row's effect; it is asked once for each.
    """
    keys, stars = _number(rows)
    plan = _Dense(keys, len(stars)) if len(stars) <= MOST_CELLS else _Sparse(stars)
    add = plan.add
    made: dict[str, dict[RuleId, Decision]] = {ALLOW: {}, DENY: {}}
    for row in rows:
        rule, effect = row.rule, row.effect
        answer = made[effect].get(rule)
        if answer is None:
            answer = made[effect][rule] = answers(rule, effect)
        key = keys[row.action][row.purpose]
        add(row.resource, key, (bits[row.role], answer, conditions.get(rule)))
    nodes = plan.nodes()
    places, types = _places(nodes, above)
    return Layout(keys=keys, nodes=nodes, places=places, types=types, obligations=obligations)


def _number(rows: Iterable[PolicyRow]) -> tuple[Keys, list[int]]:
    """Number the pairs of action and purpose; the list has for each that of its action's `*`."""
    keys: dict[str, dict[str, int]] = {}
    stars: list[int] = []
    for action, purpose in sorted({(row.action, row.purpose) for row in rows}):
        purposes = keys.get(action)
        if purposes is None:
            purposes = keys[action] = {ANY_PURPOSE: len(stars)}
            stars.append(len(stars))
        if purpose not in purposes:
            purposes[purpose] = len(stars)
            stars.append(purposes[ANY_PURPOSE])
    return keys, stars


class _Dense:
    """Gathers nodes with a cell for every number; rows for every purpose stand in several."""

    def __init__(self, keys: Keys, count: int) -> None:
        self._reached: list[tuple[int, ...]] = [(key,) for key in range(count)]
        for purposes in keys.values():
            self._reached[purposes[ANY_PURPOSE]] = tuple(purposes.values())
        self._empty: list[Entry | list[Entry] | None] = [None] * count
        self._found: dict[str, list[Entry | list[Entry] | None]] = {}

    def add(self, resource: str, key: int, entry: Entry) -> None:
        cells = self._found.get(resource)
        if cells is None:
            cells = self._found[resource] = self._empty.copy()
        for cell in self._reached[key]:
            there = cells[cell]
            if there is None:
                cells[cell] = entry
            elif isinstance(there, list):
                there.append(entry)
            else:
                cells[cell] = [there, entry]

    def nodes(self) -> dict[str, Node]:
        return {
            name: tuple(
                [
                    NOTHING if one is None else _join(one) if isinstance(one, list) else one
                    for one in cells
                ]
            )
            for name, cells in self._found.items()
        }


class _Sparse:
    """Gathers nodes that hold only what they have rows for."""

    def __init__(self, stars: list[int]) -> None:
        self._stars = stars
        self._found: dict[str, dict[int, list[Entry]]] = {}

    def add(self, resource: str, key: int, entry: Entry) -> None:
        self._found.setdefault(resource, {}).setdefault(key, []).append(entry)

    def nodes(self) -> dict[str, Node]:
        return {name: self._node(own) for name, own in self._found.items()}

    def _node(self, own: Mapping[int, list[Entry]]) -> Sparse:
        node = Sparse(self._stars)
        for key, several in own.items():
            star = self._stars[key]
            node[key] = _join(several if key == star else [*several, *own.get(star, ())])
        return node


def _join(several: list[Entry]) -> Posting:
    if len(several) == 1:
        return several[0]
    roles = 0
    for bit, _, _ in several:
        roles |= bit
    return roles, None, tuple(several)


def _places(
    nodes: Mapping[str, Node], above: Mapping[str, frozenset[str]]
) -> tuple[dict[str, Place], dict[str, Place]]:
    shared: dict[int, Place] = {}  # by the identity of a set of ancestors, which lives as long
    places: dict[str, Place] = {}
    types: dict[str, Place] = {}
    named = nodes.keys()
    for name, reached in above.items():
        place = shared.get(id(reached))
        if place is None:
            place = tuple(nodes[one] for one in sorted(reached & named))
            shared[id(reached)] = place
        own = nodes.get(name)
        if own is not None and name not in reached:
            place = (own, *place)
        (types if name.startswith(TYPE_PREFIX) else places)[name] = place
    for name, node in nodes.items():
        if name not in above:
            (types if name.startswith(TYPE_PREFIX) else places)[name] = (node,)
    return places, types
