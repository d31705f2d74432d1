"""From the strength of a column's evidence to the probability that its category is right.

Strengths are judgements that add up; probabilities were counted. On columns with known
categories (a real bank, an invented one, eight invented trades as they were classified at first
sight, labelled connectors and demo databases; every family counts alike) the share of right
categories at two levels was fitted to the strength by isotonic regression, shrunk towards the
strength itself where few columns speak. `python -m tests.tools.calibration` counts again. A name
says more where rows were seen that do not contradict it, so columns with and without values
have curves of their own. A database of a new kind shifts them: see the figure for families
left out.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import DataCategory


class Ground(StrEnum):
    """What a category rests on, the firmest ground there is."""

    SEEN = "seen"  # the form of values, texts
    KEY = "key"
    NAMED = "named"  # the column's name, its neighbours, a name model, tags
    EXPECTED = "expected"  # the table's topic alone


_EXPECTED = frozenset({"table", "values", "sample", "description"})
_NAMED = frozenset({"name", "neighbour", "name-model", "declared"})
_KEYS = frozenset({"key", "foreign-key"})


def ground(evidence: Sequence[Evidence]) -> Ground:
    """Tell what a category rests on."""
    detectors = {piece.detector for piece in evidence if piece.weight > 0} - _EXPECTED
    if not detectors:
        return Ground.EXPECTED
    if detectors & _KEYS:
        return Ground.KEY
    return Ground.NAMED if detectors <= _NAMED else Ground.SEEN


Cell = tuple[Ground, bool, bool]  # ground, personal, values seen
Knots = tuple[tuple[float, float], ...]  # (strength, probability), both rising


def cell_of(resting: Ground, personal: bool, *, filled: bool) -> Cell:
    """Name the curve; what only the table lets expect is the same with and without values."""
    return resting, personal, filled and resting is not Ground.EXPECTED


def read_off(knots: Knots, strength: float) -> float:
    """Read the probability at `strength`, 0-1, straight between knots and towards both ends."""
    below = (0.0, 0.0)
    for knot in (*knots, (1.0, 1.0)):
        if strength <= knot[0]:
            share = (strength - below[0]) / (knot[0] - below[0])
            return below[1] + share * (knot[1] - below[1])
        below = knot
    return strength


def calibrated(
    category: DataCategory, strength: float, evidence: Sequence[Evidence], *, filled: bool
) -> float:
    """Return the probability that a category with this evidence is right.

    `filled` tells that values were sampled; 0 <= `strength` < 1.
    """
    cell = cell_of(ground(evidence), category.startswith("user"), filled=filled)
    return read_off(CURVES.get(cell, ()), strength)


CURVES: Mapping[Cell, Knots] = {
    (Ground.EXPECTED, False, False): ((0.453, 0.436), (0.5, 0.85), (0.6, 0.939), (0.76, 0.98)),
    (Ground.EXPECTED, True, False): ((0.437, 0.232), (0.587, 0.761)),
    (Ground.KEY, False, False): ((0.959, 0.986),),
    (Ground.KEY, False, True): ((0.974, 0.99),),
    (Ground.KEY, True, False): ((0.903, 0.877),),
    (Ground.KEY, True, True): ((0.88, 0.987), (0.917, 0.99)),
    (Ground.NAMED, False, False): ((0.677, 0.802), (0.737, 0.922), (0.865, 0.95)),
    (Ground.NAMED, False, True): ((0.581, 0.677), (0.659, 0.737), (0.768, 0.821), (0.827, 0.944)),
    (Ground.NAMED, True, False): ((0.615, 0.473), (0.728, 0.658), (0.84, 0.877), (0.911, 0.943)),
    (Ground.NAMED, True, True): ((0.6, 0.692), (0.74, 0.855), (0.833, 0.975), (0.916, 0.99)),
    (Ground.SEEN, False, True): ((0.84, 0.863),),
    (Ground.SEEN, True, True): ((0.6, 0.657), (0.717, 0.811), (0.81, 0.895), (0.975, 0.99)),
}
