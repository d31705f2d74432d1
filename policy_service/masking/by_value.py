"""Columns masked by the scalar form, each distinct value once: what has no expression of its own.

Batches for the operators whose cost is in the call: FF1, token vaults, ciphers.
"""

from collections.abc import Sequence

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.masking.encrypted import encrypt_cells
from policy_service.masking.format_preserving import format_preserving_many
from policy_service.masking.keys import MaskingKeys, control_cipher, control_key, control_vault
from policy_service.masking.values import CellMask, cell_mask
from policy_service.masking.vault import tokenise_many

_KEEPS_TYPE = (Operator.NOISE, Operator.DATE_SHIFT, Operator.TOP_BOTTOM)


def masked_by_value(
    column: pl.Series, control: Control, keys: MaskingKeys, *, subject: pl.Series | None = None
) -> pl.Series:
    """Mask a column as `cell_mask` would cell by cell; `subject` has a value for each row."""
    dtype = _masked_type(column, control)
    values = column.to_list()
    if control.operator is Operator.ENCRYPT:  # each cell differently: no value once
        return _series(column, encrypt_cells(values, cipher=control_cipher(control, keys)), dtype)
    if subject is not None:
        mask = cell_mask(control, keys=keys)
        pairs = zip(values, subject.to_list(), strict=True)
        return _series(column, [mask(value, who) for value, who in pairs], dtype)
    if column.dtype.is_nested() or column.dtype == pl.Object or column.dtype.is_float():
        # Not usable as a dictionary's key, or NaN: value by value.
        return _series(column, _many(values, control, keys), dtype)
    distinct = column.unique().drop_nulls()
    masked = pl.Series(_many(distinct.to_list(), control, keys), dtype=dtype)
    if not distinct.len():
        return pl.Series(column.name, [None], dtype=dtype).new_from_index(0, column.len())
    return column.replace_strict(distinct, masked, default=None, return_dtype=dtype)


def _many(values: Sequence[object], control: Control, keys: MaskingKeys) -> Sequence[object]:
    if control.operator is Operator.FORMAT_PRESERVING:
        return format_preserving_many(values, key=control_key(control, keys))
    if control.operator is Operator.TOKENISE:
        return tokenise_many(values, vault=control_vault(control, keys))
    mask: CellMask = cell_mask(control, keys=keys)
    return [mask(value, None) for value in values]


def _masked_type(column: pl.Series, control: Control) -> pl.DataType:
    """Return the type of the masked column: text, or what the operator keeps."""
    kind = column.dtype
    if control.operator not in _KEEPS_TYPE:
        return pl.String()
    if kind == pl.Object:
        return pl.Object()
    if kind.is_float():
        return pl.Float64()
    if kind.is_integer():
        return pl.Int128() if control.operator is Operator.TOP_BOTTOM else pl.Int64()
    kept = kind.is_decimal() if control.operator is not Operator.DATE_SHIFT else kind.is_temporal()
    return kind if kept else pl.String()


def _series(column: pl.Series, cells: Sequence[object], dtype: pl.DataType) -> pl.Series:
    return pl.Series(column.name, cells, dtype=dtype)
