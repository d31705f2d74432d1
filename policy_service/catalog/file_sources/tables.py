"""What every kind of file hands to a scan: one table with a bounded sample of its rows.

Not a data frame: values are plain Python values in the form the SQL sources give them
(dates as text, binary as a mark that it is there, long text cut), so that classification
does not depend on where a table is stored.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policy_service.catalog.observation import ObservedColumn
from policy_service.domain.errors import CatalogError

LONGEST_TEXT = 2_000  # signs kept of one sampled value
MOST_ELEMENTS = 20  # elements kept of one sampled list
MOST_COLUMNS = 16_384
RUN_ROWS = 200_000  # rows whose values are looked at together
_WIDER = {
    frozenset({"integer", "decimal"}): "decimal",
    frozenset({"date", "timestamp"}): "timestamp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSample:
    """What one pass over a table's files found; every column has the same number of values."""

    row_count: int
    columns: tuple[ObservedColumn, ...] = field(repr=False)


def sample_of(
    row_count: int, types: Mapping[str, str], rows: Sequence[Sequence[object]]
) -> FileSample:
    """Turn sampled rows, in the order of `types`, into columns."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(types)
    return FileSample(
        row_count=row_count,
        columns=tuple(
            ObservedColumn(name=name, data_type=kind, values=tuple(values))
            for (name, kind), values in zip(types.items(), columns, strict=True)
        ),
    )


class FileTable(Protocol):
    """One table in one or more files of one form."""

    @property
    def name(self) -> str:
        """Return the table's name: that of its file or folder."""
        ...

    def sample(self, rows: int) -> FileSample:
        """Count the rows and read at most `rows` of them, spread evenly, the same ones each time.

        A table with no more than `rows` rows is read whole, in order.
        """
        ...

    def rows(self, columns: Mapping[str, str], most: int) -> list[tuple[object, ...]]:
        """Read at most `most` rows of some columns, given with their types; spread evenly."""
        ...

    def different(self, column: str, kind: str) -> Iterator[set[object]]:
        """Yield the different values of a column of type `kind`, null left out, run by run.

        A run is a bounded number of rows; a value that several runs hold comes again.
        """
        ...


def readable(value: object) -> object:
    """Turn a value of any type into what a detector can read; whole lists become cut JSON."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, bytes):
        return b"1"
    if isinstance(value, (list, Mapping)):
        return json.dumps(_bounded(value), ensure_ascii=False, default=_text)[:LONGEST_TEXT]
    return str(value)[:LONGEST_TEXT]


def widest_type(kinds: Iterable[str]) -> str:
    """Name one type that holds all of several; text where nothing else does."""
    different = {kind for kind in kinds if kind}
    if len(different) <= 1:
        return next(iter(different), "text")
    return _WIDER.get(frozenset(different), "text")


def as_type(value: object, kind: str) -> object:
    """Fit a value to the type its column was found to have."""
    if kind == "text" and value is not None and not isinstance(value, str):
        return json.dumps(value) if isinstance(value, bool) else str(value)
    return float(value) if kind == "decimal" and isinstance(value, int) else value


def check_names(names: Sequence[str], place: str) -> None:
    """Refuse column names that come twice, and more columns than any table has.

    Raises `CatalogError` naming `place`.
    """
    if len(names) > MOST_COLUMNS:
        raise CatalogError(
            f"`{place}` has {len(names)} columns; a scan reads at most {MOST_COLUMNS}: split it"
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CatalogError(f"`{place}` gives the column name `{name}` twice; rename one")
        seen.add(name)


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, list):
        return [_bounded(one) for one in value[:MOST_ELEMENTS]]
    if isinstance(value, Mapping):
        return {str(key): _bounded(one) for key, one in list(value.items())[:MOST_ELEMENTS]}
    return value


def _text(value: object) -> str:
    return "binary" if isinstance(value, bytes) else str(value)
