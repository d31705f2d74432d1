"""What a scan needs of the place where data lies: a database, a folder of files, a manifest.

The contract only. `opening` finds the kind of source that a URL names; `sources` holds
the databases, `file_sources` the files. Whatever a source answers is bounded: it hands
over samples, counts and structure, never a whole table.
"""

from collections.abc import Sequence
from typing import Protocol

from policy_service.catalog.observation import ObservedTable


class Source(Protocol):
    """An open source. Tables are named without their schema; one scan reads one schema.

    Every method raises `CatalogError`, and none puts a value of the data into its words.
    """

    @property
    def dialect(self) -> str:
        """Return the kind of source, such as `sqlite`, `parquet` or `dbt`."""
        ...

    @property
    def shown_schema(self) -> str:
        """Return the schema as asset ids show it."""
        ...

    def table_names(self) -> tuple[str, ...]:
        """List the tables, sorted. Raises `EmptySourceError` where there is none."""
        ...

    def read_table(self, name: str, *, source: str, sample_rows: int) -> ObservedTable:
        """Inspect one table and read at most `sample_rows` rows; the same data, the same rows.

        `source` is the first part of the asset ids. Raises `NotFoundError` where the table
        is gone since it was listed.
        """
        ...

    def read_rows(
        self, table: ObservedTable, columns: Sequence[str], *, most: int
    ) -> list[tuple[object, ...]]:
        """Read the values of some columns, in their order, in at most `most` rows.

        Raises `NotFoundError` where the table is gone since it was read.
        """
        ...

    def count_distinct(self, table: ObservedTable, column: str) -> int | None:
        """Count the different values in the whole column; None where that cannot be told."""
        ...

    def count_held(self, table: ObservedTable, column: str, values: Sequence[object]) -> int | None:
        """Count how many of the different `values` occur in a column; None where unknown."""
        ...
