"""The tables a masking proposal is measured on: read clear, and as a role would see them.

Rows are sampled as scans sample them, stay in memory for one proposal, and are never stored
or shown. Masked with keys that exist for measuring only: which values are equal is the same
under any key, and nothing made with a real key is at hand.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from policy_service.catalog.observation import value_text
from policy_service.catalog.opening import open_source
from policy_service.domain.asset import Catalog, Column, ForeignKey, Table
from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import AssetId, DataCategory, category_covers
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import Progress
from policy_service.masking.table import mask_table
from policy_service.storage import sources
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import source_url

MOST_ROWS = 100_000
_STAGE = "reading tables"
_BIRTH = DataCategory("user.demographic.date_of_birth")


class MeasuringKeys:
    """Keys from their names alone: good for measuring and for made-up values, for nothing else."""

    def key(self, name: str) -> bytes:
        """Return the 32 bytes that stand for the key `name`."""
        return hashlib.sha256(f"measuring only: {name}".encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A table's clear rows, and what each of its columns is shown as; others are not shown."""

    table: Table
    clear: pl.DataFrame = field(repr=False)
    controls: Mapping[str, Control]

    def masked(self) -> pl.DataFrame:
        """Mask the rows as the role would see them."""
        controls = {name: measurable(one) for name, one in self.controls.items()}
        return mask_table(self.clear, controls=controls, keys=MeasuringKeys(), whole_table=True)


def measurable(control: Control) -> Control:
    """Put in the place of a control that needs a store one that shows as much without it."""
    if control.operator is Operator.TOKENISE:
        named = Parameters(key=control.parameters.get("key") or "tokens")
        return Control(operator=Operator.PSEUDONYMISE, parameters=named)
    if control.operator is Operator.ENCRYPT:
        return Control(operator=Operator.REDACT)
    return control


def read_tables(
    platform: Platform, catalog: Catalog, names: Sequence[AssetId], *, progress: Progress
) -> dict[AssetId, pl.DataFrame]:
    """Read at most 100,000 rows of each table. Raises `CatalogError`, `NotFoundError`."""
    with platform.database.read() as session:
        stored = sources.find_source(session, catalog.source)
    schema = None if stored is None else stored.schema
    found = {}
    with open_source(source_url(platform, catalog.source), schema) as opened:
        for done, one in enumerate(names):
            progress(_STAGE, done, len(names))
            table = catalog.table(one)
            if table is None:
                raise NotFoundError(f"there is no table `{one}` in the last scan; scan again")
            rows = opened.read_table(table.name, source=catalog.source, sample_rows=MOST_ROWS)
            found[one] = pl.DataFrame(
                [_series(column.name, column.values) for column in rows.columns]
            )
    progress(_STAGE, len(names), len(names))
    return found


def _series(name: str, values: Sequence[object]) -> pl.Series:
    """Keep the type of a column where all its values have one; else write them as text."""
    try:
        made = pl.Series(name, values, strict=True)
    except (TypeError, pl.exceptions.PolarsError, OverflowError):
        made = pl.Series(name, [], dtype=pl.Object)
    if made.dtype not in (pl.Object, pl.Null):
        return made
    texts = [None if value is None else value_text(value) for value in values]
    return pl.Series(name, texts, dtype=pl.String)


def key_columns(catalog: Catalog, table: Table) -> frozenset[str]:
    """Name the columns that join: primary keys, references, and what is referred to."""
    own = {one.name for one in table.columns if one.primary_key}
    referring = {key.column for key in table.foreign_keys}
    referred = {
        key.references_column
        for other in catalog.tables
        for key in other.foreign_keys
        if key.references_table == table.id
    }
    return frozenset(own | referring | referred)


def gives_birth(column: Column) -> bool:
    """Tell whether a column is a date of birth, or gives one away."""
    return any(category_covers(_BIRTH, one) for one in (column.category, *column.reveals))


def references(catalog: Catalog) -> tuple[tuple[Table, ForeignKey, Table], ...]:
    """List every reference between tables of the catalogue, in its order."""
    return tuple(
        (child, key, parent)
        for child in catalog.tables
        for key in child.foreign_keys
        if (parent := catalog.table(key.references_table)) is not None
    )
