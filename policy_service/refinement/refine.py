"""One round of refinement: train, pass the gates, register, promote.

Whether there are enough new verdicts for a round, and the audit record of it, are the
caller's; a version that fails a gate is registered with its reasons and stays unused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from policy_service.domain.identifiers import ModelVersion
from policy_service.domain.learning import ModelCard, Preference
from policy_service.domain.progress import Progress, silent
from policy_service.kit.clock import Clock, rfc3339
from policy_service.refinement.embedding import RememberedEncoder
from policy_service.refinement.gates import GateReport, check_gates
from policy_service.refinement.preferences import Priors
from policy_service.refinement.registry import ModelRegistry
from policy_service.refinement.reward_model import RewardModel, TextEncoder
from policy_service.refinement.training import TrainedModel, train

UNNUMBERED = ModelVersion("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """What one round gave: the new version's card, and what the gates measured."""

    card: ModelCard
    report: GateReport


def refine(
    preferences: Sequence[Preference],
    *,
    priors: Priors,
    registry: ModelRegistry,
    encoder: TextEncoder,
    clock: Clock,
    seed: int,
    progress: Progress = silent,
) -> Refinement:
    """Train the next version and promote it when it passes every gate.

    Raises `RefinementError` where nothing can be learned or the live model is damaged.
    """
    current = registry.current()
    remembered = RememberedEncoder(encoder)
    trained = train(
        preferences, encoder=remembered, parent=current.version, seed=seed, progress=progress
    )

    def trainer(lessons: Sequence[Preference]) -> RewardModel:
        return train(lessons, encoder=remembered, parent=current.version, seed=seed).model

    report = check_gates(
        preferences,
        trainer=trainer,
        candidate=trained.model,
        current=current,
        priors=priors,
        progress=progress,
    )
    card = registry.register(_card(trained, report, clock), trained.weights)
    if report.passed:
        registry.promote(card.version)
    return Refinement(card=card, report=report)


def _card(trained: TrainedModel, report: GateReport, clock: Clock) -> ModelCard:
    return ModelCard(
        version=UNNUMBERED,
        parent=trained.parent,
        created_at=rfc3339(clock.now()),
        preferences=trained.preferences,
        preferences_sha256=trained.preferences_sha256,
        weights_sha256=trained.weights_sha256,
        encoder_sha256=trained.encoder_sha256,
        seed=trained.seed,
        acceptance_before=report.acceptance_before,
        acceptance_after=report.acceptance_after,
        floor_violations=len(report.violations),
        promoted=report.passed,
        note="; ".join(report.reasons),
    )
