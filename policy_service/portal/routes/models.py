"""Versions of what drafts and of what finds clauses: what each learned, how it was judged."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.progress import Progress
from policy_service.portal.guard import DeskOf, Reader, SafeForm, Trainer, field, see_other
from policy_service.portal.pages import render
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import list_jobs
from policy_service.workflows.refine import list_models, refine
from policy_service.workflows.refine_retriever import (
    deciding_figures,
    list_retrievers,
    refine_retriever,
)

router = APIRouter(prefix="/models")
_KINDS = ("refine", "refine-retriever")


@router.get("")
def get_models(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the versions of both, newest first, and how the last training went."""
    trainings = [job for job in list_jobs(desk.platform) if job.kind in _KINDS]
    return render(
        request,
        "models.html",
        models=tuple(reversed(list_models(desk.platform))),
        retrievers=tuple(
            (card, *deciding_figures(card)) for card in reversed(list_retrievers(desk.platform))
        ),
        training=trainings[0] if trainings else None,
        can_refine=may(account, Permission.REFINE),
    )


@router.post("/refinements")
def post_refinement(desk: DeskOf, form: SafeForm, account: Trainer) -> Response:
    """Start a job that trains on every verdict, or on every mark."""
    retriever = field(form, "model") == "retriever"

    def work(progress: Progress) -> dict[str, object]:
        if retriever:
            done = refine_retriever(desk.platform, actor=account.name, progress=progress)
            return {"model": done.card.version, "promoted": done.card.promoted}
        card = refine(desk.platform, actor=account.name, progress=progress).card
        return {"model": card.version, "promoted": card.promoted}

    desk.jobs.start(_KINDS[retriever], work, requested_by=account.name)
    return see_other("/models", done="refining")
