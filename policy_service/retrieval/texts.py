"""What of a provision is searched, and how texts become vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.progress import Progress
from policy_service.domain.provision import Provision
from policy_service.kit.hashing import sha256_text

STAGE = "index"
_CHUNK = 64  # documents embedded between two progress reports


class TextEncoder(Protocol):
    """Embeds texts; `sha256` names the model, so that its vectors are never mixed."""

    @property
    def sha256(self) -> str:
        """Return the hash of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one normalised row a text."""
        ...


class ArrayMaker(TextEncoder, Protocol):
    """Embeds the texts of an index and makes named arrays beside their vectors."""

    @property
    def name(self) -> str:
        """Name what the arrays are made with; others are made again."""
        ...

    def adopt(
        self, texts: Sequence[str], rows: Sequence[int], arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """Take over what was made before of `texts`, which stand at `rows` of `arrays`."""
        ...

    def arrays(self, texts: Sequence[str], *, progress: Progress) -> Mapping[str, NDArray[Any]]:
        """Return the named arrays of `texts`, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedText:
    """What of a provision is searched: `dense` is embedded, `lexical` is counted."""

    dense: str
    place: str  # instrument and section: people ask for them by name

    @property
    def lexical(self) -> str:
        """Put the place before the text."""
        return f"{self.place}\n{self.dense}"

    @property
    def sha256(self) -> str:
        """Hash what is searched, so that only what changed is embedded again."""
        return sha256_text(f"{self.dense}\x1f{self.lexical}")


def indexed_text(provision: Provision) -> IndexedText:
    """Join headings, title and text; lexical search also sees the instrument and section."""
    body = "\n".join(
        part for part in (" > ".join(provision.heading), provision.title, provision.text) if part
    )
    return IndexedText(dense=body, place=f"{provision.instrument} {provision.section}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVectors:
    """Rows embedded before, by the hash of their text."""

    rows: Mapping[str, int]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArrays:
    """Named arrays made before, with the row of each text by its hash."""

    name: str  # what they were made with
    rows: Mapping[str, int]
    arrays: Mapping[str, NDArray[Any]]


def embed(
    texts: Sequence[IndexedText],
    known: Sequence[KnownVectors],
    encoder: TextEncoder,
    progress: Progress,
) -> NDArray[np.float32]:
    """Embed the texts that nothing in `known` holds; one row a text, in their order."""
    keys = [text.sha256 for text in texts]
    vectors, held = _gather(keys, known)
    missing = [place for place, one in enumerate(held.tolist()) if not one]
    missing.sort(key=lambda place: len(texts[place].dense))  # like lengths share a batch
    done = len(texts) - len(missing)
    progress(STAGE, done, len(texts))
    for start in range(0, len(missing), _CHUNK):
        chunk = missing[start : start + _CHUNK]
        embedded = encoder.encode([texts[place].dense for place in chunk])
        if vectors is None:
            vectors = np.empty((len(texts), embedded.shape[1]), dtype=np.float32)
        vectors[chunk] = embedded
        done += len(chunk)
        progress(STAGE, done, len(texts))
    return np.empty((0, 0), dtype=np.float32) if vectors is None else vectors


def _gather(
    keys: Sequence[str], known: Sequence[KnownVectors]
) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_]]:
    held = np.zeros(len(keys), dtype=np.bool_)
    vectors: NDArray[np.float32] | None = None
    for one in known:
        pairs = [
            (place, row)
            for place, key in enumerate(keys)
            if not held[place] and (row := one.rows.get(key)) is not None
        ]
        if not pairs:
            continue
        places, rows = np.array(pairs, dtype=np.intp).T
        if vectors is None:
            vectors = np.empty((len(keys), one.vectors.shape[1]), dtype=np.float32)
        vectors[places] = one.vectors[rows]
        held[places] = True
    return vectors, held
