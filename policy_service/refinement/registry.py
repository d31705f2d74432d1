"""The registry of the drafting model: its versions, and the live one loaded.

A damaged model never falls back to the prior on its own. Nothing here trains or judges.
"""

from pathlib import Path

from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import ModelCard
from policy_service.engines.reward_head import RewardHead
from policy_service.refinement.reward_model import PRIOR, RewardModel, TextEncoder
from policy_service.refinement.version_folder import VersionNames
from policy_service.refinement.version_registry import VersionRegistry

_NAMES = VersionNames(kind="model", prefix="reward", unlearned=PRIOR, weights="weights.safetensors")


class ModelRegistry(VersionRegistry[ModelCard, RewardModel]):
    """The versions below one folder. Versions are `prior-0`, `reward-1` and so on."""

    def __init__(self, *, folder: Path, encoder: TextEncoder) -> None:
        super().__init__(folder=folder, names=_NAMES, card=ModelCard)
        self._encoder = encoder

    def register(self, card: ModelCard, weights: bytes) -> ModelCard:
        """Keep a new version whole or not at all, and return its card with its number.

        Raises `RefinementError` also for weights that cannot be read.
        """
        RewardHead.from_bytes(weights)
        return super().register(card, weights)

    def _encoder_sha256(self) -> str:
        return self._encoder.sha256

    def _open(self, version: ModelVersion, weights: bytes | None) -> RewardModel:
        if weights is None:
            return RewardModel(encoder=self._encoder)
        return RewardModel(
            encoder=self._encoder, version=version, head=RewardHead.from_bytes(weights)
        )
