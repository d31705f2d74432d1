"""The weights of the name model as data: numbers and hashes in one `npz`, and nothing that runs.

Written and read here; learned in `fit`. The same weights give the same bytes.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.names.kernel import KINDS, PARTS, Anchors, Floats
from policy_service.catalog.names.tokens import TokenIndex
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import DataCategory

FORMAT = "column-names-1"
NOT_PERSONAL = DataCategory("system.operations")
_EDGE = 1e-3
_NAMES_SHARE = 0.4
_INDEX = ("keys", "weights", "starts", "postings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """From scores to probabilities: logistic curves, and where a column counts as personal."""

    threshold: float  # a score
    personal_slope: float
    personal_offset: float
    right_slope: float
    right_offset: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tier:
    """What was learned with or without an encoder. Column 0 scores `personal`.

    The calibration of the tier with an encoder is that of `blend`.
    """

    weights: Floats  # anchors × (1 + categories)
    mean: Floats  # 1 + categories
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NameWeights:
    """All that was learned; `meaning` needs the encoder it was learned with."""

    anchors: Anchors
    categories: tuple[DataCategory, ...]  # personal ones, sorted
    names: Tier
    meaning: Tier | None


def is_personal(category: str) -> bool:
    """Tell whether a category is about a person."""
    return category == "user" or category.startswith("user.")


def two_level(category: str) -> str:
    """Return the first two parts of a category's key."""
    return ".".join(category.split(".")[:2])


def blend(meaning: NDArray[np.float64], names: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix the scores with an encoder with those without: names alone hold up better elsewhere."""
    return (1 - _NAMES_SHARE) * meaning + _NAMES_SHARE * names


def surety_of(
    scores: NDArray[np.float64], personal: NDArray[np.float64], threshold: float
) -> NDArray[np.float64]:
    """Return the log-odds, before calibration, that the chosen category is right.

    `scores` are columns × (1 + categories), `personal` the probabilities of column 0.
    """
    positive = np.maximum(scores[:, 1:], 0)
    share = positive.max(axis=1, initial=0) / np.maximum(positive.sum(axis=1), _EDGE)
    chance = np.where(scores[:, 0] >= threshold, personal * share, 1 - personal)
    chance = np.clip(chance, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(chance / (1 - chance)), dtype=np.float64)


def write_weights(weights: NameWeights) -> bytes:
    """Write weights, compressed; equal weights give equal bytes."""
    anchors = weights.anchors
    arrays: dict[str, NDArray[np.generic]] = {
        "types": anchors.types.astype(np.int8),
        "texts": anchors.texts,
        "vectors": anchors.vectors.astype(np.float16),
    }
    for part in PARTS:
        index = anchors.indexes[part]
        arrays[f"{part}.places"] = anchors.places[part]
        arrays |= {f"{part}.{name}": getattr(index, name) for name in _INDEX}
    calibrations = {}
    for name, tier in (("names", weights.names), ("meaning", weights.meaning)):
        if tier is not None:
            arrays[f"{name}.weights"] = tier.weights.astype(np.float32)
            arrays[f"{name}.mean"] = tier.mean.astype(np.float32)
            calibrations[name] = asdict(tier.calibration)
    head = {
        "format": FORMAT,
        "categories": list(weights.categories),
        "sizes": {part: anchors.indexes[part].size for part in PARTS},
        "calibrations": calibrations,
    }
    return pack(head, arrays)


def read_weights(data: bytes) -> NameWeights:
    """Read what `write_weights` wrote. Raises `CatalogError` for anything else."""
    head, arrays = unpack(data, FORMAT)
    try:
        return _weights(head, arrays)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise _unreadable() from error


def pack(head: Mapping[str, object], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write a head and arrays as one compressed file of numpy's format."""
    text = json.dumps(head, sort_keys=True, ensure_ascii=False).encode()
    named = {**arrays, "head": np.frombuffer(text, dtype=np.uint8)}
    buffer = io.BytesIO()
    ordered: dict[str, Any] = {name: named[name] for name in sorted(named)}
    np.savez_compressed(buffer, **ordered)
    return buffer.getvalue()


def unpack(data: bytes, form: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `pack` wrote with this format in its head; no code in it is ever run."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays.pop("head").tobytes())
        if head["format"] != form:
            raise ValueError("another format")
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError) as error:
        raise _unreadable() from error
    except (zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable() from error
    return head, arrays


def _weights(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NameWeights:
    indexes = {
        part: TokenIndex(
            **{name: arrays[f"{part}.{name}"] for name in _INDEX},
            size=int(head["sizes"][part]),
            kinds=KINDS[part],
        )
        for part in PARTS
    }
    anchors = Anchors(
        indexes=indexes,
        places={part: arrays[f"{part}.places"] for part in PARTS},
        types=arrays["types"].astype(np.int32),
        texts=arrays["texts"],
        vectors=arrays["vectors"].astype(np.float32),
    )
    categories = tuple(DataCategory(str(one)) for one in head["categories"])
    tiers = {
        name: Tier(
            weights=arrays[f"{name}.weights"],
            mean=arrays[f"{name}.mean"],
            calibration=Calibration(**calibration),
        )
        for name, calibration in head["calibrations"].items()
    }
    for tier in tiers.values():
        if tier.weights.shape != (anchors.size, len(tier.mean)) or len(tier.mean) != 1 + len(
            categories
        ):
            raise ValueError("shapes differ")
    return NameWeights(
        anchors=anchors, categories=categories, names=tiers["names"], meaning=tiers.get("meaning")
    )


def _unreadable() -> CatalogError:
    return CatalogError(
        "the column-name weights cannot be read; install the package again, or train them again"
    )
