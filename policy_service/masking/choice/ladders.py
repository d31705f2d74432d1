"""Ladders: the controls that one group of columns may have, and what each costs in use.

From what a draft weighed, with more levels of the same operators between them: narrower and
wider bands, months to centuries, longer and shorter prefixes. Not the floors: whoever builds a
ladder hands in what they leave. Nested levels, each a multiple of the one before, make
anonymity monotone along them: P. Samarati, Protecting Respondents' Identities, IEEE TKDE 2001.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from policy_service.domain.control import DENY, Control, Operator
from policy_service.domain.parameters import Parameters
from policy_service.masking.catalogue import CATALOGUE
from policy_service.masking.choice.utility import information_bits

_DATE_PARTS = ("month", "quarter", "year", "decade", "century")
_STEPS_OF_BANDS = (1, 2, 10, 20, 100, 200)  # each a multiple of the one before
_MOST_PREFIX = 6
_KEY_USES = ("joins",)
_VALUE_USES = ("order", "aggregates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The controls left for columns that one rule masks alike. `name` is unique in a search.

    `is_key` says that other tables refer to the columns or they to others: joins are their use.
    `weight` is how much their loss counts beside others'.
    """

    name: str
    columns: tuple[str, ...]
    controls: tuple[Control, ...]
    is_key: bool = False
    weight: float = 1.0


def widen(candidates: Iterable[Control]) -> tuple[Control, ...]:
    """Add the levels between and beyond the `candidates`, each once, in a stable order.

    What depends on the data, such as the limits of `top_bottom`, is not made up here: a
    limit taken from data would show a value of it.
    """
    found = [level for one in candidates for level in _levels(one)]
    return tuple(dict.fromkeys((*found, DENY)))


def left_by(
    controls: Iterable[Control], *, allowed: Callable[[Control], bool]
) -> tuple[Control, ...]:
    """Keep the controls that are allowed; denying always is."""
    return tuple(one for one in controls if one == DENY or allowed(one))


def hides_identity(control: Control) -> bool:
    """Tell whether an identifier under this control names nobody to who has no key."""
    return control.operator.strictness >= Operator.FORMAT_PRESERVING.strictness


def cost_of(ladder: Ladder, control: Control, clear: pl.DataFrame, masked: pl.DataFrame) -> float:
    """Return what a control costs in use: 0 for clear, 1 where nothing is left, and a bit for deny.

    What is left is the share of the information, in bits over the bits there were (A. Gionis and
    T. Tassa, k-Anonymization with Minimal Loss of Information, 2009), times the share of the
    uses: joins of keys, order and aggregates of other columns. `masked` lacks what is denied.
    """
    uses = _KEY_USES if ladder.is_key else _VALUE_USES
    kept = sum(one in CATALOGUE[control.operator].preserves for one in uses) / len(uses)
    lost = [_information_lost(clear, masked, name) for name in ladder.columns]
    cost = 1 - kept * (1 - sum(lost) / len(lost))
    return round(cost + (0.01 if control == DENY else 0.0), 6)


def _information_lost(clear: pl.DataFrame, masked: pl.DataFrame, name: str) -> float:
    before = information_bits(clear.get_column(name))
    if name not in masked.columns:
        return 1.0
    if before <= 0:
        return 0.0
    return max(0.0, 1 - information_bits(masked.get_column(name)) / before)


def _levels(control: Control) -> Iterator[Control]:
    yield control
    given = control.parameters
    match control.operator:
        case Operator.GENERALISE if given.get("to") == "prefix":
            longest = min(given.integer("keep", 3) + 2, _MOST_PREFIX)
            for keep in range(longest, 0, -1):
                yield _with(control, {"to": "prefix", "keep": keep})
        case Operator.GENERALISE if given.get("to") in (*_DATE_PARTS, "sex_and_year"):
            for part in _DATE_PARTS:
                yield _with(control, {"to": part})
        case Operator.BUCKET:
            least = max(given.integer("width", 10) // 10, 1)
            for step in _STEPS_OF_BANDS:
                yield _with(control, {"width": least * step})
        case Operator.PARTIAL:
            first, last = given.integer("first", 0), given.integer("last", 0)
            for shown in range(max(first, last) - 1, 0, -1):
                yield _with(control, {"first": min(first, shown), "last": min(last, shown)})
        case _:
            return


def _with(control: Control, values: Mapping[str, object]) -> Control:
    return Control(operator=control.operator, parameters=Parameters(values))
