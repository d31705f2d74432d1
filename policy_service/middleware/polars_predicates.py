"""Predicates as polars expressions: three-valued, exact, and total for any type of column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan
from typing import TYPE_CHECKING, TypeAlias, assert_never, cast

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
from policy_service.kit.late import LateModule
from policy_service.middleware.predicate_bounds import SIGNS, float_bound, whole_bound

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")


_WIDEST = 2**127  # of `pl.Int128`, which holds every whole number and decimal of polars
Schema: TypeAlias = "Mapping[str, pl.DataType]"


def polars_filter(predicate: Predicate, schema: Schema) -> pl.Expr:
    """Write a predicate over the columns of `schema`; `filter` keeps rows where it is true.

    Raises `MaskingError` where a column that it reads is missing.
    """
    match predicate:
        case Comparison():
            return _compared(predicate.column, predicate.comparator, predicate.value, schema)
        case Membership():
            return _joined(
                [
                    _compared(predicate.column, Comparator.EQ, value, schema)
                    for value in predicate.values
                ],
                any_of=True,
            )
        case Presence():
            _kind(predicate.column, schema)
            return pl.col(predicate.column).is_not_null()
        case Negation():
            return ~polars_filter(predicate.part, schema)
        case AllOf():
            parts = [polars_filter(one, schema) for one in predicate.parts]
            return _joined(parts, any_of=False)
        case AnyOf():
            parts = [polars_filter(one, schema) for one in predicate.alternatives]
            return _joined(parts, any_of=True)
        case _:
            assert_never(predicate)


def _joined(parts: list[pl.Expr], *, any_of: bool) -> pl.Expr:
    joined = pl.lit(not any_of)
    for part in parts:
        joined = (joined | part) if any_of else (joined & part)
    return joined


def _compared(name: str, comparator: Comparator, value: Scalar, schema: Schema) -> pl.Expr:
    kind, column = _kind(name, schema), pl.col(name)
    sign = cast("Callable[[pl.Expr, object], pl.Expr]", SIGNS[comparator])
    if isinstance(value, bool):
        comparable = kind == pl.Boolean and comparator in (Comparator.EQ, Comparator.NE)
        return sign(column, pl.lit(value)) if comparable else _unknown()
    if isinstance(value, str):
        if isinstance(kind, pl.String | pl.Categorical | pl.Enum):
            return sign(column.cast(pl.String), pl.lit(value))
        return _unknown()
    return _number(column, kind, comparator, value)


def _number(
    column: pl.Expr, kind: pl.DataType, comparator: Comparator, value: int | float
) -> pl.Expr:
    if isinstance(value, float) and isnan(value):
        return _unknown()
    if kind.is_float():
        return _float(column.cast(pl.Float64).fill_nan(None), comparator, value)
    if isinstance(kind, pl.Decimal):
        return _whole(column.to_physical(), comparator, value, scale=kind.scale)
    return _whole(column, comparator, value) if kind.is_integer() else _unknown()


def _float(column: pl.Expr, comparator: Comparator, value: int | float) -> pl.Expr:
    bound = float_bound(comparator, value)
    if isinstance(bound, bool):
        return _constant(column, holds=bound)
    return cast("pl.Expr", SIGNS[bound[0]](column, pl.lit(bound[1])))


def _whole(
    column: pl.Expr, comparator: Comparator, value: int | float, *, scale: int = 0
) -> pl.Expr:
    bound = whole_bound(comparator, value, scale=scale)
    if isinstance(bound, bool):
        return _constant(column, holds=bound)
    number = max(-_WIDEST, min(bound[1], _WIDEST - 1))  # no column reaches so far
    wide = column.cast(pl.Int128)
    return cast("pl.Expr", SIGNS[bound[0]](wide, pl.lit(number, dtype=pl.Int128)))


def _constant(column: pl.Expr, *, holds: bool) -> pl.Expr:
    """Answer the same for every value; unknown where there is none."""
    return pl.when(column.is_not_null()).then(pl.lit(holds))


def _kind(name: str, schema: Schema) -> pl.DataType:
    if name not in schema:
        raise MaskingError(f"a condition on rows needs column `{name}`; keep it in the table")
    return schema[name]


def _unknown() -> pl.Expr:
    return pl.lit(None, dtype=pl.Boolean)
