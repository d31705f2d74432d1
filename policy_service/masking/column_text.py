"""The canonical text of whole polars columns, where polars writes it as Python does.

Equal to `canonical_text.text_of` cell by cell, or not offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from policy_service.kit.late import LateModule
from policy_service.masking.canonical_text import text_of

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")


def text_expression(column: pl.Series) -> pl.Expr | None:
    """Return the canonical text of a column; `None` for a type without a vectorised form."""
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


def text_column(column: pl.Series) -> pl.Series:
    """Return the canonical text of a column of any type. Raises `MaskingError` for nested ones."""
    text = text_expression(column)
    if text is not None:
        return pl.select(text.alias(column.name)).to_series()
    return pl.Series(column.name, _texts(column.to_list()), dtype=pl.String)


def _texts(values: Iterable[object]) -> list[str | None]:
    return [text_of(value) for value in values]
