"""Versions of what drafts, finds clauses and classifies columns; refining is a job."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from policy_service.api.access import Reader, ServicesOf, Trainer
from policy_service.api.jobs import accepted
from policy_service.api.learning_schemas import ClassifierShown, RefinementRequest, RetrieverShown
from policy_service.api.schemas import JobShown, ModelShown, shown
from policy_service.domain.progress import Progress
from policy_service.workflows.refine import list_models
from policy_service.workflows.refine_classifier import list_classifiers
from policy_service.workflows.refine_retriever import list_retrievers
from policy_service.workflows.refinements import JOB_KINDS, refine_model

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", operation_id="list_models", summary="List the model versions")
def get_models(
    services: ServicesOf, caller: Reader
) -> list[ModelShown | RetrieverShown | ClassifierShown]:
    """Each kind newest first, with lineage and the figures that the gates looked at."""
    drafting = [shown(ModelShown, card) for card in reversed(list_models(services.platform))]
    retrievers = list_retrievers(services.platform)
    classifiers = list_classifiers(services.platform)
    return [
        *drafting,
        *(shown(RetrieverShown, card) for card in reversed(retrievers)),
        *(shown(ClassifierShown, card) for card in reversed(classifiers)),
    ]


@router.post(
    "/refinements",
    operation_id="start_refinement",
    summary="Learn from verdicts, marks or corrections",
    status_code=202,
)
def post_refinement(
    response: Response,
    services: ServicesOf,
    caller: Trainer,
    body: Annotated[RefinementRequest | None, Body()] = None,
) -> JobShown:
    """Start a job that trains a model; it is promoted only when every gate holds."""
    model = "drafting" if body is None else body.model

    def work(progress: Progress) -> dict[str, object]:
        card = refine_model(services.platform, model, actor=caller.name, progress=progress)
        return {"model": card.version, "promoted": card.promoted}

    job = services.jobs.start(JOB_KINDS[model], work, requested_by=caller.name)
    return accepted(response, job)
