"""The types of masked columns, known before any row is masked: for files and Spark.

A batch in which all cells of a column are empty, or few, must not change the column's
type: parts of one table have one schema.
"""

from collections.abc import Mapping

import polars as pl

from policy_service.domain.control import Control
from policy_service.domain.errors import MaskingError
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.table import mask_table


def masked_types(
    schema: pl.Schema, *, controls: Mapping[str, Control], keys: MaskingKeys
) -> pl.Schema:
    """Return names and types of what `mask_table` makes of a table with this schema.

    Checks controls and keys on the way: raises what masking the first row would raise.
    """
    masked = mask_table(schema.to_frame(), controls=controls, keys=keys, whole_table=True)
    return pl.Schema(
        {name: pl.String() if kind == pl.Null else kind for name, kind in masked.schema.items()}
    )


def with_types(frame: pl.DataFrame, types: pl.Schema) -> pl.DataFrame:
    """Give masked columns their agreed types; `frame` has the names in the order of `types`.

    Raises `MaskingError` where a value does not fit; no value is in the message.
    """
    if frame.schema == types:
        return frame
    try:
        return pl.DataFrame([frame.get_column(name).cast(kind) for name, kind in types.items()])
    except pl.exceptions.PolarsError:
        changed = [name for name, kind in types.items() if frame.schema.get(name) != kind]
        raise MaskingError(
            f"column `{', '.join(changed)}` is masked to another type in some rows; "
            "amend its rule, or give the column one type"
        ) from None
