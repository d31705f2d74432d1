"""Tables in files, read in batches: Parquet or CSV, one file or a folder of them.

Not a source of the catalogue (see `catalog.file_sources`): nothing is sampled or guessed
here. Batches are cut by row numbers, so that the same files give the same batches, and any
of them can be read by itself. Reads with polars alone.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

import polars as pl
from polars import selectors

from policy_service.domain.errors import MaskingError, NotFoundError, UsageError
from policy_service.domain.identifiers import Sha256Hex
from policy_service.kit.canonical import content_sha256

BATCH_BYTES = 48 * 2**20  # of a batch as it is read; a masked copy and its writing come on top
_LEAST_ROWS, _MOST_ROWS = 256, 500_000
_SAMPLE_ROWS = 1_000


class FileForm(StrEnum):
    """What a file's ending says that it holds."""

    PARQUET = "parquet"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows `start` up to `start + rows` of one file."""

    file: Path
    start: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFiles:
    """A table in files: their common columns, and how many rows each has."""

    place: Path
    form: FileForm
    files: tuple[Path, ...]
    rows: tuple[int, ...]
    schema: pl.Schema

    @property
    def total_rows(self) -> int:
        """Count the rows of all files."""
        return sum(self.rows)

    def stamp(self) -> Sha256Hex:
        """Hash names, sizes and times of change: another hash means another input.

        Raises `NotFoundError` where a file is gone.
        """
        return Sha256Hex(content_sha256([_stamp(file) for file in self.files]))

    def read(self, batch: Batch, columns: Collection[str]) -> pl.DataFrame:
        """Read some columns of a batch, in the order of the table.

        Raises `MaskingError` where the file no longer holds what it held.
        """
        wanted = [name for name in self.schema if name in columns]
        with _reading(batch.file):
            scan = self._scan(batch.file).select(selectors.by_name(*wanted))  # `^a$` is a name too
            found = scan.slice(batch.start, batch.rows).collect()
        if found.height != batch.rows:
            raise MaskingError(f"`{batch.file.name}` lost rows while it was read; start over")
        return found

    def batches(self, rows: int) -> tuple[Batch, ...]:
        """Cut the files into batches of at most `rows` rows; a table without rows is one batch."""
        cut = tuple(
            Batch(file=file, start=start, rows=end - start)
            for file, height in zip(self.files, self.rows, strict=True)
            for start, end in pairwise([*range(0, height, rows), height])
        )
        return cut or (Batch(file=self.files[0], start=0, rows=0),)

    def batch_rows(self, columns: Collection[str]) -> int:
        """Say how many rows fill a batch, judged by the first rows of the first file."""
        first = Batch(file=self.files[0], start=0, rows=min(self.rows[0], _SAMPLE_ROWS))
        sample = self.read(first, columns)
        bytes_a_row = max(sample.estimated_size() / max(sample.height, 1), len(columns), 1)
        return min(max(int(BATCH_BYTES / bytes_a_row), _LEAST_ROWS), _MOST_ROWS)

    def _scan(self, file: Path) -> pl.LazyFrame:
        if self.form is FileForm.CSV:
            return pl.scan_csv(file, schema=self.schema, glob=False)
        return pl.scan_parquet(file, glob=False, hive_partitioning=False)


def open_files(place: Path, *, numeric: Collection[str] = ()) -> TableFiles:
    """Look at a file, or at the files of a folder, without reading their values into memory.

    Cells of CSV files are text, as they are written, but for the columns of `numeric`, which
    are numbers where every cell is one. Raises `NotFoundError` where there is nothing,
    `UsageError` for files that are not one table.
    """
    files = _listed(place)
    form = _form(files[0])
    with _reading(files[0]):
        schemas = [_schema(file, form, numeric) for file in files]
        schema = _common(schemas, files)
        rows = tuple(_height(file, form, schema) for file in files)
    return TableFiles(place=place, form=form, files=files, rows=rows, schema=schema)


def form_of(place: Path) -> FileForm | None:
    """Read a file's form off its ending; None for any other ending."""
    ending = place.suffix.lower().removeprefix(".")
    return FileForm(ending) if ending in tuple(FileForm) else None


def _listed(place: Path) -> tuple[Path, ...]:
    if place.is_file():
        return (place,)
    if not place.is_dir():
        raise NotFoundError(f"there is no file or folder `{place}`; check the path")
    found = tuple(sorted(one for one in place.iterdir() if one.is_file() and _holds_rows(one)))
    if not found:
        raise NotFoundError(f"folder `{place}` holds no .parquet or .csv file; check the path")
    if len({form_of(one) for one in found}) > 1:
        raise UsageError(f"folder `{place}` holds Parquet and CSV; name one file, or part them")
    return found


def _holds_rows(file: Path) -> bool:
    # Names that begin so are notes of those who write such folders, Spark among them.
    return form_of(file) is not None and not file.name.startswith((".", "_"))


def _form(file: Path) -> FileForm:
    form = form_of(file)
    if form is None:
        raise UsageError(f"`{file.name}` must end in .parquet or .csv; rename or convert it")
    return form


def _schema(file: Path, form: FileForm, numeric: Collection[str]) -> pl.Schema:
    if form is FileForm.PARQUET:
        return pl.scan_parquet(file, glob=False, hive_partitioning=False).collect_schema()
    names = pl.scan_csv(file, infer_schema=False, glob=False).collect_schema().names()
    texts: dict[str, pl.DataType] = {name: pl.String() for name in names if name not in numeric}
    if len(texts) == len(names):
        return pl.Schema(texts)
    found = pl.scan_csv(file, schema_overrides=texts, infer_schema_length=None, glob=False)
    return found.collect_schema()


def _common(schemas: list[pl.Schema], files: tuple[Path, ...]) -> pl.Schema:
    """Return the schema all files have; numbers of CSV files may be whole in one of them."""
    common = dict(schemas[0])
    for schema, file in zip(schemas, files, strict=True):
        if list(schema) != list(common):
            raise UsageError(f"`{file.name}` has other columns than `{files[0].name}`; part them")
        for name, kind in schema.items():
            if kind == common[name]:
                continue
            if _form(file) is FileForm.PARQUET:
                raise UsageError(
                    f"column `{name}` has another type in `{file.name}` than in "
                    f"`{files[0].name}`; write them alike"
                )
            both_numbers = kind.is_numeric() and common[name].is_numeric()
            common[name] = pl.Float64() if both_numbers else pl.String()
    return pl.Schema(common)


def _height(file: Path, form: FileForm, schema: pl.Schema) -> int:
    scan = (
        pl.scan_csv(file, schema=schema, glob=False)
        if form is FileForm.CSV
        else pl.scan_parquet(file, glob=False, hive_partitioning=False)
    )
    return int(scan.select(pl.len()).collect().item())


def _stamp(file: Path) -> list[str]:
    with _reading(file):
        found = file.stat()
    return [file.name, str(found.st_size), str(found.st_mtime_ns)]


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say plainly which file cannot be read; the reader's own words may hold a value."""
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"`{file.name}` is gone; put it back, or start over") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeError):
        raise MaskingError(
            f"`{file.name}` is not whole, or not what its ending says; write it anew"
        ) from None
    except OSError:
        raise MaskingError(f"`{file.name}` cannot be read; check its rights and disk") from None
