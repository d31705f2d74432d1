"""Predicates as pyarrow filters, for tables and for datasets that read only what passes."""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from math import isnan
from operator import and_, or_
from typing import TYPE_CHECKING, assert_never

from policy_service.domain.errors import MaskingError
from policy_service.domain.parameters import Scalar
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)
from policy_service.middleware.predicate_bounds import SIGNS, float_bound, whole_bound

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.compute import Expression

_DIGITS = 38  # of a 128-bit decimal; holds any 64-bit number


def arrow_filter(predicate: Predicate, schema: "pa.Schema") -> "Expression":
    """Write a predicate for `Table.filter` or a dataset's scanner; Kleene's and, or, not.

    Raises `MaskingError` where a column that it reads is missing.
    """
    match predicate:
        case Comparison():
            return _compared(predicate.column, predicate.comparator, predicate.value, schema)
        case Membership():
            return _joined(
                or_,
                [
                    _compared(predicate.column, Comparator.EQ, value, schema)
                    for value in predicate.values
                ],
            )
        case Presence():
            return _field(predicate.column, schema)[0].is_valid()
        case Negation():
            return ~arrow_filter(predicate.part, schema)
        case AllOf():
            return _joined(and_, [arrow_filter(one, schema) for one in predicate.parts])
        case AnyOf():
            return _joined(or_, [arrow_filter(one, schema) for one in predicate.alternatives])
        case _:
            assert_never(predicate)


def _joined(
    word: Callable[["Expression", "Expression"], "Expression"], parts: list["Expression"]
) -> "Expression":
    import pyarrow.compute as pc

    return reduce(word, parts, pc.scalar(word is and_))


def _compared(
    name: str, comparator: Comparator, value: Scalar, schema: "pa.Schema"
) -> "Expression":
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    field, kind = _field(name, schema)
    unknown = pc.scalar(pa.scalar(None, type=pa.bool_()))
    if isinstance(value, bool):
        comparable = types.is_boolean(kind) and comparator in (Comparator.EQ, Comparator.NE)
        return SIGNS[comparator](field, value) if comparable else unknown
    if isinstance(value, str):
        if types.is_dictionary(kind):
            field, kind = field.cast(kind.value_type), kind.value_type
        texts = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
        return SIGNS[comparator](field.cast(pa.large_string()), value) if texts else unknown
    if isinstance(value, float) and isnan(value):
        return unknown
    if types.is_floating(kind):
        return _float(field.cast(pa.float64()), comparator, value)
    if types.is_decimal(kind):
        return _whole(field, comparator, value, scale=kind.scale)
    return _whole(field, comparator, value, scale=0) if types.is_integer(kind) else unknown


def _float(field: "Expression", comparator: Comparator, value: int | float) -> "Expression":
    import pyarrow as pa
    import pyarrow.compute as pc

    bound = float_bound(comparator, value)
    held = _constant(field, bound) if isinstance(bound, bool) else SIGNS[bound[0]](field, bound[1])
    return pc.if_else(field.is_nan(), pa.scalar(None, type=pa.bool_()), held)


def _whole(
    field: "Expression", comparator: Comparator, value: int | float, *, scale: int
) -> "Expression":
    import pyarrow as pa

    bound = whole_bound(comparator, value, scale=scale)
    if isinstance(bound, bool):
        return _constant(field, bound)
    most = 10**_DIGITS - 1  # no column reaches so far
    number = max(-most, min(bound[1], most))
    wide = pa.decimal128(_DIGITS, scale)
    exact = pa.scalar(Decimal((int(number < 0), _digits(number), -scale)), type=wide)
    return SIGNS[bound[0]](field.cast(wide), exact)


def _digits(number: int) -> tuple[int, ...]:
    return tuple(int(digit) for digit in str(abs(number)))


def _constant(field: "Expression", holds: bool) -> "Expression":
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(field.is_valid(), pa.scalar(holds), pa.scalar(None, type=pa.bool_()))


def _field(name: str, schema: "pa.Schema") -> "tuple[Expression, pa.DataType]":
    import pyarrow.compute as pc

    if schema.get_field_index(name) < 0:
        raise MaskingError(f"a condition on rows needs column `{name}`; keep it in the table")
    return pc.field(name), schema.field(name).type
