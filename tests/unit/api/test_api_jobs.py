"""Long work over HTTP: 202, progress as server-sent events, cancelling, whose it is."""

import json
import sqlite3
import threading
import time
from pathlib import Path

from starlette.testclient import TestClient

from policy_service.domain.progress import Progress
from tests.fixtures.web import Web


def _wait(client: TestClient, location: str, headers: dict[str, str]) -> dict[str, object]:
    for _ in range(200):
        job: dict[str, object] = client.get(location, headers=headers).json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def _start_blocked(web: Web, gate: threading.Event) -> str:
    """Start a job that reports steps until the gate opens."""

    def work(progress: Progress) -> dict[str, object]:
        step = 0
        while not gate.wait(0.02):
            step += 1
            progress("waiting for the gate", step, 0)
        return {"answer": 42}

    app = web.client.app
    services = app.state.services  # type: ignore[attr-defined]  # a FastAPI application
    return str(services.jobs.start("test", work, requested_by="vera").id)


def test_verifying_is_a_job_that_can_be_followed(web: Web) -> None:
    """202 with a location; the stream ends with the result."""
    headers = web.token("vera")
    path = f"/api/v1/drafts/{web.draft.id}/verifications"
    started = web.client.post(path, headers=headers)
    assert started.status_code == 202
    location = started.headers["location"]
    events = web.client.get(f"{location}/events", headers=headers)
    assert events.headers["content-type"].startswith("text/event-stream")
    last = [line for line in events.text.splitlines() if line.startswith("data: ")][-1]
    assert events.text.rstrip().rsplit("event: ", 1)[-1].startswith("end")
    assert json.loads(last.removeprefix("data: "))["result"]["publishable"] is True


def test_a_scan_that_fails_says_why_and_stores_nothing(web: Web, tmp_path: Path) -> None:
    """The job ends as failed with one line; the sources are what they were."""
    sqlite3.connect(tmp_path / "empty.db").close()
    headers = web.token("ann-author")
    body = {"url": f"sqlite:///{tmp_path / 'empty.db'}"}
    started = web.client.post("/api/v1/sources/empty/scans", json=body, headers=headers)
    job = _wait(web.client, started.headers["location"], headers)
    assert job["state"] == "failed"
    assert job["error"]
    assert len(web.client.get("/api/v1/sources", headers=headers).json()) == 1


def test_a_job_is_cancelled_and_then_cannot_be_again(web: Web) -> None:
    """Cancelling stops at the next step; afterwards it is a conflict."""
    gate = threading.Event()
    job, headers = _start_blocked(web, gate), web.token("vera")
    try:
        assert web.client.delete(f"/api/v1/jobs/{job}", headers=headers).status_code == 202
        assert _wait(web.client, f"/api/v1/jobs/{job}", headers)["state"] == "cancelled"
    finally:
        gate.set()
    assert web.client.delete(f"/api/v1/jobs/{job}", headers=headers).status_code == 409


def test_anothers_job_does_not_exist(web: Web) -> None:
    """404 hides existence; an administrator sees all jobs."""
    gate = threading.Event()
    job = _start_blocked(web, gate)
    gate.set()
    _wait(web.client, f"/api/v1/jobs/{job}", web.token("vera"))
    for path in (f"/api/v1/jobs/{job}", f"/api/v1/jobs/{job}/events"):
        assert web.client.get(path, headers=web.token("sam")).status_code == 404
        assert web.client.get(path, headers=web.token("ada")).status_code == 200
    assert web.client.get("/api/v1/jobs", headers=web.token("sam")).json() == []
    assert len(web.client.get("/api/v1/jobs", headers=web.token("ada")).json()) == 1


def test_a_wrong_organisation_file_is_refused_before_any_job(web: Web) -> None:
    """A typo is told at once, with its line, and no path of the server."""
    body = {"source": "bank", "organisation": "name: Bank\nsektor: banking\n"}
    answer = web.client.post("/api/v1/drafts", json=body, headers=web.token("ann-author"))
    assert answer.status_code == 422
    assert "sektor" in answer.json()["detail"]
    assert "/tmp" not in answer.text
    assert web.client.get("/api/v1/jobs", headers=web.token("ada")).json() == []


def test_drafting_an_unknown_source_is_404(web: Web, repository: Path) -> None:
    """Scan first: there is no catalogue to draft for."""
    text = (repository / "policies" / "organisations" / "bank.yaml").read_text(encoding="utf-8")
    body = {"source": "nowhere", "organisation": text}
    answer = web.client.post("/api/v1/drafts", json=body, headers=web.token("ann-author"))
    assert answer.status_code in (404, 422)
    assert "location" not in answer.headers
