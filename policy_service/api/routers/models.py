"""Versions of the drafting model; refining is a job."""

from fastapi import APIRouter, Response

from policy_service.api.access import Reader, ServicesOf, Trainer
from policy_service.api.jobs import accepted
from policy_service.api.schemas import JobShown, ModelShown, shown
from policy_service.domain.progress import Progress
from policy_service.workflows.refine import list_models, refine

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", operation_id="list_models", summary="List the model versions")
def get_models(services: ServicesOf, caller: Reader) -> list[ModelShown]:
    """Newest first, with lineage and the figures that the gates looked at."""
    return [shown(ModelShown, card) for card in reversed(list_models(services.platform))]


@router.post(
    "/refinements", operation_id="start_refinement", summary="Learn from verdicts", status_code=202
)
def post_refinement(response: Response, services: ServicesOf, caller: Trainer) -> JobShown:
    """Start a job that trains on every verdict; it is promoted only when every gate holds."""

    def work(progress: Progress) -> dict[str, object]:
        card = refine(services.platform, actor=caller.name, progress=progress).card
        return {"model": card.version, "promoted": card.promoted}

    return accepted(response, services.jobs.start("refine", work, requested_by=caller.name))
