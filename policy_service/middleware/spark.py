"""Guard a Spark DataFrame: filter its rows and mask its columns for one subject and purpose.

The decision is made where the plan is made; rows are filtered and masked in the workers.
Needs the extra `spark`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from policy_service.domain.errors import AccessDeniedError, EnforcementError, MaskingError
from policy_service.domain.identifiers import AssetId
from policy_service.middleware.rows import row_columns, visible_rows
from policy_service.middleware.views import ViewProvider, allowed_view, readable_controls

if TYPE_CHECKING:
    import polars as pl

    from policy_service.engines.spark import SparkFrame
    from policy_service.masking.bulk.spark import KeySource


def guard_spark(
    frame: SparkFrame,
    *,
    pdp: ViewProvider,
    subject: str,
    purpose: str,
    asset: AssetId,
    keys: KeySource,
    related: Mapping[AssetId, pl.DataFrame] | None = None,
) -> SparkFrame:
    """Return what `subject` may see of table `asset` for `purpose`, as a new DataFrame.

    `related` holds the tables that row filters lead through; they go to every worker, so
    hand in only the columns on the way. Raises `AccessDeniedError` where no column is
    left, and `EnforcementError` for whatever goes wrong.
    """
    from policy_service.masking.bulk.spark import mask_frame

    try:
        view = allowed_view(pdp, subject=subject, purpose=purpose, asset=asset)
        controls = readable_controls(view)
        if not controls.keys() & set(frame.columns):
            raise AccessDeniedError(f"no column of `{asset}` may be read for this purpose")
        return mask_frame(
            frame,
            controls=controls,
            keys=keys,
            visible=partial(visible_rows, view=view, related=dict(related or {})),
            row_columns=row_columns(view),
        )
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError(f"table `{asset}` cannot be guarded; check its columns") from error
