"""The index on disk: vectors, BM25 files and named arrays of one generation, under one manifest.

A generation is a folder nobody sees until `manifest.json` names it, and never changes
afterwards. Readers take no lock: what fails its checks, or vanished while another process
replaced it, counts as absent and is built again by the one writer that holds the lock.
A generation of up to `HASHED_BYTES` is hashed whole whenever it is opened; of a larger one
only the files up to `SMALL_BYTES`, and the sizes of the others, unless `verify` asks for all.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.plain import from_plain
from policy_service.retrieval.lexical import LexicalIndex
from policy_service.retrieval.texts import KnownArrays, KnownVectors

FORMAT = 2
HASHED_BYTES = 512 * 2**20
SMALL_BYTES = 2**20
_READABLE = (1, FORMAT)  # format 1 lacks sizes; its vectors are the same
_MANIFEST = "manifest.json"
_PREFIX = "generation-"
_VECTORS = "vectors.npy"
_LEXICAL = "lexical"
_EXTRAS = "extras"
_UNKNOWN_SIZE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the generation, by its path below it."""

    path: str
    sha256: str
    size_bytes: int = _UNKNOWN_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation was built from, in the order of its rows, and its files."""

    format: int
    encoder: str
    documents: tuple[str, ...]  # SHA-256 of each document's text
    generation: str
    files: tuple[FileEntry, ...]
    extras: str = ""  # names what the named arrays were made with


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A generation that passed its checks; its arrays are memory-mapped."""

    vectors: NDArray[np.float32]  # one row a document
    lexical: LexicalIndex
    extras: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def read(
    folder: Path,
    *,
    encoder: str,
    documents: Sequence[str],
    extras: str = "",
    verify: bool = False,
) -> Stored | None:
    """Open the generation built from exactly these documents; `None` where there is none.

    `extras` names what the named arrays must have been made with.
    """
    manifest = _manifest(folder)
    if manifest is None or manifest.format != FORMAT or manifest.encoder != encoder:
        return None
    if manifest.documents != tuple(documents) or manifest.extras != extras:
        return None
    vectors = _vectors(folder, manifest, verify=verify)
    if vectors is None:
        return None
    generation = folder / manifest.generation
    try:
        lexical = LexicalIndex.load(generation / _LEXICAL, size=len(manifest.documents))
        named = _named_arrays(generation)
        still_there = _complete(generation, manifest.files)  # no writer dropped it meanwhile
    except Exception:  # bm25s has no error type of its own; an absent index is rebuilt
        return None
    if not still_there:
        return None
    return Stored(vectors=vectors, lexical=lexical, extras=named)


def known_vectors(folder: Path, *, encoder: str) -> KnownVectors | None:
    """Return the stored rows by document hash, whatever else the generation holds."""
    manifest = _manifest(folder)
    if manifest is None or manifest.encoder != encoder:
        return None
    vectors = _vectors(folder, manifest, verify=False)
    if vectors is None:
        return None
    rows = {document: row for row, document in enumerate(manifest.documents)}
    return KnownVectors(rows=rows, vectors=vectors)


def known_arrays(folder: Path, *, encoder: str) -> KnownArrays | None:
    """Return the named arrays and their rows by document hash, whatever else is held."""
    manifest = _manifest(folder)
    if manifest is None or manifest.encoder != encoder or not manifest.extras:
        return None
    generation = folder / manifest.generation
    try:
        if not _intact(generation, manifest.files, verify=False):
            return None
        arrays = _named_arrays(generation)
    except (OSError, ValueError):
        return None
    rows = {document: row for row, document in enumerate(manifest.documents)}
    return KnownArrays(name=manifest.extras, rows=rows, arrays=arrays)


def write(
    folder: Path, stored: Stored, *, encoder: str, documents: Sequence[str], extras: str = ""
) -> None:
    """Write a new generation, switch to it, and drop the others. Requires the lock.

    `extras` names what the named arrays were made with.
    """
    generation = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        np.save(generation / _VECTORS, stored.vectors, allow_pickle=False)
        stored.lexical.save(generation / _LEXICAL)
        (generation / _EXTRAS).mkdir()
        for name, values in sorted(stored.extras.items()):
            np.save(generation / _EXTRAS / f"{name}.npy", values, allow_pickle=False)
        manifest = {
            "format": FORMAT,
            "encoder": encoder,
            "documents": list(documents),
            "generation": generation.name,
            "files": [_settled(path, generation) for path in _files(generation)],
            "extras": extras,
        }
        _replace(folder / _MANIFEST, json.dumps(manifest, sort_keys=True).encode())
    except BaseException:
        shutil.rmtree(generation, ignore_errors=True)
        raise
    for other in folder.glob(f"{_PREFIX}*"):
        if other != generation:
            shutil.rmtree(other, ignore_errors=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of `folder`, which is made where it is missing.

    Raises `RetrievalError` where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise RetrievalError(
            f"index folder `{folder}` cannot be written (`{error.strerror or error}`); "
            "check its permissions and the space left"
        ) from error


def _manifest(folder: Path) -> Manifest | None:
    try:
        found = json.loads((folder / _MANIFEST).read_bytes())
        documents = tuple(found.pop("documents"))
        manifest = from_plain(Manifest, {**found, "documents": ()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    named_here = manifest.generation.startswith(_PREFIX) and "/" not in manifest.generation
    if manifest.format not in _READABLE or not named_here:
        return None
    return Manifest(
        format=manifest.format,
        encoder=manifest.encoder,
        documents=documents,
        generation=manifest.generation,
        files=manifest.files,
        extras=manifest.extras,
    )


def _vectors(folder: Path, manifest: Manifest, *, verify: bool) -> NDArray[np.float32] | None:
    generation = folder / manifest.generation
    try:
        if not _intact(generation, manifest.files, verify=verify):
            return None
        vectors: NDArray[np.float32] = np.load(
            generation / _VECTORS, mmap_mode="r", allow_pickle=False
        )
    except (OSError, ValueError):
        return None
    return vectors if len(vectors) == len(manifest.documents) else None


def _named_arrays(generation: Path) -> dict[str, NDArray[Any]]:
    return {
        path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
        for path in sorted((generation / _EXTRAS).glob("*.npy"))
    }


def _intact(generation: Path, files: Sequence[FileEntry], *, verify: bool) -> bool:
    """Tell whether the generation holds exactly these files, as far as it is checked."""
    if not _complete(generation, files):
        return False
    paths = _files(generation)
    sizes = [path.stat().st_size for path in paths]
    if any(
        one.size_bytes not in (_UNKNOWN_SIZE, size) for one, size in zip(files, sizes, strict=True)
    ):
        return False
    whole = verify or sum(sizes) <= HASHED_BYTES
    return all(
        _sha256(path) == one.sha256
        for path, one, size in zip(paths, files, sizes, strict=True)
        if whole or size <= SMALL_BYTES
    )


def _complete(generation: Path, files: Sequence[FileEntry]) -> bool:
    paths = [path.relative_to(generation).as_posix() for path in _files(generation)]
    return paths == [one.path for one in files]


def _files(generation: Path) -> list[Path]:
    return sorted(path for path in generation.rglob("*") if path.is_file())


def _settled(path: Path, generation: Path) -> dict[str, str | int]:
    """Describe a file once it is on the disk: a crash must not leave right sizes and no bytes."""
    size = path.stat().st_size
    if size > SMALL_BYTES:  # smaller ones are hashed whenever they are opened
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return {
        "path": path.relative_to(generation).as_posix(),
        "sha256": _sha256(path),
        "size_bytes": size,
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".manifest-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
