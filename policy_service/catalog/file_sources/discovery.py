"""Which tables a folder holds: one for each file, one for each sub-folder of parts.

A sub-folder is one table when it holds part files itself, or folders named `key=value`
(hive partitions) that do. Hidden files and those that start with `_` are left out, links
to folders are not followed. Tables kept by a log (Delta, Iceberg, Hudi) are refused: their
folders also hold files that no longer count. Nothing is opened here.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from policy_service.domain.errors import CatalogError, EmptySourceError, SourceUnreachableError

_MOST_FILES = 100_000
_MOST_PARTITIONS = 16  # levels of folders
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_LOGS = {"_delta_log": "Delta", ".hoodie": "Hudi"}


class FileForm(StrEnum):
    """How rows are written in a file; also the scheme of a source's URL."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"


_ENDINGS: Mapping[str, FileForm] = {
    **dict.fromkeys((".parquet", ".pq", ".parq"), FileForm.PARQUET),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".asc"), FileForm.CSV),
    **dict.fromkeys((".jsonl", ".ndjson"), FileForm.NDJSON),
}
# Endings that mean rows only where the URL says so: a folder's `notes.txt` is no table.
_TOLD: Mapping[str, FileForm] = dict.fromkeys((".txt", ".dat"), FileForm.CSV)
_PACKED = ".gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a table. `partition` holds what its folders say, None where they say null."""

    path: Path
    partition: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table and its files, in order of their paths."""

    name: str
    form: FileForm
    parts: tuple[Part, ...]


def find_tables(place: Path, only: FileForm | None) -> tuple[FoundTable, ...]:
    """List the tables of a file or folder, by name; of one form, or of any.

    Raises `EmptySourceError` where there is none, `SourceUnreachableError` for a path that
    does not exist, `CatalogError` where it is not clear what belongs to a table.
    """
    try:
        if place.is_file():
            found = [_one_file(place, only)]
        elif place.is_dir():
            found = list(_in_folder(place, only))
        else:
            raise SourceUnreachableError(f"there is no file or folder `{place}`; check the path")
    except OSError as error:
        raise SourceUnreachableError(f"cannot look into `{place}`; check its rights") from error
    if not found:
        what = f"`{only}` files" if only else "Parquet, CSV or JSON lines files"
        raise EmptySourceError(f"`{place}` holds no {what}; name another folder")
    _check_distinct(found)
    return tuple(sorted(found, key=lambda table: table.name))


def form_of(path: Path, only: FileForm | None) -> FileForm | None:
    """Tell by its name how a file writes rows; None where it is no table, or not of `only`."""
    if path.name.startswith((".", "_")):
        return None
    ending = _bare(path).suffix.lower()
    form = _ENDINGS.get(ending) or (_TOLD.get(ending) if only is FileForm.CSV else None)
    packed_rows = path.suffix.lower() != _PACKED or form is not FileForm.PARQUET
    return form if packed_rows and only in {None, form} else None


def _bare(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == _PACKED else path


def _one_file(path: Path, only: FileForm | None) -> FoundTable:
    form = form_of(path, only) or (None if path.suffix.lower() in _ENDINGS else only)
    if form is None:
        wanted = f"a `{only}` file" if only else "a Parquet, CSV or JSON lines file"
        raise CatalogError(f"`{path.name}` is not {wanted} by its name; name the folder, or rename")
    return FoundTable(name=_bare(path).stem, form=form, parts=(Part(path=path),))


def _in_folder(folder: Path, only: FileForm | None) -> Iterator[FoundTable]:
    entries = sorted(folder.iterdir())
    if any(_partition(entry.name) and entry.is_dir() for entry in entries) or _log_of(folder):
        parted = _parted(folder, only)
        if parted is not None:
            yield parted
        return
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith((".", "_")):
            parted = _parted(entry, only)
            if parted is not None:
                yield parted
        elif entry.is_file():
            form = form_of(entry, only)
            if form is not None:
                yield FoundTable(name=_bare(entry).stem, form=form, parts=(Part(path=entry),))


def _parted(folder: Path, only: FileForm | None) -> FoundTable | None:
    """Gather the part files of one table below its folder; None where there are none."""
    found: list[tuple[FileForm, Part]] = []
    for parent, folders, files in os.walk(folder):
        kind = _log_of(Path(parent))
        if kind:
            raise CatalogError(
                f"`{folder.name}` is a {kind} table, whose folder also holds files that no longer "
                "count; export it to Parquet, or scan the engine that keeps it"
            )
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        inside = Path(parent).relative_to(folder).parts
        here = [
            (form, Part(path=Path(parent, name), partition=_partitions(inside)))
            for name in sorted(files)
            if (form := form_of(Path(name), only)) is not None
        ]
        if here and not all(map(_partition, inside)):
            raise CatalogError(
                f"`{folder.name}` holds tables in folders of its own, such as `{inside[0]}`; "
                f"scan `{folder.name}` as a source of its own"
            )
        found += here
        if len(found) > _MOST_FILES or len(inside) > _MOST_PARTITIONS:
            raise CatalogError(
                f"`{folder.name}` holds more than {_MOST_FILES} files or {_MOST_PARTITIONS} "
                "levels of folders; scan a part of it"
            )
    return _table_of(folder, found) if found else None


def _table_of(folder: Path, found: Sequence[tuple[FileForm, Part]]) -> FoundTable:
    forms = sorted({form for form, _ in found})
    if len(forms) > 1:
        raise CatalogError(
            f"`{folder.name}` mixes {' and '.join(forms)} files; one table has one form: "
            "move them apart"
        )
    keys = {tuple(key for key, _ in part.partition) for _, part in found}
    if len(keys) > 1:
        raise CatalogError(
            f"`{folder.name}` is not partitioned alike throughout; every file must lie below the "
            "same `key=value` folders"
        )
    parts = sorted((part for _, part in found), key=lambda part: part.path)
    return FoundTable(name=folder.name, form=forms[0], parts=tuple(parts))


def _log_of(folder: Path) -> str:
    for name, kind in _LOGS.items():
        if (folder / name).is_dir():
            return kind
    metadata = folder / "metadata"
    if metadata.is_dir() and any(metadata.glob("*.metadata.json")):
        return "Iceberg"
    return ""


def _partition(name: str) -> bool:
    return "=" in name[1:]


def _partitions(folders: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
    pairs = (name.split("=", 1) for name in folders if _partition(name))
    return tuple(
        (unquote(key), None if text == _NO_VALUE else unquote(text)) for key, text in pairs
    )


def _check_distinct(found: Sequence[FoundTable]) -> None:
    seen: dict[str, FoundTable] = {}
    for table in found:
        other = seen.setdefault(table.name, table)
        if other is not table:
            names = " and ".join(sorted(f"`{one.parts[0].path.name}`" for one in (other, table)))
            raise CatalogError(f"{names} both give a table `{table.name}`; rename one")
