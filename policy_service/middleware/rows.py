"""Row filters and predicates over polars tables: which rows a subject sees. Masks come after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from policy_service.domain.bundle import TableView
from policy_service.domain.control import RowFilter
from policy_service.domain.errors import MaskingError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.predicate import EVERY_ROW, columns_of
from policy_service.kit.late import LateModule
from policy_service.middleware.polars_predicates import polars_filter

if TYPE_CHECKING:
    import polars as pl
else:
    pl = LateModule("polars")


Related: TypeAlias = "Mapping[AssetId, pl.DataFrame]"


def visible_rows(frame: pl.DataFrame, *, view: TableView, related: Related) -> pl.DataFrame:
    """Keep the rows that every filter of the view, and its predicate, let through.

    `related` holds the tables that filters' paths lead through. Raises
    `MaskingError` where one of them or a column is missing.
    """
    attributes = dict(view.attributes)
    for row_filter in view.row_filters:
        if row_filter.table != view.table:
            raise MaskingError(f"a row filter of `{view.table}` belongs to another table")
        if row_filter.subject_attribute not in attributes:
            return frame.clear()
        wanted = attributes[row_filter.subject_attribute]
        frame = frame.filter(_passes(frame, row_filter, wanted, related))
    if view.predicate == EVERY_ROW:
        return frame
    return frame.filter(polars_filter(view.predicate, frame.schema))


def row_columns(view: TableView) -> frozenset[str]:
    """Name the columns of the table that decide which rows are seen."""
    first = (one.path[0].column if one.path else one.column for one in view.row_filters)
    return columns_of(view.predicate).union(first)


def _passes(
    frame: pl.DataFrame, row_filter: RowFilter, wanted: object, related: Related
) -> pl.Series:
    tables = [frame]
    for join in row_filter.path:
        if join.references_table not in related:
            raise MaskingError(f"a row filter needs table `{join.references_table}`; hand it in")
        tables.append(related[join.references_table])
    passes = _column(tables[-1], row_filter.column).eq(pl.Series([wanted]))
    for join, table, before in reversed(
        list(zip(row_filter.path, tables[1:], tables[:-1], strict=True))
    ):
        keys = _column(table, join.references_column).filter(passes.fill_null(value=False))
        passes = _column(before, join.column).is_in(keys.drop_nulls().implode())
    return passes.fill_null(value=False)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        raise MaskingError(f"a row filter needs column `{name}`; keep it in the table")
    return frame.get_column(name)
