"""Noise: a number moves by a keyed draw from a Laplace or Gaussian distribution.

The draw is decided by key, value and subject, not by chance: who asks a thousand times
sees one answer and cannot average the noise away. For the same reason it is not
differential privacy, which `aggregate` releases can have. The draw comes from a table
of quantiles, so that every engine adds exactly the same, and the result is rounded to a
hundredth of the scale's decade: exact sums would give the value away (Mironov 2012, "On
significance of the least significant bits for differential privacy").
"""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.canonical_text import text_of
from policy_service.masking.fast_paths import exact_quotient
from policy_service.masking.operators.keyed import (
    derived_key,
    message_expression,
    message_of,
    number,
    number_expression,
)

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")

_QUANTILES = 2**14  # the furthest Laplace draw is 9.7 scales away, the furthest Gaussian 4.0
_LARGEST = 2**62  # whole numbers beyond are masked one by one
_LAST = 2**63 - 1
_GRID = 2**20  # fractions are told apart to a millionth when the draw is chosen
_GRIDDED = 2.0**41


def noise_key(key: bytes) -> str:
    """Derive the key of noise."""
    return derived_key(key, "noise")


def noisy(
    value: object, *, scale: float, shape: str, key: str, subject: object = None
) -> int | float | Decimal | None:
    """Move a number by a keyed draw; what is no finite number becomes `None`.

    `scale` is the Laplace scale or the standard deviation, in the unit of the value.
    Requires a key of `noise_key`. The same value of the same subject moves the same way.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if not math.isfinite(value):
        return None
    chosen = number(message_of(subject, _seed(value)), key=key) % _QUANTILES
    draw = _draws(shape)[chosen] * scale
    if isinstance(value, int):
        grain = _whole_grain(scale)
        moved = (value + math.floor(draw + 0.5) + grain // 2) // grain * grain
        return max(-_LAST - 1, min(_LAST, moved))
    if isinstance(value, Decimal):
        return _moved_decimal(value, _rounded(draw, scale))
    return _rounded(value + draw, scale)


def noisy_numbers(
    column: pl.Series, *, scale: float, shape: str, key: str, subject: pl.Expr | None
) -> pl.Expr | None:
    """Move a column of numbers; `None` for types that have no vectorised form.

    `subject` is a column of canonical texts.
    """
    whole = column.dtype.is_integer() and column.dtype not in (pl.UInt64, pl.Int128, pl.UInt128)
    if not whole and not column.dtype.is_float():
        return None
    wide = column.cast(pl.Int64 if whole else pl.Float64)
    finite = wide if whole else wide.filter(wide.is_finite())
    bound = _LARGEST if whole else _GRIDDED
    if not finite.is_between(-bound, bound, closed="none").all() or scale >= _GRIDDED:
        return None
    values = pl.lit(wide) if whole else pl.when(pl.lit(wide).is_finite()).then(pl.lit(wide))
    seed = values if whole else (values * _GRID).floor().cast(pl.Int64)
    message = message_expression(subject, seed.cast(pl.String))
    chosen = number_expression(message, key=key) % _QUANTILES
    draw = pl.lit(pl.Series(_draws(shape), dtype=pl.Float64)).gather(chosen) * scale
    if whole:
        grain = _whole_grain(scale)
        return (values + (draw + 0.5).floor().cast(pl.Int64) + grain // 2) // grain * grain
    up, down = _grain(scale)
    if up == 1.0:
        parts = exact_quotient(values + draw, down, rows=column.len())
        return (parts + 0.5).floor() * down
    return exact_quotient(((values + draw) * up + 0.5).floor(), up, rows=column.len())


def _seed(value: int | float | Decimal) -> str:
    if isinstance(value, float) and abs(value) < _GRIDDED:
        return str(math.floor(value * _GRID))
    return str(text_of(value))


def _moved_decimal(value: Decimal, draw: float) -> Decimal:
    exponent = value.as_tuple().exponent
    unit = Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else Decimal(1)
    return (value + Decimal(repr(draw))).quantize(unit)


def _rounded(moved: float, scale: float) -> float:
    up, down = _grain(scale)
    return math.floor(moved * up / down + 0.5) * down / up if abs(moved) < _LARGEST else moved


def _grain(scale: float) -> tuple[float, float]:
    """Return up and down, one of them 1: results are multiples of down / up."""
    decade = Decimal(repr(scale)).adjusted() - 2
    return (1.0, 10.0**decade) if decade > 0 else (10.0**-decade, 1.0)


def _whole_grain(scale: float) -> int:
    return max(1, int(_grain(scale)[1]))


@lru_cache(maxsize=2)
def _draws(shape: str) -> tuple[float, ...]:
    """List the quantiles in the middle of each of `_QUANTILES` equal parts, for a scale of 1."""
    middles = [(place + 0.5) / _QUANTILES for place in range(_QUANTILES)]
    if shape == "gaussian":
        normal = NormalDist()
        return tuple(normal.inv_cdf(one) for one in middles)
    return tuple(math.log(2 * one) if one < 0.5 else -math.log(2 * (1 - one)) for one in middles)
