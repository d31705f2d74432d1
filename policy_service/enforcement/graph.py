"""Child → parent links: what lies above a name. Cycles are harmless, depth is unlimited."""

from collections import deque
from collections.abc import Iterable, Mapping

Parents = Mapping[str, tuple[str, ...]]


def parents_of(links: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Map every name in `links` to its parents, each once, in the order of the links."""
    found: dict[str, dict[str, None]] = {}
    for child, parent in links:
        if child in found:
            found[child][parent] = None
        else:
            found[child] = {parent: None}
        if parent not in found:
            found[parent] = {}
    return {name: tuple(above) for name, above in found.items()}


def ancestors(parents: Parents) -> Mapping[str, frozenset[str]]:
    """Map every name to all that it reaches, itself only where a cycle leads back.

    Names with the same parents share one set, so that the columns of a group cost as one.
    """
    shared: dict[tuple[str, ...], frozenset[str]] = {}
    for above in dict.fromkeys(parents.values()):
        shared[above] = _reach(above, parents, shared)
    return {name: shared[above] for name, above in parents.items()}


def _reach(
    start: tuple[str, ...], parents: Parents, shared: Mapping[tuple[str, ...], frozenset[str]]
) -> frozenset[str]:
    seen = set(start)
    waiting = [*start]
    while waiting:
        above = parents[waiting.pop()]
        if above in shared:  # complete already, and so is what it adds
            seen |= shared[above]
            continue
        fresh = [name for name in above if name not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return frozenset(seen)


def path(start: str, goal: str, parents: Parents) -> tuple[str, ...]:
    """Return a shortest way from `start` up to `goal`, both included; none where there is none."""
    came_from = {start: start}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        if name == goal:
            way = [name]
            while name != start:
                name = came_from[name]
                way.append(name)
            return tuple(reversed(way))
        for above in parents.get(name, ()):
            if above not in came_from:
                came_from[above] = name
                waiting.append(above)
    return ()
