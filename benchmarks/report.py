"""What every benchmark shares: timing, memory, progress, and the JSON line at the end."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_MEBIBYTE = 1024 * 1024
_STATUS = Path("/proc/self/status")


class Stopwatch:
    """Measures a `with` block: `cpu_s` of this process, `wall_s` of the clock."""

    cpu_s = 0.0
    wall_s = 0.0

    def __enter__(self) -> "Stopwatch":
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s = time.process_time() - self._cpu
        self.wall_s = time.perf_counter() - self._wall


def say(text: str) -> None:
    """Tell the person who waits, on stderr."""
    print(text, file=sys.stderr, flush=True)


def progress(stage: str, done: int, total: int) -> None:
    """Show how far a stage is; fits `domain.progress.Progress`."""
    if total and done not in (0, total) and done % max(total // 10, 1):
        return
    say(f"{stage}: {done:,}/{total:,}" if total else f"{stage}: {done:,}")


def finish(figures: Mapping[str, Any]) -> None:
    """Print the figures as the one JSON object that ends stdout."""
    print(json.dumps(_rounded(figures), sort_keys=True), flush=True)


def rss_mb() -> float:
    """Return the memory this process holds now, in MiB; its peak where the system hides it."""
    if _STATUS.is_file():
        for line in _STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return peak_rss_mb()


def peak_rss_mb() -> float:
    """Return the most memory this process ever held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MEBIBYTE if sys.platform == "darwin" else peak / 1024


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0-1) of the values lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def run_apart(module: str, *arguments: str, timeout_s: float = 900) -> dict[str, Any]:
    """Run `python -m MODULE ARGUMENTS` in its own process and read its JSON line.

    Returns `{"error": …}` where it fails, so that one peer does not end the run.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=timeout_s, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {timeout_s:g} s"}
    except (subprocess.CalledProcessError, IndexError, ValueError) as error:
        return {"error": type(error).__name__}
    return dict(found)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {str(name): _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
