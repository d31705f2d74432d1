"""Masks in DuckDB's SQL: calls of the functions that `duckdb_functions` registers.

They are the vectorised masks themselves, so they equal `masking.values.mask_value`. A mask
that keeps the column's type comes back as text and is read again; what does not fit the
type, as a sum beyond a 32-bit column, is NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from policy_service.domain.control import Control, Operator
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.parameters import subject_column
from policy_service.middleware.duckdb_functions import MASK, MASK_ANEW
from policy_service.middleware.sqlite_functions import control_argument

if TYPE_CHECKING:
    from policy_service.masking import values
else:
    values = LateModule("policy_service.masking.values")

_TYPED = frozenset({Operator.NOISE, Operator.DATE_SHIFT, Operator.TOP_BOTTOM})


def masked(
    column: str, control: Control, *, keys: MaskingKeys, sibling: Callable[[str], str]
) -> str:
    """Write the masked form of `column`. Raises as `masking.values.cell_mask` does."""
    values.cell_mask(control, keys=keys)  # what is wrong is told now, not by the database
    owner = subject_column(control)
    # A literal: as a parameter it would be of a type that is known only when it is run.
    argument = "'" + control_argument(control).replace("'", "''") + "'"
    function = MASK_ANEW if control.operator is Operator.ENCRYPT else MASK
    call = f"{function}({column}, {argument}, {sibling(owner) if owner else 'NULL'})"
    return f"TRY(cast_to_type({call}, {column}))" if control.operator in _TYPED else call
