"""Guard a Spark DataFrame: filter its rows and mask its columns for one subject and purpose.

The decision is made where the plan is made; rows are filtered and masked in the workers.
Needs the extra `spark`.
"""

from collections.abc import Mapping
from functools import partial

import polars as pl

from policy_service.domain.control import Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, MaskingError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.engines.spark import SparkFrame
from policy_service.masking.bulk.spark import KeySource, mask_frame
from policy_service.middleware.rows import visible_rows
from policy_service.middleware.views import ViewProvider


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
    try:
        view = pdp.view(subject, asset, purpose)
        if view.table != asset or view.purpose != purpose:
            raise AccessDeniedError(
                f"the decision point answered for another table than `{asset}`",
                reason=DenyReason.INTERNAL_ERROR,
            )
        controls = {
            asset_parts(one.column)[-1]: one.control
            for one in view.columns
            if one.control.operator is not Operator.DENY
        }
        if not controls.keys() & set(frame.columns):
            raise AccessDeniedError(f"no column of `{asset}` may be read for this purpose")
        return mask_frame(
            frame,
            controls=controls,
            keys=keys,
            visible=partial(visible_rows, view=view, related=dict(related or {})),
            row_columns=frozenset(
                one.path[0].column if one.path else one.column for one in view.row_filters
            ),
        )
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError(f"table `{asset}` cannot be guarded; check its columns") from error
