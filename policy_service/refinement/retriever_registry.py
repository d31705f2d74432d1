"""The registry of the retriever: its versions, and the live one's weights.

A damaged version never falls back to the unlearned one on its own: search and drafting
stop with one clear line until it is restored or rolled back. What weights mean is
retrieval's; nothing here trains or judges.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from policy_service.domain.draft import UNLEARNED
from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import RetrieverCard
from policy_service.refinement.version_folder import VersionFolder, VersionNames

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


class RetrieverRegistry:
    """The versions below one folder. Versions are `fused-0`, `retriever-1` and so on."""

    def __init__(self, *, folder: Path, encoder: EncoderName) -> None:
        self._versions = VersionFolder(folder=folder, names=_NAMES, card=RetrieverCard)
        self._encoder = encoder

    def versions(self) -> tuple[ModelVersion, ...]:
        """List the registered versions, oldest first; the unlearned one is not among them."""
        return self._versions.versions()

    def cards(self) -> tuple[RetrieverCard, ...]:
        """Read the card of every version, oldest first."""
        return self._versions.cards()

    def card(self, version: ModelVersion) -> RetrieverCard:
        """Read one card. Raises `RefinementError` where it is missing or damaged."""
        return self._versions.card(version)

    def lineage(self, version: ModelVersion) -> tuple[RetrieverCard, ...]:
        """Return the card of `version` and of each ancestor, newest first."""
        return self._versions.lineage(version)

    def register(self, card: RetrieverCard, weights: bytes) -> RetrieverCard:
        """Keep a new version whole or not at all, and return its card with its number.

        Raises `RefinementError` where the weights do not have the card's hash, or the
        folder cannot be written.
        """
        return self._versions.register(card, weights)

    def promote(self, version: ModelVersion) -> None:
        """Make `version` the live one; an older one, or the unlearned one, rolls back.

        Raises `RefinementError` for a version that did not pass its gates or is damaged.
        """
        self.load(version)
        self._versions.point_to(version)

    def current_version(self) -> ModelVersion:
        """Name the live version. Raises `RefinementError` where the pointer is damaged."""
        return self._versions.current_version()

    def current(self) -> RetrieverVersion:
        """Load the live version. Raises `RefinementError` as `load` does; never falls back."""
        return self.load(self.current_version())

    def load(self, version: ModelVersion) -> RetrieverVersion:
        """Load a promoted version, or the unlearned one.

        Raises `RefinementError` where the version did not pass its gates, its weights do
        not have their hash, or it was trained over another encoder.
        """
        if version == UNLEARNED:
            return RetrieverVersion(version=version, weights=None)
        card = self.card(version)
        weights = self._versions.weights(card, encoder_sha256=self._encoder.sha256)
        return RetrieverVersion(version=version, weights=weights)
