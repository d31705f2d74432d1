"""The registry of the name classifier: its versions, and the live one's weights.

A version holds all that it needs, the weights that were shipped included, and no encoder.
What weights mean is the catalogue's; nothing here trains or judges.
"""

from dataclasses import dataclass
from pathlib import Path

from policy_service.domain.identifiers import ModelVersion, Sha256Hex
from policy_service.domain.learning import ClassifierCard
from policy_service.refinement.version_folder import VersionNames
from policy_service.refinement.version_registry import VersionRegistry

SHIPPED = ModelVersion("shipped-0")  # what the product brings
NO_ENCODER = Sha256Hex("")
_NAMES = VersionNames(
    kind="classifier", prefix="classifier", unlearned=SHIPPED, weights="weights.npz"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierVersion:
    """One version with its weights; `None` for the one that was shipped."""

    version: ModelVersion
    weights: bytes | None


class ClassifierRegistry(VersionRegistry[ClassifierCard, ClassifierVersion]):
    """The versions below one folder. Versions are `shipped-0`, `classifier-1` and so on."""

    def __init__(self, *, folder: Path) -> None:
        super().__init__(folder=folder, names=_NAMES, card=ClassifierCard)

    def _encoder_sha256(self) -> str:
        return NO_ENCODER

    def _open(self, version: ModelVersion, weights: bytes | None) -> ClassifierVersion:
        return ClassifierVersion(version=version, weights=weights)
