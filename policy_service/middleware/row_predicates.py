"""Predicates over one record in Python: true, false, or unknown, as everywhere else."""

from collections.abc import Mapping
from typing import assert_never

from policy_service.domain.condition_truth import Truth, among, compare, either, every, negate
from policy_service.domain.errors import MaskingError
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)


def holds(predicate: Predicate, row: Mapping[str, object]) -> Truth:
    """Tell whether a predicate holds for a record; only where it is true may it be shown.

    Raises `MaskingError` where a column that it reads is not in the record.
    """
    match predicate:
        case Comparison():
            return compare(_value(row, predicate.column), predicate.comparator, predicate.value)
        case Membership():
            return among(_value(row, predicate.column), predicate.values)
        case Presence():
            return _value(row, predicate.column) is not None
        case Negation():
            return negate(holds(predicate.part, row))
        case AllOf():
            return every([holds(part, row) for part in predicate.parts])
        case AnyOf():
            return either([holds(part, row) for part in predicate.alternatives])
        case _:
            assert_never(predicate)


def _value(row: Mapping[str, object], column: str) -> object:
    if column not in row:
        raise MaskingError(
            f"rows cannot be filtered by `{column}`; map it, or filter in the database"
        )
    return row[column]
