"""Guard a polars table: filter its rows and mask its columns for one subject and purpose."""

from collections.abc import Mapping

import polars as pl

from policy_service.domain.control import Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, MaskingError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.table import mask_table
from policy_service.middleware.rows import visible_rows
from policy_service.middleware.views import ViewProvider


def guard(
    frame: pl.DataFrame,
    *,
    pdp: ViewProvider,
    subject: str,
    purpose: str,
    asset: AssetId,
    keys: MaskingKeys,
    related: Mapping[AssetId, pl.DataFrame] | None = None,
) -> pl.DataFrame:
    """Return what `subject` may see of table `asset` for `purpose`, as a new table.

    Columns that are denied or unknown to the policy are left out. `related`
    holds the tables that row filters lead through. `suppress` and `aggregate` take the
    rows of `frame` for the whole table. Raises `AccessDeniedError`
    where no column is left, and `EnforcementError` for whatever goes wrong.
    """
    try:
        view = pdp.view(subject, asset, purpose)
        if view.table != asset or view.purpose != purpose:
            raise AccessDeniedError(
                f"the decision point answered for another table than `{asset}`",
                reason=DenyReason.INTERNAL_ERROR,
            )
        controls = {asset_parts(one.column)[-1]: one.control for one in view.columns}
        readable = {
            name: control
            for name, control in controls.items()
            if control.operator is not Operator.DENY and name in frame.columns
        }
        if not readable:
            raise AccessDeniedError(f"no column of `{asset}` may be read for this purpose")
        visible = visible_rows(frame, view=view, related=related or {})
        return mask_table(visible, controls=readable, keys=keys, whole_table=True)
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError(f"table `{asset}` cannot be guarded; check its columns") from error
