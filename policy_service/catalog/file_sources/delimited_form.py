"""How a delimited file is written: encoding, delimiter, quotes, and whether it names its columns.

Read from its first lines, or given in the source's URL. RFC 4180 is the norm; other
delimiters, ragged rows and a leading `sep=;` are common and understood. A file whose first
line looks like data is refused: made-up names would not outlive the next export.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from policy_service.catalog.file_sources.tables import check_names
from policy_service.catalog.file_sources.text_files import (
    bounded_lines,
    find_encoding,
    open_text,
)
from policy_service.catalog.file_sources.text_types import looks_like_value, type_of
from policy_service.domain.errors import CatalogError

_DELIMITERS = ",;\t|"
_LOOKED_AT = 200  # lines
_LONGEST_NAME = 256
_LONGEST_CELL = 1 << 24  # signs; the csv module's own limit, 131,072, is less than a document


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedOptions:
    """What a source's URL says of its files; None is read from the file.

    `header` True takes the first line as names whatever it looks like, False as data.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedForm:
    """How one file is written. `skipped` counts the lines before its header or first row."""

    encoding: str
    delimiter: str
    quoted: bool
    names: tuple[str, ...]
    skipped: int
    header: bool


def find_form(path: Path, options: DelimitedOptions) -> DelimitedForm:
    """Read how a file is written from its first lines.

    Raises `CatalogError` for a file that is empty, not text, or has no header.
    """
    encoding = options.encoding or find_encoding(path)
    with open_text(path, encoding) as file:
        lines = _head(bounded_lines(file, path.name))
    told = _told_delimiter(lines)
    skipped = 1 if told else 0
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    lines = lines[skipped:]
    if not lines:
        raise CatalogError(f"`{path.name}` is empty; remove it, or give it a line of column names")
    delimiter = options.delimiter or told or _delimiter(lines, path.name)
    quoted = _is_quoted(lines, delimiter)
    rows = list(_rows(lines, delimiter, quoted, path.name))
    if options.header is False:
        names = tuple(f"column_{place}" for place in range(1, _width(rows) + 1))
    else:
        if options.header is None:
            _check_header(rows[0], rows[1:], path.name)
        names = _names(rows, path.name)
    return DelimitedForm(
        encoding=encoding,
        delimiter=delimiter,
        quoted=quoted,
        names=names,
        skipped=skipped,
        header=options.header is not False,
    )


def read_rows(path: Path, form: DelimitedForm) -> Iterator[list[str]]:
    """Yield every row below the header; blank lines are left out. Cells may be short or many.

    Raises `CatalogError` for a cell of more than 16 million signs, such as after a quote
    that is not closed.
    """
    with open_text(path, form.encoding) as file:
        lines = islice(bounded_lines(file, path.name), form.skipped, None)
        rows = _rows(lines, form.delimiter, form.quoted, path.name)
        if form.header:
            next(rows, None)
        yield from rows


def _head(lines: Iterator[str]) -> list[str]:
    """Take the first lines, fewer where they are long."""
    taken: list[str] = []
    signs = 0
    for line in islice(lines, _LOOKED_AT):
        taken.append(line)
        signs += len(line)
        if signs > _LONGEST_CELL:
            break
    return taken


def _rows(lines: Iterable[str], delimiter: str, quoted: bool, place: str) -> Iterator[list[str]]:
    # Only ever raised: the limit is the whole process's, and others may want more.
    if csv.field_size_limit() < _LONGEST_CELL:
        csv.field_size_limit(_LONGEST_CELL)
    if quoted:
        cut = csv.reader(lines, delimiter=delimiter)
    else:
        cut = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        yield from filter(None, cut)
    except csv.Error:
        raise CatalogError(
            f"`{place}` cannot be read as rows: a cell has more than {_LONGEST_CELL} signs; "
            "look for a quote that is not closed"
        ) from None


def _told_delimiter(lines: Sequence[str]) -> str | None:
    """Read the line `sep=;` that spreadsheets write and read."""
    first = lines[0].rstrip("\r\n") if lines else ""
    told = first[4:] if first.lower().startswith("sep=") else ""
    return told if len(told) == 1 and told in _DELIMITERS else None


def _delimiter(lines: Sequence[str], place: str) -> str:
    """Choose the delimiter that cuts most lines into as many cells as the first one."""
    best, score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        counts = [len(row) for row in _rows(lines, delimiter, True, place)]
        if counts and counts[0] > 1:
            alike = sum(count == counts[0] for count in counts) / len(counts)
            best, score = max(
                (best, score), (delimiter, (round(alike, 1), counts[0])), key=lambda one: one[1]
            )
    return best


def _is_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Tell whether quotes enclose cells; else they are signs like any other (`5" pipe`)."""
    return any(cell.lstrip().startswith('"') for line in lines for cell in line.split(delimiter))


def _width(rows: Sequence[Sequence[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


def _names(rows: Sequence[Sequence[str]], place: str) -> tuple[str, ...]:
    header, below = rows[0], rows[1:]
    # The index column of a written data frame has no name; nor has what a trailing comma makes.
    while len(header) > 1 and not header[-1].strip() and not _filled(below, len(header) - 1):
        header = header[:-1]
    names = tuple(cell.strip() or f"column_{n}" for n, cell in enumerate(header, start=1))
    if any(len(name) > _LONGEST_NAME for name in names):
        raise CatalogError(
            f"`{place}` has a column name of more than {_LONGEST_NAME} signs; check that its "
            "first line names the columns"
        )
    check_names(names, place)
    return names


def _check_header(header: Sequence[str], below: Sequence[Sequence[str]], place: str) -> None:
    """Refuse a first line whose cells are values like those below them."""
    for number, cell in enumerate(header):
        if looks_like_value(cell) and (not below or _alike(cell, below, number)):
            raise CatalogError(
                f"`{place}` has no header: its first line holds a value in place {number + 1}; "
                "add a line of column names, or end the source's URL with `?header=none` to have "
                "them called `column_1` …, or with `?header=first` if it does name them"
            )


def _alike(cell: str, below: Sequence[Sequence[str]], number: int) -> bool:
    """Tell whether the cells below are of the same kind, as under `2019` they need not be."""
    under = [row[number] for row in below if number < len(row) and row[number].strip()]
    return not under or "@" in cell or type_of(under) != "text"


def _filled(rows: Sequence[Sequence[str]], number: int) -> bool:
    return any(number < len(row) and row[number].strip() for row in rows)
