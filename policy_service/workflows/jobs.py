"""Jobs: long work in a thread, with progress that is stored and can be cancelled."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from policy_service.domain.errors import Cancelled, ConflictError, NotFoundError, PolicyServiceError
from policy_service.domain.parameters import Parameters
from policy_service.domain.progress import Progress
from policy_service.kit.clock import rfc3339
from policy_service.storage import jobs
from policy_service.storage.jobs import FINAL, Job, JobState
from policy_service.workflows.platform import Platform

Work = Callable[[Progress], Mapping[str, object]]  # returns where the result is to be had


class JobRunner:
    """Runs jobs one after another; drafting takes all cores as it is."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._cancelled: set[str] = set()
        self._lock = threading.Lock()

    def start(self, kind: str, work: Work, *, requested_by: str) -> Job:
        """Queue work and return its job at once."""
        job = Job(
            id=self._platform.make_id("job"),
            kind=kind,
            requested_by=requested_by,
            state=JobState.WAITING,
            created_at=rfc3339(self._platform.clock.now()),
        )
        self._save(job)
        self._pool.submit(self._run, job, work)
        return job

    def find(self, job_id: str) -> Job:
        """Return a job as it stands. Raises `NotFoundError`."""
        with self._platform.database.read() as session:
            job = jobs.find_job(session, job_id)
        if job is None:
            raise NotFoundError(f"no job `{job_id}`")
        return job

    def cancel(self, job_id: str) -> Job:
        """Stop a job at its next step. Raises `ConflictError` where it has ended."""
        job = self.find(job_id)
        if job.state in FINAL:
            raise ConflictError(f"job `{job_id}` has ended already: {job.state.value}")
        with self._lock:
            self._cancelled.add(job_id)
        return job

    def close(self) -> None:
        """Cancel what waits, finish what runs, and stop."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, work: Work) -> None:
        running = replace(job, state=JobState.RUNNING)
        self._save(running)
        last = running

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal last
            with self._lock:
                if job.id in self._cancelled:
                    raise Cancelled(f"job `{job.id}` was cancelled")
            if (stage, done) != (last.stage, last.done):
                last = replace(running, stage=stage, done=done, total=total)
                self._save(last)

        try:
            progress("starting", 0, 0)
            result = work(progress)
            self._save(replace(last, state=JobState.DONE, result=Parameters(result)))
        except Cancelled:
            self._save(replace(last, state=JobState.CANCELLED))
        except PolicyServiceError as error:
            self._save(replace(last, state=JobState.FAILED, error=error.message))
        except Exception as error:  # a defect: the job must end, whatever it was
            note = f"internal error ({type(error).__name__}); the service's log has the details"
            self._save(replace(last, state=JobState.FAILED, error=note))
            raise

    def _save(self, job: Job) -> None:
        with self._platform.database.write() as session:
            jobs.save_job(session, job)
