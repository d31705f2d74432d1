"""Check branch coverage package by package after a test run with `--cov`."""

import io
import json
import sys
from collections import defaultdict
from pathlib import Path

import coverage

FLOORS = {"domain": 100.0, "enforcement": 100.0, "audit": 100.0, "verification": 100.0}
FLOOR = 90.0


def main() -> int:
    """Print each package's coverage and return 1 where one is below its floor."""
    report = coverage.Coverage()
    report.load()
    target = Path(".coverage.json")
    report.json_report(outfile=str(target))
    files = json.load(io.StringIO(target.read_text()))["files"]
    target.unlink()
    covered: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, data in files.items():
        parts = Path(name).parts
        package = parts[1] if len(parts) > 2 else "(top)"
        summary = data["summary"]
        covered[package][0] += summary["covered_lines"] + summary["covered_branches"]
        covered[package][1] += summary["num_statements"] + summary["num_branches"]
    low = 0
    for package, (hit, total) in sorted(covered.items()):
        share = 100 * hit / total if total else 100.0
        floor = FLOORS.get(package, FLOOR)
        low += share < floor
        mark = "below its floor of" if share < floor else "floor"
        print(f"{package:<14} {share:6.2f} %  {mark} {floor:.0f}")
    return int(low > 0)


if __name__ == "__main__":
    sys.exit(main())
