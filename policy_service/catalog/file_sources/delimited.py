"""One table in delimited text files (CSV, TSV …): every row counted, a bounded sample kept.

Read by the standard library's parser in one pass of flat memory. Types come from the
sampled values. A row shorter than the header has nulls at its end; cells beyond the header
become columns `column_N`, so that nothing goes unseen for want of a name.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from policy_service.catalog.file_sources.delimited_form import (
    DelimitedForm,
    DelimitedOptions,
    find_form,
    read_rows,
)
from policy_service.catalog.file_sources.discovery import FoundTable, Part
from policy_service.catalog.file_sources.partitions import PartitionKeys
from policy_service.catalog.file_sources.spread import EvenSample, evenly
from policy_service.catalog.file_sources.tables import (
    RUN_ROWS,
    FileSample,
    check_names,
    readable,
    sample_of,
)
from policy_service.catalog.file_sources.text_types import type_of, value_as
from policy_service.domain.errors import CatalogError

_FOR_TYPES = 1_000  # rows from which types are read, however few are asked for
_Row = tuple[Part, list[str]]


class DelimitedTable:
    """A table of delimited files with the same header. Requires at least one part."""

    def __init__(self, found: FoundTable, options: DelimitedOptions) -> None:
        self.name = found.name
        self._parts = found.parts
        self._options = options
        self._keys = PartitionKeys(found.parts)

    @cached_property
    def _forms(self) -> tuple[DelimitedForm, ...]:
        forms = tuple(find_form(part.path, self._options) for part in self._parts)
        for part, form in zip(self._parts, forms, strict=True):
            if form.names != forms[0].names:
                raise CatalogError(
                    f"`{self.name}` is no one table: `{part.path.name}` has other columns than "
                    f"`{self._parts[0].path.name}`; move it to a folder of its own"
                )
        return forms

    def sample(self, rows: int) -> FileSample:
        """Count the rows and read at most `rows` of them, spread evenly."""
        kept: EvenSample[_Row] = EvenSample(max(rows, _FOR_TYPES))
        for row in self._rows():
            kept.add(row)
        types = self._read_types(kept.rows())
        return sample_of(kept.seen, types, self._values(evenly(kept.rows(), rows), types))

    def rows(self, columns: Mapping[str, str], most: int) -> list[tuple[object, ...]]:
        """Read at most `most` rows of some columns, given with their types; spread evenly."""
        kept: EvenSample[_Row] = EvenSample(most)
        for row in self._rows():
            kept.add(row)
        return self._values(evenly(kept.rows(), most), columns)

    def different(self, column: str, kind: str) -> Iterator[set[object]]:
        """Yield the different values of a column of type `kind`, null left out, run by run."""
        if column in self._keys.types:
            yield {self._keys.values(part)[column] for part in self._parts} - {None}
            return
        place = self._place(column)
        cells = (row[place] if place < len(row) else None for _, row in self._rows())
        while run := list(islice(cells, RUN_ROWS)):
            yield {readable(value_as(text, kind)) for text in set(run)} - {None}

    def _rows(self) -> Iterator[_Row]:
        for part, form in zip(self._parts, self._forms, strict=True):
            for row in read_rows(part.path, form):
                yield part, row

    def _read_types(self, rows: Sequence[_Row]) -> dict[str, str]:
        named = self._forms[0].names
        beyond = (
            place + 1 for _, row in rows for place in range(len(named), len(row)) if row[place]
        )
        widest = max(beyond, default=len(named))
        names = (*named, *(f"column_{place}" for place in range(len(named) + 1, widest + 1)))
        check_names([*names, *self._keys.types], self.name)
        found = {
            name: type_of([row[place] for _, row in rows if place < len(row)])
            for place, name in enumerate(names)
        }
        return found | self._keys.types

    def _values(self, rows: Sequence[_Row], types: Mapping[str, str]) -> list[tuple[object, ...]]:
        places = [(self._place(name), kind, name) for name, kind in types.items()]
        found = []
        for part, row in rows:
            told = self._keys.values(part)
            found.append(
                tuple(
                    told[name]
                    if name in told
                    else readable(value_as(row[place] if place < len(row) else None, kind))
                    for place, kind, name in places
                )
            )
        return found

    def _place(self, name: str) -> int:
        """Return where a column's cells stand in a row; -1 for a partition key."""
        named = self._forms[0].names
        if name in named:
            return named.index(name)
        return -1 if name in self._keys.types else int(name.removeprefix("column_")) - 1
