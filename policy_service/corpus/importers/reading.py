"""A file, folder or zip from outside, read to documents. Nothing is written anywhere.

What a file is, is decided by its content and never by its name. Files that nobody reads
(pictures in a folder of policies) are passed over and named; a file that is of a known
format and broken ends the import.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from policy_service.corpus.importers.archive import unpack
from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_size, full_budget
from policy_service.corpus.importers.recognise import FORMATS, importer_of, importers
from policy_service.corpus.importers.text_decoding import is_unmarked_utf16
from policy_service.domain.errors import CorpusError
from policy_service.domain.progress import Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one import read: documents, the files they came from, and names passed over."""

    documents: tuple[Document, ...]
    files: tuple[SourceFile, ...]
    left_out: tuple[str, ...] = ()


def read_path(path: Path, *, progress: Progress = silent) -> tuple[Document, ...]:
    """Read a file, folder, zip or gzip to documents. Raises `CorpusError`, one line."""
    return read_source(path, progress=progress).documents


def read_source(path: Path, *, progress: Progress = silent) -> Reading:
    """Read as `read_path` does, and keep the files' bytes for the provenance."""
    files: list[SourceFile] = []
    for file in _gather(path):
        files.append(file)
        progress("gather files", len(files), 0)
    return read_files(_unambiguous(files), progress=progress)


def read_files(files: Sequence[SourceFile], *, progress: Progress = silent) -> Reading:
    """Read files that are already in memory. INVARIANT: their names differ."""
    if not files:
        raise CorpusError("there is no file to import: give a file, or a folder with files")
    by_importer: dict[str, list[SourceFile]] = {}
    left_out: list[SourceFile] = []
    for number, file in enumerate(files):
        progress("recognise files", number, len(files))
        if name := importer_of(file):
            by_importer.setdefault(name, []).append(file)
        else:
            left_out.append(file)
    if not by_importer:
        raise _unknown(left_out)
    unread = {file.name for file in left_out}
    documents: list[Document] = []
    chosen = [(name, one) for name, one in importers() if name in by_importer]
    for number, (name, importer) in enumerate(chosen):
        progress("read documents", number, len(chosen))
        documents.extend(importer.read(by_importer[name]))
    progress("read documents", len(chosen), len(chosen))
    return Reading(
        documents=tuple(documents),
        files=tuple(file for file in files if file.name not in unread),
        left_out=tuple(file.name for file in left_out),
    )


def _gather(path: Path) -> Iterator[SourceFile]:
    budget = full_budget()
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            for found in _files_below(path):
                yield from unpack(_load(found), budget)
        else:
            file = _load(path)
            if not file.data:
                raise CorpusError(f"`{path.name}` is empty: fill it or remove it")
            yield from unpack(file, budget)
    except OSError as error:
        raise CorpusError(
            f"cannot read `{path.name}` ({(error.strerror or 'no reason given').lower()}): "
            "check the path and its permissions"
        ) from error


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield files below a folder by name; hidden ones are left out, links outwards refused."""
    root = folder.resolve()
    found: list[Path] = []
    for here, folders, names in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in (*folders, *names):
            _check_link(root, Path(here) / name)
        found.extend(Path(here) / name for name in names if not name.startswith("."))
        if len(found) > LIMITS.files:
            raise CorpusError(
                f"`{folder.name}` holds more than {LIMITS.files} files: import them by folder"
            )
    yield from sorted(found, key=lambda one: one.relative_to(root).as_posix())


def _raise(error: OSError) -> None:
    raise error


def _check_link(root: Path, path: Path) -> None:
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        raise CorpusError(f"`{path.name}` is a link out of the folder: put the file itself there")


def _load(path: Path) -> SourceFile:
    """Read one regular file; its size is asked before its bytes."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise CorpusError(f"`{path.name}` is no regular file: give a file or a folder")
    check_size(path.name, status.st_size, LIMITS.file_bytes)
    with path.open("rb") as stream:
        data = stream.read(LIMITS.file_bytes + 1)
    check_size(path.name, len(data), LIMITS.file_bytes)  # it may have grown since
    return SourceFile(name=path.name, data=data)


def _unambiguous(files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """Give files of one name in several folders names of their own; leave out exact copies."""
    taken: dict[str, bytes] = {}
    for file in files:
        name = file.name
        for number in count(2):
            if taken.setdefault(name, file.data) == file.data:
                break
            name = f"{file.name} ({number})"
    return tuple(SourceFile(name=name, data=data) for name, data in taken.items())


def _unknown(files: Sequence[SourceFile]) -> CorpusError:
    if is_unmarked_utf16(files[0]):
        return CorpusError(f"`{files[0].name}` is UTF-16 text without its mark: save it as UTF-8")
    names = ", ".join(f"`{file.name}`" for file in files[:3])
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    verb = "is" if len(files) == 1 else "are"
    return CorpusError(f"{names}{more} {verb} of no format that is read: give {FORMATS}")
