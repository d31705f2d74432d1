"""The vectorised form: whole polars tables, equal to `mask_value` cell by cell.

Works on a copy; on any failure nothing is returned. Not a decision: the caller
hands in the control of each column.
"""

import re
from collections.abc import Mapping
from typing import assert_never

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError
from policy_service.domain.parameters import Scalar
from policy_service.masking.by_value import masked_by_value
from policy_service.masking.catalogue import table_operators
from policy_service.masking.column_text import text_column, text_expression
from policy_service.masking.fast_paths import (
    SEPARATOR_CLASS,
    bands,
    bands_of_few,
    exact_quotient,
    generalised_dates,
    generalised_digits,
    partial_plain,
    six_digits,
    without_separators,
)
from policy_service.masking.keys import MaskingKeys, control_key
from policy_service.masking.operators.date_shift import shift_dates, shift_key
from policy_service.masking.operators.groups import mask_groups
from policy_service.masking.operators.noise import noise_key, noisy_numbers
from policy_service.masking.operators.top_bottom import top_bottom_numbers
from policy_service.masking.parameters import (
    bucket_width,
    generalisation,
    kept_ends,
    limits,
    noise_settings,
    replacement,
    shift_days,
    subject_column,
)
from policy_service.masking.partial import BULLET, MINIMUM_HIDDEN, SEPARATORS
from policy_service.masking.pseudonym import pseudonym_column
from policy_service.masking.values import REDACTED

_SEPARATOR = SEPARATOR_CLASS
_CONTENT = "[^" + re.escape(SEPARATORS) + "]"
_ANY = "(?s:.)"
_NUMBER_BOUND = 2**62
_MASK_ERRORS = (pl.exceptions.PolarsError, ValueError, TypeError, OverflowError)


def mask_table(
    frame: pl.DataFrame,
    *,
    controls: Mapping[str, Control],
    keys: MaskingKeys,
    whole_table: bool = False,
) -> pl.DataFrame:
    """Mask every column of `frame` as `controls` demands; the order of columns is kept.

    A denied column is left out, and so is one without a control: default deny.
    Columns that a control names as its `subject` are read from `frame`, shown or not.
    `suppress` and `aggregate` are refused unless `whole_table` says that `frame` holds
    every row the reader may see: of a part they would tell too much.
    Raises `MaskingError` or `KeyUnavailableError` and returns nothing where any
    column cannot be masked.
    """
    try:
        return _mask_table(frame, controls, keys, whole_table=whole_table)
    except EnforcementError:
        raise
    except _MASK_ERRORS as error:
        raise MaskingError("a table cannot be masked; check the types of its columns") from error
    except BaseException as error:  # polars panics are not `Exception`s
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise MaskingError("a table cannot be masked; check the types of its columns") from error


def _mask_table(
    frame: pl.DataFrame,
    controls: Mapping[str, Control],
    keys: MaskingKeys,
    *,
    whole_table: bool,
) -> pl.DataFrame:
    shown = {
        name: controls[name]
        for name in frame.columns
        if name in controls and controls[name].operator is not Operator.DENY
    }
    grouped = table_operators(shown)
    if grouped and not whole_table:
        raise MaskingError(
            f"column `{grouped[0]}` is masked by `{shown[grouped[0]].operator.value}`, which "
            "needs all rows at once; mask the whole table, or amend the rule"
        )
    masked = frame.select([_masked(frame, name, control, keys) for name, control in shown.items()])
    return mask_groups(masked, {name: shown[name] for name in grouped}) if grouped else masked


def _masked(
    frame: pl.DataFrame, name: str, control: Control, keys: MaskingKeys
) -> pl.Expr | pl.Series:
    column = frame.get_column(name)
    if control.operator in (Operator.NOISE, Operator.DATE_SHIFT):
        return _by_subject(frame, column, control, keys).alias(name)
    return _expression(column, control, keys).alias(name)


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
        case Operator.TOP_BOTTOM:
            low, high = limits(control)
            fast = top_bottom_numbers(column, low=low, high=high)
            return masked_by_value(column, control, keys) if fast is None else fast
        case (
            Operator.ENCRYPT
            | Operator.TOKENISE
            | Operator.SYNTHETIC
            | Operator.FORMAT_PRESERVING
            | Operator.NOISE
            | Operator.DATE_SHIFT
        ):
            return masked_by_value(column, control, keys)
        case Operator.CLEAR | Operator.AGGREGATE | Operator.SUPPRESS:
            return column  # the last two are masked with their groups, when the rest is done
        case _:
            assert_never(control.operator)


def _constant(column: pl.Series, value: Scalar) -> pl.Expr:
    return pl.when(pl.lit(column).is_not_null()).then(pl.lit(value))


def _by_subject(
    frame: pl.DataFrame, column: pl.Series, control: Control, keys: MaskingKeys
) -> pl.Expr | pl.Series:
    """Mask numbers by noise and dates by shifts, with the subject of each row if one is named."""
    name = subject_column(control)
    if name and name not in frame.columns:
        raise MaskingError(
            f"`{control.operator.value}` needs column `{name}` of the same table; keep it in"
        )
    owner = frame.get_column(name) if name else None
    subject = None if owner is None else pl.lit(text_column(owner))
    key = control_key(control, keys)
    if control.operator is Operator.NOISE:
        scale, shape = noise_settings(control)
        fast = noisy_numbers(column, scale=scale, shape=shape, key=noise_key(key), subject=subject)
    else:
        days = shift_days(control)
        fast = shift_dates(column, days=days, key=shift_key(key), subject=subject)
    return masked_by_value(column, control, keys, subject=owner) if fast is None else fast


def _pseudonymised(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    masked = pseudonym_column(column, key=control_key(control, keys))
    return masked_by_value(column, control, keys) if masked is None else masked


def _partial(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    first, last = kept_ends(control)
    text = text_expression(column)
    if text is None:
        return masked_by_value(column, control, keys)
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
        quotient = exact_quotient(values.cast(pl.Float64), float(width), rows=column.len())
        finite = pl.when(values.is_finite()).then(quotient.floor())
        lower = finite.cast(pl.Int64, strict=False) * width
        inside = (finite * width).abs() < float(_NUMBER_BOUND - width)
    elif column.dtype.is_integer() and column.dtype not in (pl.UInt64, pl.Int128, pl.UInt128):
        lower = values.cast(pl.Int64) // width * width
        inside = (lower > -_NUMBER_BOUND) & (lower < _NUMBER_BOUND - width)
    else:
        return masked_by_value(column, control, keys)
    bounds = pl.select(pl.when(inside).then(lower)).to_series()
    few = bands_of_few(bounds, width=width)
    return bands(pl.lit(bounds), width=width) if few is None else few


def _generalised(column: pl.Series, control: Control, keys: MaskingKeys) -> pl.Expr | pl.Series:
    to, keep = generalisation(control)
    text = text_expression(column)
    if to == "prefix" and text is not None:
        return pl.when(text.str.len_chars() > keep).then(text.str.slice(0, keep))
    if isinstance(column.dtype, pl.Date | pl.Datetime):
        fast = generalised_dates(column, to=to)
        if fast is not None:
            return fast
    digits = None if to in ("prefix", "level") else six_digits(column)
    if digits is not None:
        return generalised_digits(digits, to=to)
    return masked_by_value(column, control, keys)
