"""What the agreement of two readings of one law is reported as."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two readings of one instrument agree, unit by unit, white space normalised.

    `units` are the units that both have; `equal` those of them with the same text;
    `only_left`, `only_right` those that one lacks.
    """

    instrument: str
    left: str
    right: str
    units: int
    equal: int
    only_left: int
    only_right: int
    note: str = ""  # why they differ, where they do


def compare(
    instrument: str,
    left: tuple[str, Mapping[str, str]],
    right: tuple[str, Mapping[str, str]],
    *,
    note: str = "",
) -> Agreement:
    """Compare two readings, each a name and a text by unit."""
    both = left[1].keys() & right[1].keys()
    return Agreement(
        instrument=instrument,
        left=left[0],
        right=right[0],
        units=len(both),
        equal=sum(_normal(left[1][key]) == _normal(right[1][key]) for key in both),
        only_left=len(left[1].keys() - both),
        only_right=len(right[1].keys() - both),
        note=note,
    )


def _normal(text: str) -> str:
    return " ".join(text.split())
