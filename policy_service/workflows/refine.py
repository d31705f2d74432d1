"""Refine: the reviewers' verdicts → a new version of the drafting model, if the gates hold."""

from policy_service.domain.draft import DecisionPoint, Draft
from policy_service.domain.identifiers import DraftId, ModelVersion
from policy_service.domain.learning import ModelCard, Preference
from policy_service.domain.progress import Progress
from policy_service.drafting.points import point_text
from policy_service.refinement import preferences as lessons
from policy_service.refinement.refine import Refinement
from policy_service.refinement.refine import refine as train_and_gate
from policy_service.storage import drafts
from policy_service.workflows.draft import DEFAULT_SEED, DraftView, load_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import record_event


def refine(
    platform: Platform, *, actor: str, progress: Progress, seed: int = DEFAULT_SEED
) -> Refinement:
    """Train on every verdict so far, register the version, promote it when every gate holds.

    Raises `RefinementError` where no verdict teaches anything yet.
    """
    preferences, reviewed = collect_preferences(platform)
    result = train_and_gate(
        preferences,
        priors=lessons.priors_from(reviewed),
        registry=platform.models,
        encoder=platform.encoder(),
        clock=platform.clock,
        seed=seed,
        progress=progress,
    )
    card = result.card
    record_event(
        platform,
        "refinement",
        actor=actor,
        subject=card.version,
        parent=card.parent,
        preferences=card.preferences,
        preferences_sha256=card.preferences_sha256,
        weights_sha256=card.weights_sha256,
        promoted=card.promoted,
    )
    return result


def collect_preferences(platform: Platform) -> tuple[tuple[Preference, ...], tuple[Draft, ...]]:
    """Turn every verdict into preferences; also return the drafts they are about."""
    found: list[Preference] = []
    reviewed: list[Draft] = []
    with platform.database.read() as session:
        views = [load_draft(session, row.id) for row in reversed(drafts.list_drafts(session))]
        verdicts = {view.draft.id: drafts.list_verdicts(session, view.draft.id) for view in views}
    for view in views:
        if not verdicts[view.draft.id]:
            continue
        reviewed.append(view.draft)
        found.extend(
            lessons.preferences_from(
                verdicts=verdicts[view.draft.id],
                drafts={DraftId(view.draft.id): view.draft},
                point_text=_PointTexts(platform, view),
            )
        )
    return tuple(found), tuple(reviewed)


def list_models(platform: Platform) -> tuple[ModelCard, ...]:
    """List the versions of the drafting model, oldest first."""
    return platform.models.cards()


def roll_back_model(platform: Platform, version: str, *, actor: str) -> ModelVersion:
    """Make an older promoted version, or `prior-0`, the live one.

    Raises `RefinementError` for one that did not pass its gates or is damaged.
    """
    chosen = ModelVersion(version)
    platform.models.promote(chosen)
    record_event(platform, "model_rollback", actor=actor, subject=chosen)
    return chosen


class _PointTexts:
    """Writes the fields of a decision point as the draft's organisation and catalogue name them."""

    def __init__(self, platform: Platform, view: DraftView) -> None:
        self._platform = platform
        self._view = view

    def __call__(self, point: DecisionPoint) -> tuple[str, str, str, str]:
        return point_text(
            point,
            organisation=self._view.organisation,
            catalog=self._view.catalog,
            categories=self._platform.categories,
        )
