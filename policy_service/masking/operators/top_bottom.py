"""Top and bottom coding: numbers beyond a limit are shown as the limit.

Hides the extremes that single people out, and leaves everything between as it is.
Not noise, not a band: what lies between the limits is shown in clear.
Source: Hundepool et al. 2012, "Statistical Disclosure Control", section 3.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, TypeVar

from policy_service.domain.errors import MaskingError
from policy_service.kit.late import LateModule

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")

Limit = int | float | None
T = TypeVar("T", int, float, Decimal)
_INT64 = 2**63


def top_bottom(value: object, *, low: Limit, high: Limit) -> int | float | Decimal | None:
    """Bring a number between `low` and `high`; what is no number becomes `None`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        least, most = whole_limits(low, high)
        return _between(value, least, most)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return _between(value, _float(low), _float(high))
    if isinstance(value, Decimal) and not value.is_nan():
        return _decimal(value, low, high)
    return None


def top_bottom_numbers(column: pl.Series, *, low: Limit, high: Limit) -> pl.Expr | None:
    """Bring a column between the limits; `None` for types that have no vectorised form."""
    values = pl.lit(column)
    if column.dtype.is_float():
        wide = values.cast(pl.Float64)
        shown = wide.clip(_float(low), _float(high))
        return pl.when(wide.is_not_nan()).then(shown)
    if column.dtype.is_integer() and column.dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        least, most = whole_limits(low, high)
        if all(one is None or -_INT64 <= one < _INT64 for one in (least, most)):
            return values.cast(pl.Int64).clip(least, most)
    return None


def whole_limits(low: Limit, high: Limit) -> tuple[int | None, int | None]:
    """Return the limits of whole numbers: the nearest whole ones inside.

    Raises `MaskingError` where no whole number lies between the limits.
    """
    least = None if low is None else math.ceil(low)
    most = None if high is None else math.floor(high)
    if least is not None and most is not None and least > most:
        raise MaskingError("no whole number lies between `low` and `high`; widen `top_bottom`")
    return least, most


def _between(value: T, least: T | None, most: T | None) -> T:
    if least is not None and value < least:
        return least
    return most if most is not None and value > most else value


def _float(limit: Limit) -> float | None:
    return None if limit is None else float(limit)


def _decimal(value: Decimal, low: Limit, high: Limit) -> Decimal:
    exponent = value.as_tuple().exponent
    unit = Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else Decimal(1)
    least = None if low is None else Decimal(repr(low)).quantize(unit, ROUND_CEILING)
    most = None if high is None else Decimal(repr(high)).quantize(unit, ROUND_FLOOR)
    return _between(value, least, most)
