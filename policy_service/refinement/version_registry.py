"""What every registry of models has in common: list, register, promote, load, roll back.

What weights mean is said by the three that stand on it (`registry`, `retriever_registry`,
`classifier_registry`). A damaged version never falls back to the unlearned one on its own:
whoever asks stops with one clear line until it is restored or rolled back.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import VersionCard
from policy_service.refinement.version_folder import VersionFolder, VersionNames

C = TypeVar("C", bound=VersionCard)
M = TypeVar("M")


class VersionRegistry(ABC, Generic[C, M]):
    """The versions below one folder, with cards of type `C`, loaded as an `M`."""

    def __init__(self, *, folder: Path, names: VersionNames, card: type[C]) -> None:
        self._unlearned = names.unlearned
        self._versions = VersionFolder(folder=folder, names=names, card=card)

    def versions(self) -> tuple[ModelVersion, ...]:
        """List the registered versions, oldest first; the unlearned one is not among them."""
        return self._versions.versions()

    def cards(self) -> tuple[C, ...]:
        """Read the card of every version, oldest first."""
        return self._versions.cards()

    def card(self, version: ModelVersion) -> C:
        """Read one card. Raises `RefinementError` where it is missing or damaged."""
        return self._versions.card(version)

    def lineage(self, version: ModelVersion) -> tuple[C, ...]:
        """Return the card of `version` and of each ancestor, newest first."""
        return self._versions.lineage(version)

    def register(self, card: C, weights: bytes) -> C:
        """Keep a new version whole or not at all, and return its card with its number.

        The card's own version is ignored. Raises `RefinementError` where the weights do
        not have the card's hash, or the folder cannot be written.
        """
        return self._versions.register(card, weights)

    def promote(self, version: ModelVersion) -> None:
        """Make `version` the live one; an older one, or the unlearned one, rolls back.

        Raises `RefinementError` for a version that did not pass its gates or is damaged.
        """
        self.load(version)
        self._versions.point_to(version)

    def current_version(self) -> ModelVersion:
        """Name the live version: the unlearned one until another is promoted.

        Raises `RefinementError` where the pointer is damaged.
        """
        return self._versions.current_version()

    def current(self) -> M:
        """Load the live version. Raises `RefinementError` as `load` does; never falls back."""
        return self.load(self.current_version())

    def load(self, version: ModelVersion) -> M:
        """Load a promoted version, or the unlearned one.

        Raises `RefinementError` where the version did not pass its gates, its weights do
        not have their hash, or it was trained over another encoder.
        """
        if version == self._unlearned:
            return self._open(version, None)
        card = self.card(version)
        return self._open(
            version, self._versions.weights(card, encoder_sha256=self._encoder_sha256())
        )

    @abstractmethod
    def _encoder_sha256(self) -> str:
        """Return the hash of the encoder that weights must have been trained over."""

    @abstractmethod
    def _open(self, version: ModelVersion, weights: bytes | None) -> M:
        """Open weights; None for the version that learned nothing."""
