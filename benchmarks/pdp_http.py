"""The decision point over HTTP: AuthZEN by uvicorn, every decision on record before its answer.

    python -m benchmarks.pdp_http [--quick] [--seconds N] [--connections N] [--rules N]

The server is `policy-service serve --pdp-only --workers 2` over a signed bundle and SQLite;
the load generator is a process of its own (`pdp_http_client`), so all share the machine.
Every answer is compared with the policy in process, and what the audit log holds afterwards
with what was answered. Peers under the same load: one server process, the same service by its
FastAPI route, and an empty application, which is what uvicorn can do.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.decision_policies import Case, make_case
from benchmarks.pdp_http_client import Plan
from benchmarks.report import finish, percentile, run_apart, say
from policy_service.app import build_platform, close_platform
from policy_service.audit.fsck import check_log
from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import AuditError
from policy_service.domain.review import AccountRole
from policy_service.enforcement.index import compile_policy
from policy_service.publication.signing import sign_bundle
from policy_service.settings import Settings
from policy_service.storage import bundles
from policy_service.workflows.accounts import add_account, make_api_token
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import AUDIT_FILE
from policy_service.workflows.recorded_decisions import GROUP_KIND

BOXCAR = 100
_BOXCAR_CONNECTIONS = 4
_START_S = 60
_SYNCS = 200
_CLIENT = "benchmarks.pdp_http_client"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    folder: Path
    token: str
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    port: int
    process: "subprocess.Popen[bytes]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="2 seconds each")
    options = parser.parse_args(arguments)
    seconds = min(options.seconds, 2.0) if options.quick else options.seconds
    with tempfile.TemporaryDirectory() as folder:
        home = _make_home(Path(folder) / "home", options.rules)
        finish(_measure(home, seconds=seconds, connections=options.connections))


def _measure(home: _Home, *, seconds: float, connections: int) -> dict[str, Any]:
    one = _singles(home, connections, seconds)
    many = _boxcars(home, seconds)
    syncs_ms = _syncs_ms(home.folder)
    serve = ("policy_service", "serve", "--pdp-only", "--workers", "2", "--port")
    lean, boxcar = _drive(home, "the decision point, two processes", serve, (one, many))
    alone = (*serve[:3], serve[-1])
    single, single_many = _drive(home, "the decision point, one process", alone, (one, many))
    route, route_many = _drive(
        home, "the FastAPI route", _uvicorn("framework_route", "--factory"), (one, many)
    )
    (hello,) = _drive(home, "an empty application", _uvicorn("hello"), (_plain(one),))
    syncs_ms += _syncs_ms(home.folder)
    recorded = _recorded(home)
    answered = sum(
        done["decisions"] for done in (lean, boxcar, single, single_many, route, route_many)
    )
    return {
        **lean,
        "errors": lean["errors"] + boxcar["errors"],
        "boxcar_decisions_per_s": boxcar["decisions_per_s"],
        "boxcar_p99_ms": boxcar["p99_ms"],
        "boxcar_server_cpu_us_per_decision": boxcar["server_cpu_us_per_decision"],
        "sync_p50_ms": percentile(syncs_ms, 0.50),
        "sync_p99_ms": percentile(syncs_ms, 0.99),
        "decisions_answered": answered,
        "decisions_on_record": recorded,
        "peers": {
            "fastapi_route": {
                **route,
                "boxcar_decisions_per_s": route_many["decisions_per_s"],
                "lean_over_route": lean["requests_per_s"] / route["requests_per_s"],
            },
            "one_process": {
                **single,
                "boxcar_decisions_per_s": single_many["decisions_per_s"],
                "boxcar_p99_ms": single_many["p99_ms"],
            },
            "empty_application": hello,
        },
    }


def _syncs_ms(folder: Path) -> list[float]:
    """Time the disk alone: a group waits for two of these."""
    taken = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - began) * 1e3)
    return taken


def _make_home(folder: Path, rules: int) -> _Home:
    """Sign a synthetic policy into a home of its own, with its people and an account."""
    say(f"signing a bundle of {rules:,} rules")
    platform = build_platform(Settings(home=folder))
    try:
        made = make_case(rules=rules, requests=2_000)
        case = replace(made, bundle=replace(made.bundle, tenant=platform.tenant))
        replace_people(platform, case.directory.people, actor="benchmark")
        with platform.database.write() as session:
            bundles.add_bundle(session, sign_bundle(case.bundle, signer=platform.signer))
        add_account(platform, name="pep", role=AccountRole.AUDITOR, actor="benchmark")
        _, token = make_api_token(platform, "pep", label="benchmark")
    finally:
        close_platform(platform)
    return _Home(folder=folder, token=token, case=case)


def _singles(home: _Home, connections: int, seconds: float) -> Plan:
    decided = _decided(home)
    return Plan(
        port=0,
        path="/access/v1/evaluation",
        headers=_headers(home),
        connections=connections,
        seconds=seconds,
        bodies=tuple(json.dumps(_body(one)) for one in home.case.requests),
        expected=tuple((one,) for one in decided),
    )


def _boxcars(home: _Home, seconds: float) -> Plan:
    requests, decided = home.case.requests, _decided(home)
    starts = range(0, len(requests), BOXCAR)
    return Plan(
        port=0,
        path="/access/v1/evaluations",
        headers=_headers(home),
        connections=_BOXCAR_CONNECTIONS,
        seconds=seconds,
        bodies=tuple(
            json.dumps({"evaluations": [_body(one) for one in requests[start : start + BOXCAR]]})
            for start in starts
        ),
        expected=tuple(tuple(decided[start : start + BOXCAR]) for start in starts),
    )


def _plain(plan: Plan) -> Plan:
    names = ("port", "path", "headers", "connections", "seconds", "bodies")
    return Plan(**{name: getattr(plan, name) for name in names}, expected=())


def _decided(home: _Home) -> list[tuple[bool, tuple[str, ...]]]:
    policy = compile_policy(home.case.bundle, home.case.directory)
    decisions = (policy.decide(one) for one in home.case.requests)
    return [(one.allow, tuple(str(rule) for rule in one.rules)) for one in decisions]


def _body(request: AccessRequest) -> dict[str, object]:
    return {
        "subject": {"type": "user", "id": request.subject},
        "action": {"name": request.action},
        "resource": {"type": "column", "id": request.resource},
        "context": {"purpose": request.purpose},
    }


def _headers(home: _Home) -> dict[str, str]:
    return {"Authorization": f"Bearer {home.token}", "Content-Type": "application/json"}


def _uvicorn(name: str, *options: str) -> tuple[str, ...]:
    return (
        "uvicorn",
        f"benchmarks.pdp_http_servers:{name}",
        *options,
        "--log-level",
        "warning",
        "--no-access-log",
        "--port",
    )


def _drive(
    home: _Home, name: str, server: tuple[str, ...], plans: Sequence[Plan]
) -> list[dict[str, Any]]:
    """Start a server, put each load on it, and stop it."""
    say(f"asking {name}")
    done = []
    with _serving(home, server) as served:
        for plan in plans:
            file = home.folder / "plan.json"
            _at(plan, served.port).write(file)
            before = _cpu_s(served.process.pid)
            figures = run_apart(
                "benchmarks.pdp_http_client", str(file), timeout_s=60 + plan.seconds
            )
            if "error" in figures:
                raise OSError(f"the load on {name} failed: {figures['error']}")
            used = _cpu_s(served.process.pid) - before
            figures["server_cpu_us_per_decision"] = used / max(figures["decisions"], 1) * 1e6
            done.append(figures)
    return done


def _at(plan: Plan, port: int) -> Plan:
    names = ("path", "headers", "connections", "seconds", "bodies", "expected")
    return Plan(port=port, **{name: getattr(plan, name) for name in names})


@contextmanager
def _serving(home: _Home, command: tuple[str, ...]) -> Iterator[_Served]:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    environment = {**os.environ, "POLICY_SERVICE_HOME": str(home.folder)}
    process = subprocess.Popen([sys.executable, "-m", *command, str(port)], env=environment)
    try:
        _wait(process, port)
        yield _Served(port=port, process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise OSError("the server did not start")


def _cpu_s(pid: int) -> float:
    """Add up the CPU time of a process and those it started."""
    total = 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total += (int(fields[11]) + int(fields[12])) / _TICKS
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        total += sum(_cpu_s(int(child)) for child in children)
    return total


def _recorded(home: _Home) -> int:
    """Count the decisions on record, in a log that is whole."""
    platform = build_platform(Settings(home=home.folder))
    try:
        report = check_log(home.folder / AUDIT_FILE, verifier=platform.verifier)
        if not report.whole:
            raise AuditError("the log is not whole after the load")
        return sum(
            entry.event.details.integer("group_lines", 0)
            for entry in platform.audit.newest(GROUP_KIND)
        )
    finally:
        close_platform(platform)


if __name__ == "__main__":
    main()
