"""Partial evaluation: what a condition leaves open about a row, as a typed predicate.

What is known (subject, resource, request) is folded; facts of the resource that are columns
of the table stay. INVARIANT: a row passes exactly where the condition has the wanted answer
for that row's values, or in fewer cases: what has no form as a predicate (two columns against
each other, a list in a column) passes no row.
Source: partial evaluation as in Jones, Gomard and Sestoft, 1993, over Kleene's logic.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard, assert_never

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
from policy_service.domain.condition_truth import (
    Facts,
    Truth,
    among,
    compare,
    either,
    every,
    kind_of,
    negate,
)
from policy_service.domain.parameters import ParameterValue, Scalar
from policy_service.domain.predicate import (
    EVERY_ROW,
    NO_ROW,
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)

_CONTRARY = {
    Comparator.EQ: Comparator.NE,
    Comparator.NE: Comparator.EQ,
    Comparator.LT: Comparator.GE,
    Comparator.GE: Comparator.LT,
    Comparator.GT: Comparator.LE,
    Comparator.LE: Comparator.GT,
}
_MIRRORED = {
    Comparator.LT: Comparator.GT,
    Comparator.GT: Comparator.LT,
    Comparator.LE: Comparator.GE,
    Comparator.GE: Comparator.LE,
}


def row_passes(predicate: Predicate, row: Mapping[str, object]) -> bool:
    """Tell whether a row is shown: only where the predicate is true, not where it is unknown.

    A column that `row` lacks, or whose value is none, is missing.
    """
    return _truth(predicate, row) is True


def example_row(predicate: Predicate) -> dict[str, Scalar]:
    """Make a row that is likely to pass, to try a view with; it may not, so ask `row_passes`."""
    match predicate:
        case Comparison():
            return {predicate.column: _near(predicate.value, predicate.comparator)}
        case Membership():
            return {predicate.column: predicate.values[0]} if predicate.values else {}
        case Presence():
            return {predicate.column: ""}
        case Negation():
            return {
                column: _near(value, Comparator.NE)
                for column, value in example_row(predicate.part).items()
            }
        case AllOf():
            rows = [example_row(one) for one in predicate.parts]
            return {column: value for row in rows for column, value in row.items()}
        case AnyOf():
            return example_row(predicate.alternatives[0]) if predicate.alternatives else {}
    assert_never(predicate)


def all_of(parts: Iterable[Predicate]) -> Predicate:
    """Join predicates of which all must be true; each once, in their order."""
    found: dict[str, Predicate] = {}
    for part in parts:
        if part == NO_ROW:
            return NO_ROW
        found.update(_by_text(part.parts if isinstance(part, AllOf) else (part,)))
    kept = tuple(found.values())
    return kept[0] if len(kept) == 1 else AllOf(parts=kept)


def any_of(alternatives: Iterable[Predicate]) -> Predicate:
    """Join predicates of which one must be true; each once, in their order."""
    found: dict[str, Predicate] = {}
    for one in alternatives:
        if one == EVERY_ROW:
            return EVERY_ROW
        found.update(_by_text(one.alternatives if isinstance(one, AnyOf) else (one,)))
    kept = tuple(found.values())
    return kept[0] if len(kept) == 1 else AnyOf(alternatives=kept)


def _by_text(predicates: Iterable[Predicate]) -> dict[str, Predicate]:
    """Tell predicates apart by what they say: to Python, `1`, `1.0` and `True` are equal."""
    return {repr(predicate): predicate for predicate in predicates}


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """What is known when a table is asked for, and the names of its columns.

    A name that is both known and a column is what is known.
    """

    facts: Facts
    columns: frozenset[str]

    def where(self, expression: Expression, *, is_: bool) -> Predicate:
        """Return the predicate of the rows for which the expression is true, or false."""
        match expression:
            case Not():
                return self.where(expression.part, is_=not is_)
            case Every() | Either():
                join = all_of if isinstance(expression, Every) is is_ else any_of
                return join(self.where(part, is_=is_) for part in expression.parts)
            case Present():
                return self._presence(expression.fact, is_)
            case Compare():
                return self._comparison(expression, is_)
            case OneOf() | Within():
                return self._membership(expression, is_)
            case Fact() | Literal():
                return self._alone(expression, is_)
        assert_never(expression)

    def _alone(self, operand: Operand, is_: bool) -> Predicate:
        column = self._column(operand)
        if column is None:
            return _constant(self._value(operand) is is_)
        return Comparison(column=column, comparator=Comparator.EQ, value=is_)

    def _presence(self, fact: Fact, is_: bool) -> Predicate:
        column = self._column(fact)
        if column is None:
            return _constant((self.facts.find(fact) is not None) is is_)
        return Presence(column=column) if is_ else Negation(part=Presence(column=column))

    def _comparison(self, relation: Compare, is_: bool) -> Predicate:
        left, right, comparator = relation.left, relation.right, relation.comparator
        if self._column(left) is None:  # a column stands on the left
            left, right = right, left
            comparator = _MIRRORED.get(comparator, comparator)
        column, value = self._column(left), self._value(right)
        if column is None:
            return _constant(compare(self._value(left), comparator, value) is is_)
        if self._column(right) is not None or not _comparable(value, comparator):
            return NO_ROW
        return Comparison(
            column=column, comparator=comparator if is_ else _CONTRARY[comparator], value=value
        )

    def _membership(self, relation: OneOf | Within, is_: bool) -> Predicate:
        values = self._values(relation)
        if values is None:
            return NO_ROW
        column = self._column(relation.operand)
        if column is None or not values:
            return _constant(among(self._value(relation.operand), values) is is_)
        member = Membership(column=column, values=values)
        return member if is_ else Negation(part=member)

    def _values(self, relation: OneOf | Within) -> tuple[Scalar, ...] | None:
        if isinstance(relation, OneOf):
            return relation.values
        container = relation.container
        if self._column(container) is not None:
            return None
        found = self.facts.find(container)
        return found if isinstance(found, tuple) else None

    def _column(self, operand: Operand) -> str | None:
        if isinstance(operand, Literal) or operand.root is not Root.RESOURCE:
            return None
        is_open = operand.name in self.columns and operand.name not in self.facts.resource
        return operand.name if is_open else None

    def _value(self, operand: Operand) -> ParameterValue | None:
        return operand.value if isinstance(operand, Literal) else self.facts.find(operand)


def _comparable(value: ParameterValue | None, comparator: Comparator) -> TypeGuard[Scalar]:
    ordered = comparator not in (Comparator.EQ, Comparator.NE)
    return kind_of(value) is not None and not (ordered and isinstance(value, bool))


def _near(value: Scalar, comparator: Comparator) -> Scalar:
    """Return a value that stands to `value` as the comparator says, where one is at hand."""
    if comparator in (Comparator.EQ, Comparator.LE, Comparator.GE):
        return value
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return value[:-1] if comparator is Comparator.LT else f"{value}~"
    return value - 1 if comparator is Comparator.LT else value + 1


def _constant(truth: bool) -> Predicate:
    return EVERY_ROW if truth else NO_ROW


def _truth(predicate: Predicate, row: Mapping[str, object]) -> Truth:
    match predicate:
        case Comparison():
            return compare(row.get(predicate.column), predicate.comparator, predicate.value)
        case Membership():
            return among(row.get(predicate.column), predicate.values)
        case Presence():
            return row.get(predicate.column) is not None
        case Negation():
            return negate(_truth(predicate.part, row))
        case AllOf():
            return every(_truth(one, row) for one in predicate.parts)
        case AnyOf():
            return either(_truth(one, row) for one in predicate.alternatives)
    assert_never(predicate)
