"""Numbers of predicates held exactly against columns that hold only some numbers.

Tables compare a whole number with a fraction as floats, and so call 2⁵³ + 1 and 2⁵³ equal.
Here the fixed value is moved to one that the column can hold, and the comparator with it, so
that nothing is rounded: for whole numbers `x < 2.5` is `x <= 2`, and `x == 2.5` is false.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, inf, isinf

from policy_service.domain.predicate import Comparator

Bound = tuple[Comparator, int] | bool  # against this number; or the same for every number


def whole_bound(comparator: Comparator, value: int | float, *, scale: int = 0) -> Bound:
    """Hold a number that is a whole number of 10⁻ˢᶜᵃˡᵉ against `value`, which is not NaN."""
    if isinstance(value, float) and isinf(value):
        return _beyond(comparator, above=value > 0)
    exact = Fraction(value) * 10**scale
    if exact.denominator == 1:
        return comparator, exact.numerator
    return _between(comparator, floor(exact), ceil(exact))


def float_bound(comparator: Comparator, value: int | float) -> tuple[Comparator, float] | bool:
    """Hold a double against `value`, which is not NaN."""
    near = _double(value)
    if near == value:  # Python compares whole numbers and doubles exactly
        return comparator, near
    # No double lies between the value and the one nearest to it.
    below = near < value
    match comparator:
        case Comparator.EQ:
            return False
        case Comparator.NE:
            return True
        case Comparator.LT | Comparator.LE:
            return (Comparator.LE if below else Comparator.LT), near
        case Comparator.GT | Comparator.GE:
            return (Comparator.GT if below else Comparator.GE), near


def _double(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _beyond(comparator: Comparator, *, above: bool) -> bool:
    """Answer for a value above (or below) every number there is."""
    if comparator in (Comparator.EQ, Comparator.NE):
        return comparator is Comparator.NE
    return above is (comparator in (Comparator.LT, Comparator.LE))


def _between(comparator: Comparator, low: int, high: int) -> Bound:
    match comparator:
        case Comparator.EQ:
            return False
        case Comparator.NE:
            return True
        case Comparator.LT | Comparator.LE:
            return Comparator.LE, low
        case Comparator.GT | Comparator.GE:
            return Comparator.GE, high


SIGNS: dict[Comparator, Callable[..., object]] = {
    Comparator.EQ: lambda left, right: left == right,
    Comparator.NE: lambda left, right: left != right,
    Comparator.LT: lambda left, right: left < right,
    Comparator.LE: lambda left, right: left <= right,
    Comparator.GT: lambda left, right: left > right,
    Comparator.GE: lambda left, right: left >= right,
}
