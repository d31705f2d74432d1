"""Versions of all that learns from people: what each learned, how it was judged."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.errors import UsageError
from policy_service.domain.progress import Progress
from policy_service.portal.guard import DeskOf, Reader, SafeForm, Trainer, field, see_other
from policy_service.portal.pages import render
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import list_jobs
from policy_service.workflows.refine import list_models
from policy_service.workflows.refine_classifier import list_classifiers
from policy_service.workflows.refine_retriever import deciding_figures, list_retrievers
from policy_service.workflows.refinements import JOB_KINDS, refine_model

router = APIRouter(prefix="/models")


@router.get("")
def get_models(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the versions of each, newest first, and how the last training went."""
    kinds = frozenset(JOB_KINDS.values())
    trainings = [job for job in list_jobs(desk.platform) if job.kind in kinds]
    return render(
        request,
        "models.html",
        models=tuple(reversed(list_models(desk.platform))),
        retrievers=tuple(
            (card, *deciding_figures(card)) for card in reversed(list_retrievers(desk.platform))
        ),
        classifiers=tuple(reversed(list_classifiers(desk.platform))),
        training=trainings[0] if trainings else None,
        can_refine=may(account, Permission.REFINE),
    )


@router.post("/refinements")
def post_refinement(desk: DeskOf, form: SafeForm, account: Trainer) -> Response:
    """Start a job that trains on every verdict, mark or correction."""
    model = field(form, "model") or "drafting"
    if model not in JOB_KINDS:
        raise UsageError(f"there is no model `{model}` to refine")

    def work(progress: Progress) -> dict[str, object]:
        card = refine_model(desk.platform, model, actor=account.name, progress=progress)
        return {"model": card.version, "promoted": card.promoted}

    desk.jobs.start(JOB_KINDS[model], work, requested_by=account.name)
    return see_other("/models", done="refining")
