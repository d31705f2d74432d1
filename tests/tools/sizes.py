"""Check the house's sizes: files of 400 lines (tests 600), functions of 50."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 50
REASON = "long on purpose:"  # a comment in the function with the reason


def problems(root: Path) -> Iterator[str]:
    """Name every file and function that is too long."""
    for folder in ("policy_service", "benchmarks", "tests"):
        for path in sorted((root / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines()
            place = path.relative_to(root)
            limit = TEST_FILE_LINES if folder == "tests" else FILE_LINES
            if len(lines) > limit:
                yield f"{place}: {len(lines)} lines, {limit} at most"
            if folder != "tests":
                yield from _long_functions(place, text, lines)


def _long_functions(place: Path, text: str, lines: list[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        end = node.end_lineno or node.lineno
        length = end - node.lineno + 1
        body = "\n".join(lines[node.lineno - 1 : end])
        migration = "migrations" in place.parts
        if length > FUNCTION_LINES and REASON not in body and not migration:
            yield f"{place}:{node.lineno}: `{node.name}` has {length} lines, not {FUNCTION_LINES}"


if __name__ == "__main__":
    found = list(problems(ROOT))
    print("\n".join(found) or "sizes: every file and function is within the house's limits")
    sys.exit(bool(found))
