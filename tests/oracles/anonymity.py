"""The oracle of anonymity: k, l, t and risk by definition, value by value. Slow on purpose."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, isnan, log


@dataclass(frozen=True)
class Spread:
    """What the worst class of one sensitive column is worth."""

    distinct_l: int
    entropy_l: float
    recursive_c: Fraction | None
    t: Fraction


def classes_of(rows: Sequence[tuple[object, ...]]) -> dict[tuple[object, ...], list[int]]:
    """Gather the numbers of the rows that are equal."""
    found: dict[tuple[object, ...], list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(tuple(map(one_nan, row)), []).append(number)
    return found


def one_nan(value: object) -> object:
    """Make all values that are no number the same one."""
    return "not a number" if isinstance(value, float) and isnan(value) else value


def spread(
    classes: dict[tuple[object, ...], list[int]], values: Sequence[object], *, ordered: bool
) -> Spread:
    """Measure a sensitive column; None stands before all other values."""
    values = [one_nan(value) for value in values]
    order = sorted(set(values), key=_place)
    whole = _shares(values, order)
    distinct, entropy, recursive, distance = [], [], [], []
    for numbers in classes.values():
        inside = [values[number] for number in numbers]
        shares = _shares(inside, order)
        commonest = max(Counter(inside).values())
        distinct.append(len(set(inside)))
        entropy.append(-sum(float(p) * log(p) for p in shares if p))
        others = len(inside) - commonest
        recursive.append(Fraction(commonest, others) if others else None)
        measure = _ordered if ordered else _equal
        distance.append(measure(shares, whole))
    known = [one for one in recursive if one is not None]
    return Spread(
        distinct_l=min(distinct),
        entropy_l=exp(min(entropy)),
        recursive_c=max(known) if len(known) == len(recursive) else None,
        t=max(distance),
    )


def _shares(values: Sequence[object], order: Sequence[object]) -> list[Fraction]:
    return [Fraction(values.count(value), len(values)) for value in order]


def _equal(inside: Sequence[Fraction], whole: Sequence[Fraction]) -> Fraction:
    return sum((abs(p - q) for p, q in zip(inside, whole, strict=True)), Fraction(0)) / 2


def _ordered(inside: Sequence[Fraction], whole: Sequence[Fraction]) -> Fraction:
    """Move the surplus of each value on to the next one, and count how much was moved."""
    moved, carried = Fraction(0), Fraction(0)
    for p, q in zip(inside, whole, strict=True):
        carried += p - q
        moved += abs(carried)
    return moved / (len(whole) - 1) if len(whole) > 1 else Fraction(0)


def _place(value: object) -> tuple[int, object]:
    if value is None:
        return 0, 0
    return (2, 0) if value == "not a number" else (1, value)
