"""AuthZEN answers: how decisions, lists and the metadata document are written."""

import json
from collections.abc import Sequence

import pytest

from policy_service.domain.decision import (
    AccessRequest,
    Decision,
    DecisionRecord,
    DenyReason,
    Obligations,
)
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import DecisionId, Revision, RuleId
from policy_service.enforcement import authzen_answers
from policy_service.enforcement.authzen import Boxcar, EvaluationsSemantic, Unreadable
from policy_service.enforcement.authzen_answers import (
    check_public_url,
    decide_boxcar,
    write_answer,
    write_configuration,
    write_decision,
    write_evaluations,
)
from tests.builders import LAST_FOUR, OWN_DISTRICT

PERMIT = Decision(
    allow=True,
    revision=Revision(4),
    rules=(RuleId("R-1"),),
    obligations=Obligations(control=LAST_FOUR, row_filters=(OWN_DISTRICT,)),
)
DENIAL = Decision(allow=False, revision=Revision(4), rules=(), reason=DenyReason.NO_MATCHING_RULE)
PERMITTED = AccessRequest(subject="p", resource="r", action="read", purpose="")
DENIED = AccessRequest(subject="d", resource="r", action="read", purpose="")
WRONG = Unreadable("`resource` is missing")


def test_permit_is_written_with_its_obligations() -> None:
    """A permit carries rules, revision and obligations, and no reason."""
    written = write_decision(PERMIT)
    assert written["decision"] is True
    context = written["context"]
    assert context["rules"] == ["R-1"]
    assert context["revision"] == 4
    assert context["obligations"]["control"] == {
        "operator": "partial",
        "parameters": {"first": 0, "last": 4},
    }
    assert context["obligations"]["row_filters"][0]["column"] == "district_id"
    assert "reason" not in context


def test_denial_is_written_with_its_reason() -> None:
    """A denial carries its reason and no obligations."""
    assert write_decision(DENIAL) == {
        "decision": False,
        "context": {"revision": 4, "rules": [], "reason": "no_matching_rule"},
    }


@pytest.mark.parametrize("decision", [PERMIT, DENIAL])
def test_what_is_kept_of_a_decision_is_what_would_be_written(decision: Decision) -> None:
    """The first and every later answer are the decision with the id of its own record."""
    for name in ("dec_1", 'dec_"2'):
        plain = write_decision(decision)
        plain["context"]["decision_id"] = name
        assert json.loads(write_answer(decision, name)) == plain


def test_an_explanation_is_written_beside_the_decision() -> None:
    """It stands in the context, line by line."""
    answer = json.loads(write_answer(DENIAL, "dec_1", ("nobody may",)))
    assert answer["context"]["explanation"] == ["nobody may"]


def test_kept_answers_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound they are forgotten, and the answers stay right."""
    monkeypatch.setattr(authzen_answers, "_MOST_KEPT", 2)
    for revision in range(10):
        decision = Decision(allow=True, revision=Revision(revision), rules=())
        assert json.loads(write_answer(decision, "x"))["context"]["revision"] == revision
    assert len(authzen_answers._kept) <= 2


def test_a_list_is_answered_in_its_order_with_what_could_not_be_read() -> None:
    """An unreadable evaluation is a denial with its error; it has no record."""
    first, second = json.loads(write_evaluations((PERMIT, WRONG), ("dec_1", "")))["evaluations"]
    assert (first["decision"], first["context"]["decision_id"]) == (True, "dec_1")
    assert second == {
        "decision": False,
        "context": {
            "reason": "unreadable",
            "error": {"status": 400, "message": "`resource` is missing"},
        },
    }


@pytest.mark.parametrize(
    ("semantic", "items", "answered"),
    [
        ("execute_all", (PERMITTED, WRONG, DENIED), (True, None, False)),
        ("deny_on_first_deny", (PERMITTED, DENIED, PERMITTED), (True, False)),
        ("deny_on_first_deny", (PERMITTED, WRONG, PERMITTED), (True, None)),
        ("deny_on_first_deny", (PERMITTED, PERMITTED), (True, True)),
        ("permit_on_first_permit", (DENIED, WRONG, PERMITTED, DENIED), (False, None, True)),
    ],
)
def test_a_list_is_worked_through_by_its_semantic(
    semantic: str, items: tuple[AccessRequest | Unreadable, ...], answered: tuple[bool | None, ...]
) -> None:
    """What is left out is not decided, so nothing is recorded that was not answered."""
    asked: list[AccessRequest] = []

    def decide_many(requests: Sequence[AccessRequest]) -> tuple[DecisionRecord, ...]:
        asked.extend(requests)
        return tuple(
            DecisionRecord(
                id=DecisionId("dec"),
                at="",
                request=request,
                decision=PERMIT if request.subject == "p" else DENIAL,
            )
            for request in requests
        )

    answers = decide_boxcar(
        Boxcar(items=items, semantic=EvaluationsSemantic(semantic)), decide_many
    )
    found = tuple(None if isinstance(one, Unreadable) else one.decision.allow for one in answers)
    assert found == answered
    assert len(asked) == sum(one is not None for one in answered)


def test_the_metadata_names_every_endpoint_that_is_offered() -> None:
    """The names are the standard's, and the addresses lie below the decision point's own."""
    assert write_configuration("https://pdp.example/") == {
        "policy_decision_point": "https://pdp.example",
        "access_evaluation_endpoint": "https://pdp.example/access/v1/evaluation",
        "access_evaluations_endpoint": "https://pdp.example/access/v1/evaluations",
        "search_subject_endpoint": "https://pdp.example/access/v1/search/subject",
        "search_resource_endpoint": "https://pdp.example/access/v1/search/resource",
        "search_action_endpoint": "https://pdp.example/access/v1/search/action",
    }


def test_a_public_address_is_https_without_query() -> None:
    """The standard's rule for the identifier of a decision point; no credential in it."""
    assert check_public_url("https://pdp.example/tenant/") == "https://pdp.example/tenant"
    for wrong in (
        "http://pdp.example",
        "https://",
        "pdp.example",
        "https://u:p@pdp.example",
        "https://pdp.example/?a=b",
        "https://pdp.example/#x",
    ):
        with pytest.raises(UsageError):
            check_public_url(wrong)
