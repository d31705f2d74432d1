"""The registry of the retriever: its versions, and the live one's weights.

What weights mean is retrieval's; nothing here trains or judges.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from policy_service.domain.draft import UNLEARNED
from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import RetrieverCard
from policy_service.refinement.version_folder import VersionNames
from policy_service.refinement.version_registry import VersionRegistry

_NAMES = VersionNames(
    kind="retriever", prefix="retriever", unlearned=UNLEARNED, weights="weights.bin"
)


class EncoderName(Protocol):
    """Names the encoder that weights were trained over."""

    @property
    def sha256(self) -> str:
        """Return the hash of the encoder's weights."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverVersion:
    """One version with its weights; `None` for the one that learned nothing."""

    version: ModelVersion
    weights: bytes | None


class RetrieverRegistry(VersionRegistry[RetrieverCard, RetrieverVersion]):
    """The versions below one folder. Versions are `fused-0`, `retriever-1` and so on."""

    def __init__(self, *, folder: Path, encoder: EncoderName) -> None:
        super().__init__(folder=folder, names=_NAMES, card=RetrieverCard)
        self._encoder = encoder

    def _encoder_sha256(self) -> str:
        return self._encoder.sha256

    def _open(self, version: ModelVersion, weights: bytes | None) -> RetrieverVersion:
        return RetrieverVersion(version=version, weights=weights)
