"""Jobs: long work that somebody asked for."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from policy_service.api.access import Reader, ServicesOf
from policy_service.api.answers import show_job
from policy_service.api.jobs import job_events, own_job
from policy_service.api.schemas import JobShown
from policy_service.domain.review import AccountRole
from policy_service.workflows.reading import list_jobs

router = APIRouter(prefix="/jobs", tags=["jobs"])
JobId = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$", examples=["job_4k2w…"])]


@router.get("", operation_id="list_jobs", summary="List your jobs")
def get_jobs(services: ServicesOf, caller: Reader) -> list[JobShown]:
    """Newest first. An administrator sees everybody's."""
    everybodys = caller.role is AccountRole.ADMINISTRATOR
    return [
        show_job(job)
        for job in list_jobs(services.platform)
        if everybodys or job.requested_by == caller.name
    ]


@router.get("/{job_id}", operation_id="get_job", summary="Show how far a job is")
def get_job(job_id: JobId, services: ServicesOf, caller: Reader) -> JobShown:
    """Another person's job does not exist for you."""
    return show_job(own_job(services.jobs, job_id, caller))


@router.get(
    "/{job_id}/events",
    operation_id="follow_job",
    summary="Follow a job by server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def get_events(job_id: JobId, services: ServicesOf, caller: Reader) -> StreamingResponse:
    """Send `progress` each time the job moves and `end` when it has ended; then close."""
    job = await run_in_threadpool(own_job, services.jobs, job_id, caller)
    return StreamingResponse(
        job_events(services.jobs, job.id),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.delete("/{job_id}", operation_id="cancel_job", summary="Cancel a job", status_code=202)
def delete_job(job_id: JobId, services: ServicesOf, caller: Reader) -> JobShown:
    """It stops at its next step and keeps nothing; one that has ended is a conflict."""
    job = own_job(services.jobs, job_id, caller)
    return show_job(services.jobs.cancel(job.id))
