"""Zip and gzip unpacked in memory, within limits; names in them are never paths to write to.

An office document is a zip as well and stays whole. Source for the attacks: USENIX WOOT
2019, "A better zip bomb" (declared sizes lie, entries overlap), so bytes are counted as they
come and not as they are declared.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Protocol

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.limits import Budget, check_size
from policy_service.domain.errors import CorpusError

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 256 * 1024
_ENCRYPTED = 0x1
_CONTENT_TYPES = "[Content_Types].xml"  # every office document has it


class _Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def is_zip(file: SourceFile) -> bool:
    """Say whether the bytes are those of a zip."""
    return file.data.startswith((_ZIP, _EMPTY_ZIP))


def unpack(file: SourceFile, budget: Budget, *, nesting: int = 0) -> Iterator[SourceFile]:
    """Yield the files in an archive, or the file itself where it is none.

    Raises `CorpusError` for what is broken, encrypted, too large or nested too deep.
    """
    if file.data.startswith(_GZIP):
        members: Iterator[SourceFile] = iter((_gunzip(file, budget),))
    elif is_zip(file) and not _is_office(file):
        members = _members(file, budget)
    else:
        budget.take_file(file.name, len(file.data))
        yield file
        return
    if nesting >= budget.limits.nesting:
        raise CorpusError(
            f"`{file.name}` is an archive within {nesting} others: unpack the outer ones"
        )
    for member in members:
        yield from unpack(member, budget, nesting=nesting + 1)


def open_zip(file: SourceFile) -> zipfile.ZipFile:
    """Open a zip for reading. Raises `CorpusError` where it is cut short or damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(file.data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged(file) from error


def check_members(file: SourceFile, archive: zipfile.ZipFile, budget: Budget) -> None:
    """Hold a zip's declared sizes and names against the limits, before anything is read."""
    entries = archive.infolist()
    if len(entries) > budget.limits.files:
        raise CorpusError(
            f"`{file.name}` holds {len(entries)} files, and at most {budget.limits.files} are "
            "read: give a smaller archive"
        )
    declared = sum(entry.file_size for entry in entries)
    check_size(file.name, declared, budget.bytes_left)
    _check_ratio(file, declared, budget)
    for entry in entries:
        if _leaves_the_folder(entry.filename):
            raise CorpusError(
                f"`{file.name}` holds a name that leaves its folder: it is not read, "
                "fetch it from its publisher again"
            )
        if entry.flag_bits & _ENCRYPTED:
            raise CorpusError(f"`{file.name}` is encrypted: give it without a password")


def _members(file: SourceFile, budget: Budget) -> Iterator[SourceFile]:
    with open_zip(file) as archive:
        check_members(file, archive, budget)
        spent = 0
        for entry in sorted(archive.infolist(), key=lambda one: one.filename):
            path = PurePosixPath(entry.filename)
            if entry.is_dir() or any(part.startswith((".", "__MACOSX")) for part in path.parts):
                continue
            most = min(budget.limits.file_bytes, budget.bytes_left)
            try:
                with archive.open(entry) as stream:
                    data = _read(f"{path.name} in {file.name}", stream, most)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
                raise _damaged(file) from error
            except (NotImplementedError, RuntimeError) as error:
                raise CorpusError(
                    f"`{file.name}` is packed in a way that is not read: pack it as a plain zip"
                ) from error
            spent += len(data)
            _check_ratio(file, spent, budget)
            yield SourceFile(name=path.name, data=data)


def _gunzip(file: SourceFile, budget: Budget) -> SourceFile:
    name = file.name.removesuffix(".gz")
    most = min(
        budget.limits.file_bytes,
        max(len(file.data) * budget.limits.ratio, budget.limits.ratio_from_bytes),
    )
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(file.data)) as stream:
            data = _read(file.name, stream, most)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(file) from error
    return SourceFile(name=name, data=data)


def _read(name: str, stream: _Stream, most: int) -> bytes:
    chunks: list[bytes] = []
    left = most
    while chunk := stream.read(min(_CHUNK_BYTES, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise CorpusError(
                f"`{name}` unpacks to more than {most} bytes: give the unpacked text alone"
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _check_ratio(file: SourceFile, size_bytes: int, budget: Budget) -> None:
    limits = budget.limits
    if size_bytes > max(limits.ratio_from_bytes, limits.ratio * len(file.data)):
        raise CorpusError(
            f"`{file.name}` unpacks to more than {limits.ratio} times its size: "
            "give the unpacked files"
        )


def _is_office(file: SourceFile) -> bool:
    with open_zip(file) as archive:
        return _CONTENT_TYPES in archive.namelist()


def _leaves_the_folder(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name.partition("/")[0]


def _damaged(file: SourceFile) -> CorpusError:
    return CorpusError(f"`{file.name}` is cut short or damaged: fetch it again")
