"""Whether a condition holds: true, false, or unknown (Kleene's strong three-valued logic).

A fact that is missing, not a number, or of another kind than what it is compared with makes
a comparison unknown, as a missing value does in SQL; so does asking a scalar for its members.
What unknown means for a decision is not said here: see `enforcement.applicability`.
Source: Kleene, Introduction to Metamathematics, 1952, section 64.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from operator import eq, ge, gt, le, lt, ne
from typing import Any, TypeAlias, assert_never

from policy_service.domain.condition import (
    Compare,
    Either,
    Every,
    Expression,
    Fact,
    Literal,
    Not,
    OneOf,
    Operand,
    Present,
    Root,
    Within,
)
from policy_service.domain.parameters import NO_PARAMETERS, ParameterValue
from policy_service.domain.predicate import Comparator

Truth: TypeAlias = bool | None  # None is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of who asks, of what is asked for, and of the request."""

    subject: Mapping[str, ParameterValue] = NO_PARAMETERS
    resource: Mapping[str, ParameterValue] = NO_PARAMETERS
    context: Mapping[str, ParameterValue] = NO_PARAMETERS

    def find(self, fact: Fact) -> ParameterValue | None:
        """Return the value of a fact; none where it is missing."""
        if fact.root is Root.SUBJECT:
            return self.subject.get(fact.name)
        return (self.resource if fact.root is Root.RESOURCE else self.context).get(fact.name)


def holds(expression: Expression, facts: Facts) -> Truth:
    """Evaluate an expression. Never raises."""
    match expression:
        case Not():
            return negate(holds(expression.part, facts))
        case Every():
            return every(holds(part, facts) for part in expression.parts)
        case Either():
            return either(holds(part, facts) for part in expression.parts)
        case Present():
            return facts.find(expression.fact) is not None
    return _relation_holds(expression, facts)


def _relation_holds(relation: Compare | OneOf | Within | Operand, facts: Facts) -> Truth:
    match relation:
        case Compare():
            left, right = _value(relation.left, facts), _value(relation.right, facts)
            return compare(left, relation.comparator, right)
        case OneOf():
            return among(_value(relation.operand, facts), relation.values)
        case Within():
            container = facts.find(relation.container)
            if not isinstance(container, tuple):
                return None
            return among(_value(relation.operand, facts), container)
        case Fact() | Literal():
            value = _value(relation, facts)
            return value if isinstance(value, bool) else None
    assert_never(relation)


_COMPARE: Mapping[Comparator, Callable[[Any, Any], object]] = {
    Comparator.EQ: eq,
    Comparator.NE: ne,
    Comparator.LT: lt,
    Comparator.LE: le,
    Comparator.GT: gt,
    Comparator.GE: ge,
}
_ON_TRUTHS = frozenset({Comparator.EQ, Comparator.NE})


def compare(left: object, comparator: Comparator, right: object) -> Truth:
    """Hold two values against each other; strings by code points, truth values only for equality.

    Unknown for values of different kinds: `1` and `1.0` are equal, `1` and `true` cannot be.
    """
    kind = kind_of(left)
    if kind is None or kind is not kind_of(right):
        return None
    if kind is bool and comparator not in _ON_TRUTHS:
        return None
    return bool(_COMPARE[comparator](left, right))


def among(value: object, values: Iterable[object]) -> Truth:
    """Tell whether a value equals one of `values`; of none it is false, even if unknown."""
    return either(compare(value, Comparator.EQ, one) for one in values)


def kind_of(value: object) -> type | None:
    """Name the kind in which a value can be compared; none for what cannot be at all."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, str):
        return str
    if isinstance(value, int):
        return float
    if isinstance(value, float):
        return None if isnan(value) else float
    if isinstance(value, Decimal):  # as databases give numbers
        return None if value.is_nan() else float
    return None


def negate(truth: Truth) -> Truth:
    """Turn true and false round; unknown stays unknown."""
    return None if truth is None else not truth


def every(truths: Iterable[Truth]) -> Truth:
    """And: the least of them, false before unknown before true; of none true."""
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            found = None
    return found


def either(truths: Iterable[Truth]) -> Truth:
    """Or: the most of them; of none false."""
    return negate(every(negate(truth) for truth in truths))


def _value(operand: Operand, facts: Facts) -> ParameterValue | None:
    return operand.value if isinstance(operand, Literal) else facts.find(operand)
