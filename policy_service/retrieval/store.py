"""The index on disk: embeddings and BM25 files of one generation, named by one manifest.

A generation is a folder nobody sees until `manifest.json` names it, and never changes
afterwards. Readers take no lock: what fails its hash, or vanished while another process
replaced it, counts as absent and is built again by the one writer that holds the lock.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_hex
from policy_service.retrieval.lexical import LexicalIndex

FORMAT = 1
_MANIFEST = "manifest.json"
_PREFIX = "generation-"
_VECTORS = "vectors.npy"
_LEXICAL = "lexical"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the generation, by its path below it."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a generation was built from, in the order of its rows, and its files."""

    format: int
    encoder: str
    documents: tuple[str, ...]  # SHA-256 of each document's text
    generation: str
    files: tuple[FileEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A generation that passed its hashes."""

    vectors: NDArray[np.float32]  # one row a document, memory-mapped
    lexical: LexicalIndex


def read(folder: Path, *, encoder: str, documents: Sequence[str]) -> Stored | None:
    """Open the generation built from exactly these documents; `None` where there is none."""
    manifest = _manifest(folder)
    if manifest is None or manifest.encoder != encoder or list(manifest.documents) != [*documents]:
        return None
    vectors = _vectors(folder, manifest)
    if vectors is None:
        return None
    try:
        lexical = LexicalIndex.load(
            folder / manifest.generation / _LEXICAL, size=len(manifest.documents)
        )
    except Exception:  # bm25s has no error type of its own; an absent index is rebuilt
        return None
    return Stored(vectors=vectors, lexical=lexical)


def known_vectors(folder: Path, *, encoder: str) -> Mapping[str, NDArray[np.float32]]:
    """Return the stored rows by document hash, whatever else the generation holds."""
    manifest = _manifest(folder)
    if manifest is None or manifest.encoder != encoder:
        return {}
    vectors = _vectors(folder, manifest)
    return {} if vectors is None else dict(zip(manifest.documents, vectors, strict=True))


def write(
    folder: Path,
    *,
    encoder: str,
    documents: Sequence[str],
    vectors: NDArray[np.float32],
    lexical: LexicalIndex,
) -> None:
    """Write a new generation, switch to it, and drop the others. Requires the lock."""
    generation = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        np.save(generation / _VECTORS, vectors, allow_pickle=False)
        lexical.save(generation / _LEXICAL)
        manifest = Manifest(
            format=FORMAT,
            encoder=encoder,
            documents=tuple(documents),
            generation=generation.name,
            files=_hashed(generation),
        )
        _replace(folder / _MANIFEST, canonical_json(to_plain(manifest)))
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
        found = from_plain(Manifest, json.loads((folder / _MANIFEST).read_bytes()))
    except (OSError, ValueError):
        return None
    named_here = found.generation.startswith(_PREFIX) and "/" not in found.generation
    return found if found.format == FORMAT and named_here else None


def _vectors(folder: Path, manifest: Manifest) -> NDArray[np.float32] | None:
    generation = folder / manifest.generation
    try:
        if _hashed(generation) != manifest.files:
            return None
        vectors: NDArray[np.float32] = np.load(
            generation / _VECTORS, mmap_mode="r", allow_pickle=False
        )
    except (OSError, ValueError):
        return None
    return vectors if len(vectors) == len(manifest.documents) else None


def _hashed(generation: Path) -> tuple[FileEntry, ...]:
    paths = sorted(path for path in generation.rglob("*") if path.is_file())
    return tuple(
        FileEntry(
            path=path.relative_to(generation).as_posix(), sha256=sha256_hex(path.read_bytes())
        )
        for path in paths
    )


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".manifest-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
