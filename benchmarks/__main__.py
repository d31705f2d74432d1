"""Runs every benchmark with `--quick`, one after another, and writes docs/benchmarks.md.

    python -m benchmarks [--only NAME…] [--out FILE]

Each runs in a process of its own and ends its stdout with one JSON object. With
`--only` the sections of the other benchmarks stay as they are in the file.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.page import Run, machine_facts, read_sections, write_page
from benchmarks.report import say

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "benchmarks.md"
MODULES = (
    "classification",
    "pii_text",
    "privacy",
    "catalog_scan",
    "decisions",
    "pdp_http",
    "sql_guard",
    "bundle_sync",
    "import_time",
    "masking",
    "masking_operators",
    "masking_stream",
    "masking_choice",
    "format_preserving",
    "encryption",
    "audit",
    "draft_scale",
    "obligations",
    "retrieval",
    "retrieval_scale",
    "drafter_questions",
    "refinement",
)
TIMEOUT_S = 1800.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, write the page, and return 1 where a benchmark failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=MODULES, default=MODULES, metavar="NAME")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page to write")
    options = parser.parse_args(arguments)
    asked = [module for module in MODULES if module in options.only]
    runs = []
    for number, module in enumerate(asked, start=1):
        say(f"[{number}/{len(asked)}] {module}")
        runs.append(run(module))
        say(f"[{number}/{len(asked)}] {module}: {runs[-1].error or 'done'}")
    kept = read_sections(options.out) if options.out.is_file() else {}
    page = write_page(runs, order=MODULES, kept=kept, facts=machine_facts())
    options.out.write_text(page, encoding="utf-8")
    failed = [one for one in runs if one.error]
    for one in failed:
        say(f"failed: {one.module}: {one.error}")
    say(f"wrote {options.out.name}: {len(runs) - len(failed)} of {len(runs)} measured")
    return 1 if failed else 0


def run(module: str, *, prefix: str = "benchmarks", timeout_s: float = TIMEOUT_S) -> Run:
    """Run one benchmark; its progress goes straight to stderr."""
    command = [sys.executable, "-m", f"{prefix}.{module}", "--quick"]
    day = time.strftime("%Y-%m-%d", time.gmtime())
    began = time.perf_counter()
    figures: Mapping[str, object] = {}
    error = ""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
            timeout=timeout_s,
        )
        figures = _last_object(done.stdout)
        if done.returncode:
            error = f"ended with exit status {done.returncode}"
        elif not figures:
            error = "printed no figures"
    except subprocess.TimeoutExpired:
        error = f"took longer than {timeout_s:g} s"
    seconds = time.perf_counter() - began
    return Run(module=module, day=day, seconds=seconds, figures=figures, error=error)


def _last_object(stdout: str) -> Mapping[str, object]:
    lines = stdout.splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
