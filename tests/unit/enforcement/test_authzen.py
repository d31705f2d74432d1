"""AuthZEN bodies: what is read, what is said of a wrong one, and how decisions are written."""

import pytest

from policy_service.domain.decision import AccessRequest, Decision, DenyReason, Obligations
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.domain.parameters import Parameters
from policy_service.enforcement.authzen import (
    EvaluationsSemantic,
    ends_early,
    read_evaluation,
    read_evaluations,
    write_decision,
)
from tests.builders import LAST_FOUR, OWN_DISTRICT

BODY = {
    "subject": {"type": "user", "id": "teller-1"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.clients.email"},
}
PERMIT = Decision(
    allow=True,
    revision=Revision(4),
    rules=(RuleId("R-1"),),
    obligations=Obligations(control=LAST_FOUR, row_filters=(OWN_DISTRICT,)),
)
DENIAL = Decision(allow=False, revision=Revision(4), rules=(), reason=DenyReason.NO_MATCHING_RULE)


def test_evaluation_is_read() -> None:
    """The four entities become one request; unknown fields and nested context are ignored."""
    context = {"purpose": "service", "ip": "10.0.0.1", "nested": {"a": 1}, "tags": ["x"]}
    found = read_evaluation({**BODY, "context": context, "unknown": 1})
    assert found == AccessRequest(
        subject="teller-1",
        resource="bank.public.clients.email",
        action="read",
        purpose="service",
        context=Parameters(purpose="service", ip="10.0.0.1", tags=("x",)),
    )


def test_purpose_may_stand_with_the_action() -> None:
    """`action.properties.purpose` is the purpose too, and may repeat that of the context."""
    action = {"name": "read", "properties": {"purpose": "service"}}
    assert read_evaluation({**BODY, "action": action}).purpose == "service"
    both = {**BODY, "action": action, "context": {"purpose": "service"}}
    assert read_evaluation(both).purpose == "service"


def test_purpose_may_be_left_out() -> None:
    """The standard asks for no purpose: then it is empty, and only rules for all apply."""
    assert read_evaluation(BODY).purpose == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": None}, "`subject` is missing"),
        ({"subject": "teller-1"}, "`subject` must be an object"),
        ({"subject": {"type": "user"}}, "`subject.id` is missing"),
        ({"subject": {"id": "teller-1"}}, "`subject.type` is missing"),
        ({"resource": {"type": "", "id": "x"}}, "`resource.type` must be a string"),
        ({"resource": {"type": "column", "id": 7}}, "`resource.id` must be a string"),
        ({"action": {}}, "`action.name` is missing"),
        ({"action": {"name": "read", "properties": 1}}, "`action.properties` must be an object"),
        ({"context": []}, "`context` must be an object"),
        ({"context": {"purpose": 1}}, "`context.purpose` must be a string"),
        (
            {
                "context": {"purpose": "a"},
                "action": {"name": "read", "properties": {"purpose": "b"}},
            },
            "differ; give one",
        ),
    ],
)
def test_wrong_field_is_named(change: dict, said: str) -> None:
    """A missing or misshapen field is refused by its name."""
    with pytest.raises(UsageError, match=said):
        read_evaluation({**BODY, **change})


@pytest.mark.parametrize("body", [None, [], "x"])
def test_body_must_be_an_object(body: object) -> None:
    """Anything but an object is refused."""
    with pytest.raises(UsageError, match="`body`"):
        read_evaluation(body)


def test_evaluations_fall_back_to_defaults() -> None:
    """Each evaluation of a list takes from beside it what it does not say itself."""
    items = [{}, {"action": {"name": "update"}}]
    requests, semantic = read_evaluations({**BODY, "evaluations": items})
    assert [request.action for request in requests] == ["read", "update"]
    assert semantic is EvaluationsSemantic.EXECUTE_ALL


@pytest.mark.parametrize("extra", [{}, {"evaluations": []}])
def test_no_list_is_one_evaluation(extra: dict) -> None:
    """Without a list the body itself is the one evaluation."""
    requests, _ = read_evaluations({**BODY, **extra})
    assert requests == (read_evaluation(BODY),)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"evaluations": {}}, "`evaluations` must be a list"),
        ({"evaluations": [{}, 1]}, r"evaluations\[1\]: `evaluation` must be an object"),
        ({"evaluations": [{"action": {}}]}, r"evaluations\[0\]: `action.name` is missing"),
        ({"options": {"evaluations_semantic": "some"}}, "must be one of execute_all"),
    ],
)
def test_wrong_list_is_named(extra: dict, said: str) -> None:
    """What is wrong in a list is named with its place."""
    with pytest.raises(UsageError, match=said):
        read_evaluations({**BODY, **extra})


@pytest.mark.parametrize(
    ("semantic", "after_permit", "after_denial"),
    [
        ("execute_all", False, False),
        ("deny_on_first_deny", False, True),
        ("permit_on_first_permit", True, False),
    ],
)
def test_semantics_end_lists_early(semantic: str, after_permit: bool, after_denial: bool) -> None:
    """The three semantics of the standard end a list where they say."""
    _, found = read_evaluations({**BODY, "options": {"evaluations_semantic": semantic}})
    assert ends_early(found, PERMIT) is after_permit
    assert ends_early(found, DENIAL) is after_denial


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
