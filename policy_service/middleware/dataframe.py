"""Guard a table in memory: filter its rows and mask its columns for one subject and purpose.

One function for polars, pandas, pyarrow and Spark; each is loaded only if the table is of it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from policy_service.domain.bundle import TableView
from policy_service.domain.errors import (
    AccessDeniedError,
    EnforcementError,
    MaskingError,
    UsageError,
)
from policy_service.domain.identifiers import AssetId
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.views import ViewProvider, allowed_view, readable_controls

if TYPE_CHECKING:
    import polars as pl

    from policy_service.masking.bulk.spark import KeySource

Table = TypeVar("Table")  # of polars, pandas, pyarrow or Spark
_Mask = Callable[["pl.DataFrame"], "pl.DataFrame"]


def guard(
    table: Table,
    *,
    pdp: ViewProvider,
    subject: str,
    purpose: str,
    asset: AssetId,
    keys: "MaskingKeys | KeySource",
    related: "Mapping[AssetId, pl.DataFrame] | None" = None,
) -> Table:
    """Return what `subject` may see of table `asset` for `purpose`, as a new table of its kind.

    Columns that are denied or unknown to the policy are left out, and with them an index of
    pandas. `related` holds the tables that row filters lead through. `suppress` and
    `aggregate` take the rows of `table` for the whole table. A lazy polars table is read now;
    one of Spark is not, and needs keys that workers can open (`KeySource`). Raises
    `AccessDeniedError` where no column is left, `EnforcementError` for whatever goes wrong,
    `UsageError` for a table of another kind.
    """
    kind = (type(table).__module__.partition(".")[0], type(table).__name__)
    if kind[0] == "pyspark":
        spark = _guarded_spark(
            table, pdp=pdp, subject=subject, purpose=purpose, asset=asset, keys=keys,
            related=related,
        )  # fmt: skip
        return cast("Table", spark)
    through = _KINDS.get(kind)
    if through is None:
        raise UsageError(
            f"a `{kind[0]}.{kind[1]}` cannot be guarded; give a table of polars, pandas, pyarrow "
            "or Spark"
        )
    try:
        view = allowed_view(pdp, subject=subject, purpose=purpose, asset=asset)

        def masked(frame: "pl.DataFrame") -> "pl.DataFrame":
            return _masked(frame, view, cast("MaskingKeys", keys), related or {})

        return cast("Table", through(table, masked))
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError(f"table `{asset}` cannot be guarded; check its columns") from error


def _masked(
    frame: "pl.DataFrame",
    view: TableView,
    keys: MaskingKeys,
    related: "Mapping[AssetId, pl.DataFrame]",
) -> "pl.DataFrame":
    from policy_service.masking.table import mask_table
    from policy_service.middleware.rows import visible_rows

    controls = readable_controls(view)
    readable = {name: one for name, one in controls.items() if name in frame.columns}
    if not readable:
        raise AccessDeniedError(f"no column of `{view.table}` may be read for this purpose")
    visible = visible_rows(frame, view=view, related=related)
    return mask_table(visible, controls=readable, keys=keys, whole_table=True)


def _guarded_spark(table: Any, *, keys: Any, **rest: Any) -> Any:  # noqa: ANN401 - pyspark has no types here
    from policy_service.middleware.spark import guard_spark

    if not hasattr(keys, "open"):
        raise UsageError("Spark's workers load keys themselves; give a `KeySource`")
    return guard_spark(table, keys=keys, **rest)


def _polars(table: Any, masked: _Mask) -> object:  # noqa: ANN401 - any of the kinds
    return masked(table)


def _lazy(table: Any, masked: _Mask) -> object:  # noqa: ANN401 - any of the kinds
    return masked(table.collect()).lazy()


def _pandas(table: Any, masked: _Mask) -> object:  # noqa: ANN401 - any of the kinds
    import polars as pl

    return masked(pl.from_pandas(table)).to_pandas()


def _arrow(table: Any, masked: _Mask) -> object:  # noqa: ANN401 - any of the kinds
    import polars as pl

    return masked(cast("pl.DataFrame", pl.from_arrow(table))).to_arrow()


def _batch(table: Any, masked: _Mask) -> object:  # noqa: ANN401 - any of the kinds
    import polars as pl
    import pyarrow as pa

    shown = masked(cast("pl.DataFrame", pl.from_arrow(table))).to_arrow()
    return pa.RecordBatch.from_struct_array(shown.to_struct_array().combine_chunks())


_KINDS: Mapping[tuple[str, str], Callable[[Any, _Mask], object]] = {
    ("polars", "DataFrame"): _polars,
    ("polars", "LazyFrame"): _lazy,
    ("pandas", "DataFrame"): _pandas,
    ("pyarrow", "Table"): _arrow,
    ("pyarrow", "RecordBatch"): _batch,
}
