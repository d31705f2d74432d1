"""The PDP's load generator: plans travel between processes, and wrong answers are counted."""

import json
from dataclasses import replace
from pathlib import Path

from benchmarks.pdp_http_client import Plan, _compare

RIGHT = (True, ("R-1",))
PLAN = Plan(
    port=1,
    path="/access/v1/evaluations",
    headers={"Authorization": "Bearer t"},
    connections=2,
    seconds=0.5,
    bodies=("{}", '{"é": 1}'),
    expected=((RIGHT,), (RIGHT, (False, ()))),
)


def _answer(allow: bool, *rules: str) -> dict[str, object]:
    return {"decision": allow, "context": {"rules": list(rules)}}


def test_a_plan_travels_whole(tmp_path: Path) -> None:
    """What one process writes another reads, and each request carries its length in bytes."""
    PLAN.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == PLAN
    head, _, body = PLAN.messages()[1].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_every_wrong_answer_is_counted() -> None:
    """One decision or a list: a wrong verdict, other rules or a missing answer are errors."""
    one = json.dumps(_answer(True, "R-1")).encode()
    wrong = json.dumps(_answer(False, "R-1")).encode()
    short = json.dumps({"evaluations": [_answer(True, "R-2")]}).encode()
    assert _compare(PLAN, [(0, one)]) == (1, 0)
    assert _compare(PLAN, [(0, wrong), (1, short)]) == (2, 3)
    assert _compare(replace(PLAN, expected=()), [(0, b"hello")]) == (1, 0)
