"""Jobs: queued, run, cancelled, failed; their progress is stored."""

import threading
import time
from collections.abc import Iterator

import pytest

from policy_service.domain.errors import ConflictError, NotFoundError, UsageError
from policy_service.domain.progress import Progress
from policy_service.storage.jobs import FINAL, Job, JobState
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.platform import Platform


@pytest.fixture
def runner(platform: Platform) -> Iterator[JobRunner]:
    """A runner that is closed at the end."""
    made = JobRunner(platform)
    yield made
    made.close()


def finished(runner: JobRunner, job: Job) -> Job:
    """Wait until a job has ended."""
    for _ in range(1000):
        found = runner.find(job.id)
        if found.state in FINAL:
            return found
        time.sleep(0.01)
    pytest.fail("the job did not end")


def test_a_job_ends_with_its_result_and_its_last_progress(runner: JobRunner) -> None:
    """What the work returns and last reported is what the job says."""

    def work(progress: Progress) -> dict[str, object]:
        progress("counting", 3, 4)
        return {"draft": "dra_1"}

    job = finished(runner, runner.start("draft", work, requested_by="ada"))
    assert job.state is JobState.DONE
    assert job.result["draft"] == "dra_1"
    assert (job.stage, job.done, job.total) == ("counting", 3, 4)


def test_an_error_of_ours_is_the_jobs_error(runner: JobRunner) -> None:
    """A job that fails says the one line a command would."""

    def work(progress: Progress) -> dict[str, object]:
        raise UsageError("the file has a mistake on line 3")

    job = finished(runner, runner.start("draft", work, requested_by="ada"))
    assert job.state is JobState.FAILED
    assert job.error == "the file has a mistake on line 3"


def test_a_defect_ends_the_job_without_its_details(runner: JobRunner) -> None:
    """What nobody foresaw is named by its type only: it may hold a value."""

    def work(progress: Progress) -> dict[str, object]:
        raise RuntimeError("secret value")

    job = finished(runner, runner.start("draft", work, requested_by="ada"))
    assert job.state is JobState.FAILED
    assert "RuntimeError" in job.error
    assert "secret value" not in job.error


def test_a_cancelled_job_stops_at_its_next_step(runner: JobRunner) -> None:
    """Cancelling takes effect where the work reports progress."""
    reached, go_on = threading.Event(), threading.Event()

    def work(progress: Progress) -> dict[str, object]:
        reached.set()
        go_on.wait(5)
        progress("next", 1, 2)
        return {"never": "reached"}

    job = runner.start("draft", work, requested_by="ada")
    assert reached.wait(5)
    runner.cancel(job.id)
    go_on.set()
    ended = finished(runner, job)
    assert ended.state is JobState.CANCELLED
    assert not ended.result
    with pytest.raises(ConflictError, match="ended already"):
        runner.cancel(job.id)


def test_an_unknown_job_is_not_found(runner: JobRunner) -> None:
    """A job id that was never given is not found."""
    with pytest.raises(NotFoundError, match="job_0"):
        runner.find("job_0")
