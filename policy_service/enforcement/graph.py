"""Transitive closure of child → parent links; cycles are harmless, depth is unlimited."""

from collections.abc import Iterable, Mapping


def ancestors(links: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Map every name in `links` to itself and all that it reaches."""
    parents: dict[str, list[str]] = {}
    for child, parent in links:
        parents.setdefault(child, []).append(parent)
        parents.setdefault(parent, [])
    closed: dict[str, frozenset[str]] = {}
    for name in parents:
        closed[name] = _reach(name, parents, closed)
    return closed


def _reach(
    start: str, parents: Mapping[str, list[str]], closed: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    seen = {start}
    waiting = [start]
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent in closed:  # complete already, and so is what it adds
                seen |= closed[parent]
            elif parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return frozenset(seen)
