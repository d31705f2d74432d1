"""The written cases, put to every engine that decides."""

import json
from pathlib import Path

import pytest

from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.enforcement.index import compile_policy
from policy_service.engines.casbin import CasbinEngine
from tests.builders import make_bundle, make_directory
from tests.oracles import decision_oracle

_FILE = Path(__file__).resolve().parents[2] / "cases" / "decisions.json"
CASES = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fact"])
def test_engines_decide_as_written(case: dict) -> None:
    """Index, pycasbin and oracle give the answer that the case states."""
    bundle, directory = make_bundle(), make_directory()
    request = AccessRequest(
        **{name: case[name] for name in ("subject", "resource", "action", "purpose")}
    )
    decision = compile_policy(bundle, directory).decide(request)
    reason = DenyReason(case["reason"]) if "reason" in case else None
    assert (decision.allow, decision.reason) == (case["allow"], reason)
    assert list(decision.rules) == case.get("rules", [])
    if decision.allow:
        assert decision.obligations.control.label == case["control"]
        columns = [one.column for one in decision.obligations.row_filters]
        assert columns == case["row_filters"]
    assert decision_oracle.decide(bundle, directory, request)[:2] == (case["allow"], reason)
    assert CasbinEngine.from_bundle(bundle, directory).allows(request) is case["allow"]
