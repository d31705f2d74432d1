"""A folder of Parquet, CSV or JSON lines files as a source: one file or sub-folder, one table.

Read-only, without a schema: asset ids show `public`. Nothing is declared in such files, so
every key that a catalogue of them shows was inferred. Errors name the file, never a value.
"""

import csv
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from policy_service.catalog.file_sources.delimited import DelimitedTable
from policy_service.catalog.file_sources.delimited_form import DelimitedOptions
from policy_service.catalog.file_sources.discovery import FileForm, FoundTable, find_tables
from policy_service.catalog.file_sources.json_lines import JsonLinesTable
from policy_service.catalog.file_sources.parquet import ParquetTable
from policy_service.catalog.file_sources.tables import FileTable
from policy_service.catalog.observation import ObservedTable
from policy_service.domain.errors import NotFoundError, SourceUnreachableError
from policy_service.domain.identifiers import asset_id

_MOST_DISTINCT = 1_000_000  # different values of one column held to answer questions about it
_SCHEMA = "public"


class FolderSource:
    """An open folder. Tables are looked for once, when it is opened."""

    shown_schema = _SCHEMA

    def __init__(self, place: Path, *, only: FileForm | None, options: DelimitedOptions) -> None:
        """Raises `CatalogError` where the folder or file holds no table, or not clearly."""
        found = find_tables(place, only)
        self._tables = {table.name: _table(table, options) for table in found}
        forms = {table.form for table in found}
        self.dialect = str(next(iter(forms))) if len(forms) == 1 else "files"
        self._distinct: dict[tuple[str, str], set[object] | None] = {}

    def table_names(self) -> tuple[str, ...]:
        """List the tables, sorted."""
        return tuple(sorted(self._tables))

    def read_table(self, name: str, *, source: str, sample_rows: int) -> ObservedTable:
        """Inspect one table and read at most `sample_rows` rows; the same data, the same rows."""
        with _reading(name):
            found = self._table(name).sample(sample_rows)
        return ObservedTable(
            id=asset_id(source, _SCHEMA, name),
            schema=_SCHEMA,
            name=name,
            row_count=found.row_count,
            columns=found.columns,
        )

    def read_rows(
        self, table: ObservedTable, columns: Sequence[str], *, most: int
    ) -> list[tuple[object, ...]]:
        """Read the values of some columns in at most `most` rows, spread over the table."""
        with _reading(table.name):
            types = {one.name: one.data_type for one in table.columns}
            return self._table(table.name).rows({name: types[name] for name in columns}, most)

    def count_distinct(self, table: ObservedTable, column: str) -> int | None:
        """Count the different values in the whole column; None above a million."""
        found = self._values(table, column)
        return None if found is None else len(found)

    def count_held(self, table: ObservedTable, column: str, values: Sequence[object]) -> int | None:
        """Count how many of the different `values` occur in a column."""
        wanted = set(values)
        known = self._values(table, column)
        if known is not None:
            return len(known & wanted)
        held: set[object] = set()
        for run in self._runs(table, column):
            held |= run & wanted
            if held == wanted:
                break
        return len(held)

    def _values(self, table: ObservedTable, column: str) -> set[object] | None:
        """Return the different values of a column where they are few enough to be held."""
        place = (table.name, column)
        if place not in self._distinct:
            self._distinct[place] = _union(self._runs(table, column))
            while sum(len(one or ()) for one in self._distinct.values()) > 2 * _MOST_DISTINCT:
                del self._distinct[next(iter(self._distinct))]  # the one that was asked for first
        return self._distinct[place]

    def _runs(self, table: ObservedTable, column: str) -> Iterator[set[object]]:
        kind = next(one.data_type for one in table.columns if one.name == column)
        with _reading(table.name):
            yield from self._table(table.name).different(column, kind)

    def _table(self, name: str) -> FileTable:
        if name not in self._tables:
            raise NotFoundError(f"there is no table `{name}` in this folder any more; scan again")
        return self._tables[name]


def _union(runs: Iterator[set[object]]) -> set[object] | None:
    """Join runs of values; None as soon as there are more than a million."""
    found: set[object] = set()
    for run in runs:
        found |= run
        if len(found) > _MOST_DISTINCT:
            return None
    return found


def _table(found: FoundTable, options: DelimitedOptions) -> FileTable:
    if found.form is FileForm.PARQUET:
        return ParquetTable(found)
    if found.form is FileForm.NDJSON:
        return JsonLinesTable(found)
    return DelimitedTable(found, options)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say plainly which table cannot be read; the reader's own words may hold a value."""
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"a file of `{name}` is gone since it was listed; scan again") from None
    except (
        EOFError,
        zlib.error,
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        csv.Error,
        UnicodeError,
    ):
        raise SourceUnreachableError(
            f"a file of `{name}` is not whole, or not what its ending says; write it anew"
        ) from None
    except OSError:
        raise SourceUnreachableError(
            f"a file of `{name}` cannot be read; check that it is whole, and its rights"
        ) from None
