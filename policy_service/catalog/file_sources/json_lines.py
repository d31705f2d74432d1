"""One table in JSON lines files: one object a line, nested objects as dotted columns.

Read in one pass of flat memory. Every column that any row has is found, since one row in a
million may hold what the others do not. Text stays text: JSON says itself what is a number.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from policy_service.catalog.file_sources.discovery import FoundTable, Part
from policy_service.catalog.file_sources.partitions import PartitionKeys
from policy_service.catalog.file_sources.spread import EvenSample, evenly
from policy_service.catalog.file_sources.tables import (
    MOST_COLUMNS,
    RUN_ROWS,
    FileSample,
    as_type,
    check_names,
    readable,
    sample_of,
    widest_type,
)
from policy_service.catalog.file_sources.text_files import bounded_lines, find_encoding, open_text
from policy_service.domain.errors import CatalogError

_DEEPEST = 8  # levels of objects that become columns
_Row = Mapping[str, object]


class JsonLinesTable:
    """A table of JSON lines files. Requires at least one part."""

    def __init__(self, found: FoundTable) -> None:
        self.name = found.name
        self._parts = found.parts
        self._keys = PartitionKeys(found.parts)

    def sample(self, rows: int) -> FileSample:
        """Count the rows and read at most `rows` of them, spread evenly."""
        kept: EvenSample[_Row] = EvenSample(rows)
        kinds: dict[str, set[str]] = {}
        for row in self._rows():
            kept.add(row)
            for name, value in row.items():
                kinds.setdefault(name, set()).add(_data_type(value))
            if len(kinds) > MOST_COLUMNS:
                break
        names = [name for name in kinds if name not in self._keys.types]
        check_names(names, self.name)
        types = {name: widest_type(kinds[name]) for name in names} | self._keys.types
        return sample_of(kept.seen, types, _values(evenly(kept.rows(), rows), types))

    def rows(self, columns: Mapping[str, str], most: int) -> list[tuple[object, ...]]:
        """Read at most `most` rows of some columns, given with their types; spread evenly."""
        kept: EvenSample[_Row] = EvenSample(most)
        for row in self._rows():
            kept.add(row)
        return _values(evenly(kept.rows(), most), columns)

    def different(self, column: str, kind: str) -> Iterator[set[object]]:
        """Yield the different values of a column of type `kind`, null left out, run by run."""
        rows = self._rows()
        while run := list(islice((row.get(column) for row in rows), RUN_ROWS)):
            yield {as_type(readable(value), kind) for value in run} - {None}

    def _rows(self) -> Iterator[_Row]:
        for part in self._parts:
            told = self._keys.values(part)
            for row in _read_objects(part):
                yield {**row, **told}


def _values(rows: Sequence[_Row], types: Mapping[str, str]) -> list[tuple[object, ...]]:
    return [
        tuple(as_type(readable(row.get(name)), kind) for name, kind in types.items())
        for row in rows
    ]


def _read_objects(part: Part) -> Iterator[dict[str, object]]:
    name = part.path.name
    with open_text(part.path, find_encoding(part.path)) as file:
        for number, line in enumerate(bounded_lines(file, name), start=1):
            if not line.strip():
                continue
            try:
                held = json.loads(line)
            except (ValueError, RecursionError):
                held = None  # the parser's own words would repeat a part of the line
            if not isinstance(held, dict):
                raise CatalogError(
                    f"`{name}`, line {number}: this is no JSON object; write one on each line"
                )
            yield dict(_flatten(held, "", 1))


def _flatten(held: Mapping[str, object], above: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, value in held.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flatten(value, f"{above}{key}.", depth + 1)
        else:
            yield f"{above}{key}", value


def _data_type(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "decimal"
    return "text" if isinstance(value, str) else "other"
