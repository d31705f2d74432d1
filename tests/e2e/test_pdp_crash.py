"""The PDP as a process under load: killed at once, ended in order; what was answered is on record.

Law 3 across a power cut: an answer that somebody got is in the log, whatever came after.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.app import build_platform, close_platform
from policy_service.settings import Settings
from policy_service.workflows.accounts import make_api_token
from policy_service.workflows.audit import verify_audit
from policy_service.workflows.recorded_decisions import find_recorded
from tests.builders import make_bundle
from tests.fixtures.decision_point import ALLOWED, DENIED, go_live

CALLERS = 6
ENOUGH = 60  # answers before the end comes
START_S = 60.0


@pytest.fixture
def home(decision_home: Path, tmp_path: Path) -> Path:
    """A decision point's home of its own."""
    copied = tmp_path / "home"
    shutil.copytree(decision_home, copied)
    return copied


@pytest.fixture
def token(home: Path) -> str:
    """A token of an enforcement point; the policy is renewed, for the server's clock is real."""
    platform = build_platform(Settings(home=home))
    renewed = make_bundle(revision=2, issued_at=platform.clock.now())
    go_live(platform, replace(renewed, tenant="default"))
    _, secret = make_api_token(platform, "pep", label="crash")
    close_platform(platform)
    return secret


@pytest.fixture
def server(home: Path, token: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """`policy-service serve --pdp-only` in a process of its own, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    command = (sys.executable, "-m", "policy_service", "serve", "--pdp-only", "--port", str(port))
    environment = {**os.environ, "POLICY_SERVICE_HOME": str(home)}
    process = subprocess.Popen(command, env=environment)
    until = time.monotonic() + START_S
    while time.monotonic() < until and not _answers(port):
        assert process.poll() is None
        time.sleep(0.05)
    yield process, port
    process.kill()
    process.wait()


class _Caller(threading.Thread):
    """Asks until the connection ends, and keeps every answer it got whole."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__()
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.answers: list[tuple[bool, str]] = []
        self.others: list[int] = []

    def run(self) -> None:
        """Ask for what is allowed and what is not, in turn."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        bodies = [json.dumps(_body(one)) for one in (ALLOWED, DENIED)]
        try:
            while True:
                body = bodies[len(self.answers) % 2]
                connection.request("POST", "/access/v1/evaluation", body, self._headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 200:
                    self.others.append(answer.status)
                    return
                plain = json.loads(content)
                self.answers.append((plain["decision"], plain["context"]["decision_id"]))
        except (OSError, http.client.HTTPException):
            return  # the server is gone
        finally:
            connection.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_every_answer_is_on_record_however_the_server_ends(
    home: Path, token: str, server: tuple["subprocess.Popen[bytes]", int], how: signal.Signals
) -> None:
    """Killed or ended: no answered decision is missing, none differs, and the log is whole."""
    process, port = server
    callers = [_Caller(port, token) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    until = time.monotonic() + START_S
    while sum(len(one.answers) for one in callers) < ENOUGH and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(how)
    for caller in callers:
        caller.join(START_S)
    process.wait(START_S)
    platform = build_platform(Settings(home=home))
    try:
        answers = [one for caller in callers for one in caller.answers]
        assert len(answers) >= ENOUGH
        assert {allow for allow, _ in answers} == {True, False}
        assert not [status for caller in callers for status in caller.others]
        for allow, decision in answers:
            found = find_recorded(platform, decision)
            assert found.record.decision.allow is allow
            assert found.record.request.resource == (ALLOWED if allow else DENIED).resource
        assert verify_audit(platform).whole
    finally:
        close_platform(platform)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _body(request: object) -> dict[str, object]:
    assert isinstance(request, type(ALLOWED))
    return {
        "subject": {"type": "user", "id": request.subject},
        "action": {"name": request.action},
        "resource": {"type": request.resource_type, "id": request.resource},
        "context": {"purpose": request.purpose},
    }
