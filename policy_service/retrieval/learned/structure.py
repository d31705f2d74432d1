"""Where passages stand to each other, read from their ids: parents, groups, neighbours.

A passage's parent is the longest other id that its own continues after a `/`, `.`, `(` or
space; its group shares everything but the last step. No text is read here, so any corpus
with hierarchical ids will do: `gdpr/art-32/1/a`, `164.312(a)(2)(iv)`, `8.7.1.Guidance.3.`
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NONE = -1
_STEPS = "/.( "
_NATURAL = re.compile(r"\d+|\D+")
Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structure:
    """One row a passage; `NONE` where there is no such passage."""

    parents: Places
    groups: Places
    group_sizes: Places  # one row a group
    documents: Places
    children: Places  # how many passages name it as their parent
    depths: Places
    orders: Places  # position in reading order
    reading: Places  # place by position

    def beside(self, places: NDArray[np.intp], distance: int) -> Places:
        """Return the passages that stand `distance` further on in the same document."""
        at = self.orders[places] + distance
        inside = (at >= 0) & (at < self.reading.size)
        found = self.reading[np.clip(at, 0, self.reading.size - 1)]
        same = self.documents[found] == self.documents[places]
        return np.where(inside & same, found, NONE).astype(np.int32)


def structure_of(ids: Sequence[str]) -> Structure:
    """Read the structure from unique ids, in whatever order they come."""
    at = {name: place for place, name in enumerate(ids)}
    parents = np.array([_parent(name, at) for name in ids], dtype=np.int32)
    groups = _numbered([_stem(name) for name in ids])
    reading = np.array(sorted(range(len(ids)), key=lambda place: natural(ids[place])), np.int32)
    orders = np.empty(len(ids), dtype=np.int32)
    orders[reading] = np.arange(len(ids), dtype=np.int32)
    return Structure(
        parents=parents,
        groups=groups,
        group_sizes=np.bincount(groups, minlength=1).astype(np.int32),
        documents=_numbered([name.partition("/")[0] for name in ids]),
        children=np.bincount(parents[parents >= 0], minlength=len(ids)).astype(np.int32),
        depths=np.array([len(_steps(name)) for name in ids], dtype=np.int32),
        orders=orders,
        reading=reading,
    )


def natural(name: str) -> list[tuple[int, int, str]]:
    """Order `9` before `10`."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _NATURAL.findall(name)
    ]


def _parent(name: str, at: dict[str, int]) -> int:
    for end in range(len(name) - 1, 0, -1):
        if name[end] in _STEPS:
            for candidate in (name[:end], name[: end + 1]):
                if candidate in at and candidate != name:
                    return at[candidate]
    return NONE


def _stem(name: str) -> str:
    bare = name.rstrip(".)")
    cut = max(bare.rfind(sign) for sign in _STEPS)
    return bare[:cut].rstrip(".") if cut > 0 else bare


def _steps(name: str) -> list[str]:
    return [step for step in re.split(r"[/.() ]+", name) if step]


def _numbered(names: Sequence[str]) -> Places:
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(found, dtype=np.int32)
