"""Everything that a learned retriever has learned, as one value and as bytes.

The bytes are safetensors: numbers and plain text, nothing that runs. Their SHA-256 names
the version wherever a ranking is to be replayed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.kit.canonical import Json, canonical_json
from policy_service.kit.hashing import sha256_hex

FORMAT = 1
_ABOUT = "about"
_FOREST = "forest"
_PARAMETER = "parameter."
_BASIS = "basis"
_SCALE = "scale"
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetrieverWeights:
    """A trained retriever; `basis` and `scale` are those its passages' tokens must have."""

    encoder: str  # SHA-256 of the encoder's weights
    examples: int
    seed: int
    features: tuple[str, ...]
    forest: str
    parameters: Mapping[str, Floats]
    basis: Floats
    scale: Floats

    @property
    def sha256(self) -> str:
        """Name the version."""
        return sha256_hex(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Serialise; the same weights always give the same bytes."""
        from safetensors.numpy import save

        about: dict[str, Json] = {
            "format": FORMAT,
            "encoder": self.encoder,
            "examples": self.examples,
            "seed": self.seed,
            "features": list(self.features),
        }
        arrays: dict[str, NDArray[Any]] = {
            _ABOUT: np.frombuffer(canonical_json(about), dtype=np.uint8),
            _FOREST: np.frombuffer(self.forest.encode(), dtype=np.uint8),
            _BASIS: self.basis,
            _SCALE: self.scale,
        }
        for name, values in sorted(self.parameters.items()):
            arrays[_PARAMETER + name] = values.astype(np.float16)
        return save({name: np.ascontiguousarray(one) for name, one in arrays.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> "RetrieverWeights":
        """Read what `to_bytes` wrote. Raises `RetrievalError` for anything else."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            return _read(load(data))
        except (SafetensorError, KeyError, ValueError, TypeError) as error:
            raise RetrievalError(
                "the retriever's weights cannot be read; train or register it again"
            ) from error


def _read(arrays: Mapping[str, NDArray[Any]]) -> RetrieverWeights:
    about = json.loads(arrays[_ABOUT].tobytes())
    if about["format"] != FORMAT:
        raise ValueError("unknown format")
    parameters = {
        name.removeprefix(_PARAMETER): values.astype(np.float32)
        for name, values in arrays.items()
        if name.startswith(_PARAMETER)
    }
    numbers = [*parameters.values(), arrays[_BASIS], arrays[_SCALE]]
    if any(not np.isfinite(one).all() for one in numbers):
        raise ValueError("not finite")
    return RetrieverWeights(
        encoder=str(about["encoder"]),
        examples=int(about["examples"]),
        seed=int(about["seed"]),
        features=tuple(str(one) for one in about["features"]),
        forest=arrays[_FOREST].tobytes().decode(),
        parameters=parameters,
        basis=arrays[_BASIS].astype(np.float32),
        scale=arrays[_SCALE].astype(np.float32),
    )
