"""Which columns of a text file are numbers: what is done with them says so, not their cells.

A cell `007` is a number where a rule holds it against one, and else the text that it is.
"""

from collections.abc import Iterator

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.identifiers import asset_parts
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Membership,
    Negation,
    Predicate,
    columns_of,
)

_NUMERIC = (Operator.BUCKET, Operator.NOISE, Operator.TOP_BOTTOM, Operator.AGGREGATE)


def numeric_columns(view: TableView) -> frozenset[str]:
    """Name the columns that are numbers in text files, by what is done with them."""
    by_control = {
        asset_parts(one.column)[-1] for one in view.columns if one.control.operator in _NUMERIC
    }
    return frozenset(by_control | (row_columns(view) - _texts(view)))


def _texts(view: TableView) -> frozenset[str]:
    """Name the columns that rules hold against texts alone: `007` is no number there."""
    attributes = dict(view.attributes)
    held = list(_held(view.predicate))
    held += [
        (one.column, attributes[one.subject_attribute])
        for one in view.row_filters
        if not one.path and one.subject_attribute in attributes
    ]
    others = {column for column, value in held if not isinstance(value, str)}
    return frozenset(column for column, _ in held) - others


def _held(predicate: Predicate) -> Iterator[tuple[str, object]]:
    """Give each column of a predicate with each value that it is held against."""
    match predicate:
        case Comparison():
            yield predicate.column, predicate.value
        case Membership():
            yield from ((predicate.column, value) for value in predicate.values)
        case Negation():
            yield from _held(predicate.part)
        case AllOf():
            for part in predicate.parts:
                yield from _held(part)
        case AnyOf():
            for part in predicate.alternatives:
                yield from _held(part)


def row_columns(view: TableView) -> frozenset[str]:
    """Name the columns that decide which rows are seen."""
    first = (one.path[0].column if one.path else one.column for one in view.row_filters)
    return columns_of(view.predicate).union(first)
