"""Versions of the drafting model, with what each learned from and how it was judged."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.progress import Progress
from policy_service.portal.guard import DeskOf, Reader, SafeForm, Trainer, see_other
from policy_service.portal.pages import render
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import list_jobs
from policy_service.workflows.refine import list_models, refine

router = APIRouter(prefix="/models")


@router.get("")
def get_models(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the versions, newest first, and how the last training went."""
    trainings = [job for job in list_jobs(desk.platform) if job.kind == "refine"]
    return render(
        request,
        "models.html",
        models=tuple(reversed(list_models(desk.platform))),
        training=trainings[0] if trainings else None,
        can_refine=may(account, Permission.REFINE),
    )


@router.post("/refinements")
def post_refinement(desk: DeskOf, form: SafeForm, account: Trainer) -> Response:
    """Start a job that trains on every verdict."""

    def work(progress: Progress) -> dict[str, object]:
        card = refine(desk.platform, actor=account.name, progress=progress).card
        return {"model": card.version, "promoted": card.promoted}

    desk.jobs.start("refine", work, requested_by=account.name)
    return see_other("/models", done="refining")
