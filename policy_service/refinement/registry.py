"""The registry of the drafting model: its versions, and the live one loaded.

A damaged model never falls back to the prior on its own. Nothing here trains or judges.
"""

from pathlib import Path

from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import ModelCard
from policy_service.engines.reward_head import RewardHead
from policy_service.refinement.reward_model import PRIOR, RewardModel, TextEncoder
from policy_service.refinement.version_folder import VersionFolder, VersionNames

_NAMES = VersionNames(kind="model", prefix="reward", unlearned=PRIOR, weights="weights.safetensors")


class ModelRegistry:
    """The versions below one folder. Versions are `prior-0`, `reward-1` and so on."""

    def __init__(self, *, folder: Path, encoder: TextEncoder) -> None:
        self._versions = VersionFolder(folder=folder, names=_NAMES, card=ModelCard)
        self._encoder = encoder

    def versions(self) -> tuple[ModelVersion, ...]:
        """List the registered versions, oldest first; the prior is not among them."""
        return self._versions.versions()

    def cards(self) -> tuple[ModelCard, ...]:
        """Read the card of every version, oldest first."""
        return self._versions.cards()

    def card(self, version: ModelVersion) -> ModelCard:
        """Read one card. Raises `RefinementError` where it is missing or damaged."""
        return self._versions.card(version)

    def lineage(self, version: ModelVersion) -> tuple[ModelCard, ...]:
        """Return the card of `version` and of each ancestor, newest first, down to the prior."""
        return self._versions.lineage(version)

    def register(self, card: ModelCard, weights: bytes) -> ModelCard:
        """Keep a new version whole or not at all, and return its card with its number.

        The card's own version is ignored. Raises `RefinementError` where the weights do
        not have the card's hash, or the folder cannot be written.
        """
        RewardHead.from_bytes(weights)
        return self._versions.register(card, weights)

    def promote(self, version: ModelVersion) -> None:
        """Make `version` the live one; an older one, or the prior, rolls back.

        Raises `RefinementError` for a version that did not pass its gates or is damaged.
        """
        self.load(version)
        self._versions.point_to(version)

    def current_version(self) -> ModelVersion:
        """Name the live version: the prior until one is promoted.

        Raises `RefinementError` where the pointer is damaged.
        """
        return self._versions.current_version()

    def current(self) -> RewardModel:
        """Load the live model. Raises `RefinementError` as `load` does; never falls back."""
        return self.load(self.current_version())

    def load(self, version: ModelVersion) -> RewardModel:
        """Load a promoted version, or the prior's empty model.

        Raises `RefinementError` where the version did not pass its gates, its weights do
        not have their hash, or it was trained over another encoder.
        """
        if version == PRIOR:
            return RewardModel(encoder=self._encoder)
        card = self.card(version)
        weights = self._versions.weights(card, encoder_sha256=self._encoder.sha256)
        head = RewardHead.from_bytes(weights)
        return RewardModel(encoder=self._encoder, version=version, head=head)
