"""Predicates over the columns of a row: what partial evaluation leaves of a rule's condition.

Three-valued (Kleene), as SQL is: comparing a missing value, or values of different types, is
unknown, and only rows for which a predicate is *true* are shown. So a predicate means the same
in SQL, polars, pyarrow and plain Python, and whatever goes wrong hides the row.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from policy_service.domain.parameters import Scalar


class Comparator(StrEnum):
    """How a column is held against a value."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A column of the row against a fixed value."""

    column: str
    comparator: Comparator
    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A column's value is one of `values`; among none it never is."""

    column: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A column's value is not missing; the only leaf that is never unknown."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    """Not: unknown stays unknown."""

    part: "Predicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """And; of no parts it is true."""

    parts: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Or; of no alternatives it is false. Its field's own name tells the two apart in JSON."""

    alternatives: tuple["Predicate", ...]


Predicate: TypeAlias = Comparison | Membership | Presence | Negation | AllOf | AnyOf

EVERY_ROW = AllOf(parts=())
NO_ROW = AnyOf(alternatives=())


def columns_of(predicate: Predicate) -> frozenset[str]:
    """Name the columns that a predicate reads."""
    match predicate:
        case Comparison() | Membership() | Presence():
            return frozenset({predicate.column})
        case Negation():
            return columns_of(predicate.part)
        case AllOf():
            return frozenset[str]().union(*(columns_of(one) for one in predicate.parts))
        case AnyOf():
            return frozenset[str]().union(*(columns_of(one) for one in predicate.alternatives))
        case _:
            assert_never(predicate)
