"""The same operators on Spark: a DataFrame masked batch by batch in the workers.

Not a decision: the caller hands in controls; `middleware.spark` asks for them. Keys never
travel: workers get an object that says where keys are, and load them where they run.
Needs the extra `spark`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import KeyUnavailableError, MaskingError
from policy_service.engines.spark import SparkFrame, map_frames, polars_schema
from policy_service.masking.bulk.output_types import masked_types, with_types
from policy_service.masking.bulk.streaming import VisibleRows, every_row, needed_columns
from policy_service.masking.catalogue import table_operators
from policy_service.masking.keys import KEY_BYTES, CellCipher, MaskingKeys, TokenVault
from policy_service.masking.table import mask_table


class KeySource(Protocol):
    """Says where keys are. Hashable and picklable; holds a path or a name, never a key."""

    def open(self) -> MaskingKeys:
        """Load the keys in the process that masks. Raises `KeyUnavailableError`."""
        ...

    def __hash__(self) -> int: ...


def mask_frame(
    frame: SparkFrame,
    *,
    controls: Mapping[str, Control],
    keys: KeySource,
    visible: VisibleRows = every_row,
    row_columns: frozenset[str] = frozenset(),
) -> SparkFrame:
    """Mask a Spark DataFrame as `mask_table` would; denied and unknown columns are left out.

    `visible` keeps rows of a batch and reads `row_columns`. Raises `MaskingError` at once for
    `suppress` and `aggregate`, which need all rows, and for parameters that are wrong; what
    goes wrong with rows or keys fails the Spark action that reads the result.
    """
    schema = polars_schema(frame)
    shown = {
        name: controls[name]
        for name in schema
        if name in controls and controls[name].operator is not Operator.DENY
    }
    if not shown:
        raise MaskingError("no column of the table may be shown")
    for name in table_operators(shown):
        raise MaskingError(
            f"column `{name}` is masked by `{shown[name].operator.value}`, which needs all rows "
            "at once; Spark gives a few at a time: amend the rule, or mask files"
        )
    wanted = needed_columns(shown, row_columns)
    missing = sorted(wanted - set(schema))
    if missing:
        raise MaskingError(f"column `{missing[0]}` decides what is shown; keep it in the table")
    read = pl.Schema({name: kind for name, kind in schema.items() if name in wanted})
    types = masked_types(read, controls=shown, keys=_NoKeys())
    return map_frames(
        frame.select([f"`{name.replace('`', '``')}`" for name in read]),
        _Mask(controls=shown, keys=keys, visible=visible, types=types),
        types=types,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mask:
    """What a worker gets: no key, no value."""

    controls: Mapping[str, Control]
    keys: KeySource
    visible: VisibleRows
    types: pl.Schema

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        masked = mask_table(self.visible(frame), controls=self.controls, keys=_opened(self.keys))
        return with_types(masked, self.types)


@cache
def _opened(source: KeySource) -> MaskingKeys:
    """Open keys once in each worker."""
    return source.open()


class _NoKeys:
    """Stands in where types are found without a value: the driver needs no key."""

    def key(self, _name: str) -> bytes:
        return bytes(KEY_BYTES)

    def vault(self, _name: str) -> TokenVault:
        return _NoValues()

    def cipher(self, _name: str) -> CellCipher:
        return _NoValues()


class _NoValues:
    def tokens(self, texts: object) -> list[str]:
        return _none(texts)

    def texts(self, tokens: object) -> list[str]:
        return _none(tokens)

    def encrypt(self, values: object) -> list[str]:
        return _none(values)

    def decrypt(self, tokens: object) -> list[object]:
        return list(_none(tokens))


def _none(given: object) -> list[str]:
    if given:
        raise KeyUnavailableError("there are no keys here, only in the workers")
    return []
