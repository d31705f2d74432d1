"""What it costs a data service to import the middleware: a fresh interpreter for each module.

    python -m benchmarks.import_time [--quick] [--runs N]

The median of N interpreters, without the interpreter's own start; byte code is there already,
as in any installed package. Beside them the libraries that the middleware stands on, alone: they
are loaded when a first table or statement comes, unless the service has them anyway.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.report import finish, progress

LIMIT_MS = 150.0
_PACKAGE = "policy_service.middleware"
_FRAMEWORKS = {"sqlalchemy_sessions": "sqlalchemy", "fastapi_routes": "fastapi"}
_PEERS = ("polars", "sqlglot", "casbin", "sqlalchemy", "fastapi")
_PROGRAM = """
import importlib, json, sys, time
{before}
cpu, wall = time.process_time(), time.perf_counter()
importlib.import_module({name!r})
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(json.dumps([cpu * 1000, wall * 1000, len(sys.modules)]))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="3 runs")
    options = parser.parse_args(arguments)
    runs = 3 if options.quick else options.runs
    modules = _modules()
    peers = [name for name in _PEERS if find_spec(name)]
    figures = {}
    for number, name in enumerate([*modules, *peers]):
        progress("importing", number, len(modules) + len(peers))
        figures[name] = _median(name, runs)
    ours = {name: figures[name] for name in modules}
    finish(
        {
            "runs": runs,
            "modules": ours,
            "slowest_cpu_ms": max(one["cpu_ms"] for one in ours.values()),
            "slowest_wall_ms": max(one["wall_ms"] for one in ours.values()),
            "above_limit": sorted(name for name, one in ours.items() if one["cpu_ms"] > LIMIT_MS),
            "limit_ms": LIMIT_MS,
            "peers": {name: figures[name] for name in peers},
        }
    )


def _modules() -> list[str]:
    """Name every public module of the middleware whose framework is installed."""
    spec = find_spec(_PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    names = sorted(
        ".".join((_PACKAGE, *file.relative_to(folder).with_suffix("").parts))
        for file in folder.rglob("*.py")
        if not file.stem.startswith("_")
    )
    return [
        name
        for name in names
        if find_spec(_FRAMEWORKS.get(name.rpartition(".")[2], "json")) is not None
    ]


def _median(name: str, runs: int) -> dict[str, float]:
    """Import in fresh interpreters; a framework of the service itself is there before."""
    framework = _FRAMEWORKS.get(name.rpartition(".")[2])
    program = _PROGRAM.format(name=name, before=f"import {framework}" if framework else "")
    _import(program)  # writes the byte code
    found = [_import(program) for _ in range(runs)]
    cpu, wall, modules = (statistics.median(one) for one in zip(*found, strict=True))
    return {"cpu_ms": cpu, "wall_ms": wall, "modules": modules}


def _import(program: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return [float(one) for one in json.loads(done.stdout)]


if __name__ == "__main__":
    main()
