"""Refinement's vocabulary: preferences of reviewers, model versions and their lineage."""

from dataclasses import dataclass

from policy_service.domain.control import Control
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import ModelVersion, Sha256Hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One lesson of a verdict: at this point `chosen` is right among the `alternatives`.

    `point_text` holds the fields that are embedded apart: role, asset, category, purpose.
    """

    point: DecisionPoint
    point_text: tuple[str, str, str, str]
    chosen: Control
    alternatives: tuple[Control, ...]  # the other candidates, floors already taken out
    reviewer: str
    weight: float  # corrections weigh more than plain approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One registered version of the reward model and where it came from."""

    version: ModelVersion
    parent: ModelVersion
    created_at: str
    preferences: int
    preferences_sha256: Sha256Hex
    weights_sha256: Sha256Hex
    encoder_sha256: Sha256Hex
    seed: int
    acceptance_before: float  # share of held-out verdicts whose control comes first
    acceptance_after: float
    floor_violations: int  # on the frozen safety set; must be 0 to be promoted
    promoted: bool
    note: str
