"""Long work over HTTP: 202 with a `Location`, and its progress as server-sent events.

Source: WHATWG HTML, section 9.2, for the event stream.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from policy_service.api.answers import show_job
from policy_service.api.schemas import JobShown
from policy_service.domain.errors import NotFoundError
from policy_service.domain.review import Account, AccountRole
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.reading import Job, job_ended

_LOOK_EVERY_S = 0.25
_KEEP_ALIVE_EVERY = 60  # looks: a comment every 15 s, so that proxies keep the line open


def accepted(response: Response, job: Job) -> JobShown:
    """Answer a request for long work with where to follow it."""
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return show_job(job)


def own_job(runner: JobRunner, job_id: str, caller: Account) -> Job:
    """Return a job to who asked for it, or to an administrator. Raises `NotFoundError`."""
    job = runner.find(job_id)
    if job.requested_by != caller.name and caller.role is not AccountRole.ADMINISTRATOR:
        raise NotFoundError(f"no job `{job_id}`")
    return job


async def job_events(runner: JobRunner, job_id: str) -> AsyncIterator[str]:
    """Yield an event each time a job moves; the last one is called `end`."""
    last, quiet = "", 0
    while True:
        job = await run_in_threadpool(runner.find, job_id)
        data = show_job(job).model_dump_json()
        if data != last:
            kind = "end" if job_ended(job) else "progress"
            yield f"event: {kind}\ndata: {data}\n\n"
            last, quiet = data, 0
        if job_ended(job):
            return
        quiet += 1
        if quiet % _KEEP_ALIVE_EVERY == 0:
            yield ": still here\n\n"
        await asyncio.sleep(_LOOK_EVERY_S)
