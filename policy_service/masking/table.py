"""The vectorised form: whole polars tables, equal to `mask_value` cell by cell.

Works on a copy; on any failure nothing is returned. Not a decision: the caller
hands in the control of each column.
"""

import re
from collections.abc import Callable, Mapping
from typing import assert_never

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError
from policy_service.domain.parameters import Scalar
from policy_service.masking.fast_paths import (
    SEPARATOR_CLASS,
    generalised_digits,
    partial_plain,
    six_digits,
    without_separators,
)
from policy_service.masking.keys import MaskingKeys, control_key
from policy_service.masking.parameters import bucket_width, generalisation, kept_ends, replacement
from policy_service.masking.partial import BULLET, MINIMUM_HIDDEN, SEPARATORS
from policy_service.masking.pseudonym import pseudonym_expression
from policy_service.masking.values import REDACTED, mask_value

_SEPARATOR = SEPARATOR_CLASS
_CONTENT = "[^" + re.escape(SEPARATORS) + "]"
_ANY = "(?s:.)"
_NUMBER_BOUND = 2**62
_MASK_ERRORS = (pl.exceptions.PolarsError, ValueError, TypeError, OverflowError)


def mask_table(
    frame: pl.DataFrame, *, controls: Mapping[str, Control], keys: MaskingKeys
) -> pl.DataFrame:
    """Mask every column of `frame` as `controls` demands; the order of columns is kept.

    A denied column is left out, and so is one without a control: default deny.
    Raises `MaskingError` or `KeyUnavailableError` and returns nothing where any
    column cannot be masked.
    """
    try:
        columns = [
            _masked(frame.get_column(name), controls[name], keys)
            for name in frame.columns
            if name in controls and controls[name].operator is not Operator.DENY
        ]
        return frame.select(columns)
    except EnforcementError:
        raise
    except _MASK_ERRORS as error:
        raise MaskingError("a table cannot be masked; check the types of its columns") from error
    except BaseException as error:  # polars panics are not `Exception`s
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise MaskingError("a table cannot be masked; check the types of its columns") from error


def _masked(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    return _expression(column, control, keys).alias(column.name)


def _expression(  # noqa: PLR0911 - one return for each operator
    column: pl.Series, control: Control, keys: MaskingKeys
) -> pl.Expr | pl.Series:
    match control.operator:
        case Operator.DENY:
            raise MaskingError(f"column `{column.name}` is denied; leave it out")
        case Operator.NULL:
            return pl.Series(column.name, [None], dtype=column.dtype).new_from_index(
                0, column.len()
            )
        case Operator.REDACT:
            return _constant(column, REDACTED)
        case Operator.REPLACE:
            return _constant(column, replacement(control))
        case Operator.GENERALISE:
            return _generalised(column, control, keys)
        case Operator.BUCKET:
            return _bucketed(column, control, keys)
        case Operator.PARTIAL:
            return _partial(column, control, keys)
        case Operator.PSEUDONYMISE:
            return _pseudonymised(column, control, keys)
        case Operator.FORMAT_PRESERVING:
            return _by_value(column, control, keys)
        case Operator.CLEAR:
            return column
        case _:
            assert_never(control.operator)


def _constant(column: pl.Series, value: Scalar) -> pl.Expr:
    return pl.when(pl.lit(column).is_not_null()).then(pl.lit(value))


def _pseudonymised(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    text = _text(column)
    if text is None:
        return _by_value(column, control, keys)
    return pseudonym_expression(text, key=control_key(control, keys))


def _partial(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    first, last = kept_ends(control)
    text = _text(column)
    if text is None:
        return _by_value(column, control, keys)
    if column.dtype == pl.String and without_separators(column):
        return partial_plain(column, first=first, last=last)
    lead = f"(?:{_SEPARATOR}*{_CONTENT}){{{first}}}"
    trail = f"(?:{_CONTENT}{_SEPARATOR}*){{{last}}}"
    content = text.str.len_chars() - text.str.count_matches(_SEPARATOR)
    hidden = text.str.replace_all(_CONTENT, BULLET)
    return (
        pl.when(content == 0)
        .then(text.str.replace_all(_ANY, BULLET))
        .when(content < first + last + MINIMUM_HIDDEN)
        .then(hidden)
        .otherwise(_ends_kept(text, hidden, lead, trail))
    )


def _ends_kept(text: pl.Expr, hidden: pl.Expr, lead: str, trail: str) -> pl.Expr:
    # Masking keeps the number of characters, so the middle is a slice of the hidden text.
    start = text.str.extract(f"^({lead})", 1)
    end = text.str.extract(f"({trail})$", 1)
    skip = start.str.len_chars()
    middle = hidden.str.slice(skip, text.str.len_chars() - skip - end.str.len_chars())
    return start + middle + end


def _bucketed(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    width = bucket_width(control)
    values = pl.lit(column)
    if column.dtype.is_float():
        finite = pl.when(values.is_finite()).then((values.cast(pl.Float64) / width).floor())
        lower = finite.cast(pl.Int64, strict=False) * width
        inside = (finite * width).abs() < float(_NUMBER_BOUND - width)
    elif column.dtype.is_integer() and column.dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        lower = values.cast(pl.Int64) // width * width
        inside = (lower > -_NUMBER_BOUND) & (lower < _NUMBER_BOUND - width)
    else:
        return _by_value(column, control, keys)
    low, high = lower.cast(pl.String), (lower + width).cast(pl.String)
    return pl.when(inside).then(pl.lit("[") + low + pl.lit(", ") + high + pl.lit(")"))


def _generalised(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    to, keep = generalisation(control)
    text = _text(column)
    if to == "prefix" and text is not None:
        return pl.when(text.str.len_chars() > keep).then(text.str.slice(0, keep))
    if isinstance(column.dtype, pl.Date | pl.Datetime) and to in ("year", "month"):
        return pl.lit(column).dt.strftime("%Y" if to == "year" else "%Y-%m")
    digits = None if to == "prefix" else six_digits(column)
    if digits is not None:
        return generalised_digits(digits, to=to)
    return _by_value(column, control, keys)


def _text(column: pl.Series) -> pl.Expr | None:
    """Return the canonical text of a column where polars writes it as Python does."""
    values = pl.lit(column)
    if column.dtype == pl.String:
        return values
    if column.dtype.is_integer() or isinstance(column.dtype, pl.Categorical | pl.Enum):
        return values.cast(pl.String)
    if column.dtype == pl.Boolean:
        return pl.when(values).then(pl.lit("true")).when(~values).then(pl.lit("false"))
    if column.dtype == pl.Date:
        return values.dt.strftime("%Y-%m-%d")
    return None


def _by_value(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Series:
    """Mask each distinct value once, by the scalar form."""
    masked = _masker(control, keys)
    if column.dtype.is_nested() or column.dtype == pl.Object or column.dtype.is_float():
        # Not usable as a dictionary's key, or NaN: value by value.
        return pl.Series(column.name, [masked(one) for one in column.to_list()], dtype=pl.String)
    distinct = column.unique().drop_nulls()
    values = pl.Series([masked(one) for one in distinct.to_list()], dtype=pl.String)
    if not distinct.len():
        return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, column.len())
    return column.replace_strict(distinct, values, default=None, return_dtype=pl.String)


def _masker(control: Control, keys: MaskingKeys) -> Callable[[object], object]:
    def masked(value: object) -> object:
        return mask_value(value, control, keys=keys)

    return masked
