"""Versions of what drafts and of what finds clauses; refining is a job."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from policy_service.api.access import Reader, ServicesOf, Trainer
from policy_service.api.jobs import accepted
from policy_service.api.learning_schemas import RefinementRequest, RetrieverShown
from policy_service.api.schemas import JobShown, ModelShown, shown
from policy_service.domain.progress import Progress
from policy_service.workflows.refine import list_models, refine
from policy_service.workflows.refine_retriever import list_retrievers, refine_retriever

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", operation_id="list_models", summary="List the model versions")
def get_models(services: ServicesOf, caller: Reader) -> list[ModelShown | RetrieverShown]:
    """Each kind newest first, with lineage and the figures that the gates looked at."""
    drafting = [shown(ModelShown, card) for card in reversed(list_models(services.platform))]
    retrievers = list_retrievers(services.platform)
    return [*drafting, *(shown(RetrieverShown, card) for card in reversed(retrievers))]


@router.post(
    "/refinements",
    operation_id="start_refinement",
    summary="Learn from verdicts or marks",
    status_code=202,
)
def post_refinement(
    response: Response,
    services: ServicesOf,
    caller: Trainer,
    body: Annotated[RefinementRequest | None, Body()] = None,
) -> JobShown:
    """Start a job that trains a model; it is promoted only when every gate holds."""
    retriever = body is not None and body.model == "retriever"

    def work(progress: Progress) -> dict[str, object]:
        if retriever:
            done = refine_retriever(services.platform, actor=caller.name, progress=progress)
            return {"model": done.card.version, "promoted": done.card.promoted}
        card = refine(services.platform, actor=caller.name, progress=progress).card
        return {"model": card.version, "promoted": card.promoted}

    kind = "refine-retriever" if retriever else "refine"
    return accepted(response, services.jobs.start(kind, work, requested_by=caller.name))
