"""How a policy lies in memory for deciding: few objects, shared by all that decide alike.

    resource → place: the nodes of the resource and of those above it that have rows
    node: (action, purpose) as a small number → posting
    posting: the roles it speaks for as one bit set, and for each row a role's bit, the answer
    that its rule gives alone, and the rule's effect

Columns of one group share one place, and a node's posting for a purpose holds the rows for
every purpose too, so that a decision looks at each node once or twice, and at the rows of
a posting only where its bit set has one of the asker's roles.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from policy_service.domain.applicability import Applicability
from policy_service.domain.bundle import PolicyRow, RuleObligation
from policy_service.domain.decision import Decision
from policy_service.domain.identifiers import RuleId
from policy_service.enforcement.graph import Parents, ancestors
from policy_service.enforcement.rows import ANY_PURPOSE, TYPE_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one rule does where it applies; `obligation` is none where it denies.

    `alone` is the answer where this rule decides by itself.
    """

    rule: RuleId
    obligation: RuleObligation | None
    when: Applicability | None
    alone: Decision


Entry = tuple[int, Decision | None, Effect]  # the answer alone, unless there is a condition
Posting = Entry | tuple[int, tuple[Entry, ...]]  # most have one row, and are that row's entry
Node = Mapping[int, Posting]
Place = tuple[Node, ...]
Keys = Mapping[str, Mapping[str, int]]  # action → purpose → number; each action has `*`


def entries(posting: Posting) -> tuple[Entry, ...]:
    """List the rows of a posting: a role's bit, the answer alone, and the effect of each."""
    return (posting,) if len(posting) == 3 else posting[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The rows of a policy, laid out. Types have places of their own, beside the resources."""

    keys: Keys
    nodes: Mapping[str, Node]
    places: Mapping[str, Place]
    types: Mapping[str, Place]


def lay_out(
    rows: Iterable[PolicyRow],
    *,
    bits: Mapping[str, int],
    parents: Parents,
    effects: Callable[[RuleId, str], Effect],
) -> Layout:
    """Lay out rows. `bits` are the roles', `parents` those of resources and types.

    `effects` makes what a rule does by its row's effect; it is asked once for each.
    """
    keys: dict[str, dict[str, int]] = {}
    stars: list[int] = []  # for each number, that of its action for every purpose
    found: dict[str, dict[int, list[Entry]]] = {}
    made: dict[tuple[RuleId, str], Effect] = {}
    for row in rows:
        said = (row.rule, row.effect)
        effect = made.get(said)
        if effect is None:
            effect = made[said] = effects(*said)
        node = found.get(row.resource)
        if node is None:
            node = found[row.resource] = {}
        key = _key(row, keys, stars)
        alone = effect.alone if effect.when is None else None
        entry = (bits[row.role], alone, effect)
        if key in node:
            node[key].append(entry)
        else:
            node[key] = [entry]
    nodes = {resource: _node(listed, stars) for resource, listed in found.items()}
    places, types = _places(nodes, parents)
    return Layout(keys=keys, nodes=nodes, places=places, types=types)


def _key(row: PolicyRow, keys: dict[str, dict[str, int]], stars: list[int]) -> int:
    purposes = keys.get(row.action)
    if purposes is None:
        star = len(stars)
        purposes = keys[row.action] = {ANY_PURPOSE: star}
        stars.append(star)
    key = purposes.get(row.purpose)
    if key is None:
        key = purposes[row.purpose] = len(stars)
        stars.append(purposes[ANY_PURPOSE])
    return key


def _node(listed: Mapping[int, list[Entry]], stars: list[int]) -> Node:
    """Close a node: rows for every purpose join those for one."""
    node: dict[int, Posting] = {}
    for key, own in listed.items():
        star = stars[key]
        joined = own if key == star or star not in listed else [*own, *listed[star]]
        if len(joined) == 1:
            node[key] = joined[0]
            continue
        roles = 0
        for bit, _, _ in joined:
            roles |= bit
        node[key] = (roles, tuple(joined))
    return node


def _places(
    nodes: Mapping[str, Node], parents: Parents
) -> tuple[dict[str, Place], dict[str, Place]]:
    shared: dict[int, Place] = {}  # by the identity of a set of ancestors, which lives as long
    places: dict[str, Place] = {}
    types: dict[str, Place] = {}
    above = ancestors(parents)
    for name, reached in above.items():
        place = shared.get(id(reached))
        if place is None:
            place = tuple(nodes[one] for one in sorted(reached) if one in nodes)
            shared[id(reached)] = place
        own = nodes.get(name)
        if own is not None and name not in reached:
            place = (own, *place)
        (types if name.startswith(TYPE_PREFIX) else places)[name] = place
    for name, node in nodes.items():
        if name not in above:
            (types if name.startswith(TYPE_PREFIX) else places)[name] = (node,)
    return places, types
