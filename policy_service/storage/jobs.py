"""Jobs: long work that somebody asked for over HTTP, as stored."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import insert, select, update

from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work: how far it is, and where its result is to be had."""

    id: str
    kind: str  # scan, draft, verify, refine
    requested_by: str
    state: JobState
    stage: str = ""
    done: int = 0
    total: int = 0
    result: Parameters = NO_PARAMETERS
    error: str = ""
    created_at: str = ""


def save_job(session: WriteSession, job: Job) -> None:
    """Store a job, or how far it has come."""
    change = update(tables.jobs).where(tables.jobs.c.id == job.id)
    if session.write(change.values(state=job.state.value, body=dump(job))) == 0:
        session.write(
            insert(tables.jobs).values(
                id=job.id,
                kind=job.kind,
                requested_by=job.requested_by,
                state=job.state.value,
                body=dump(job),
                created_at=job.created_at,
            )
        )


def find_job(session: ReadSession, job: str) -> Job | None:
    """Find a job by its id."""
    body = session.value(select(tables.jobs.c.body).where(tables.jobs.c.id == job))
    return None if body is None else load(Job, body)


def list_jobs(session: ReadSession) -> tuple[Job, ...]:
    """List the jobs, newest first."""
    query = select(tables.jobs.c.body).order_by(tables.jobs.c.created_at.desc(), tables.jobs.c.id)
    return tuple(load(Job, row.body) for row in session.rows(query))
