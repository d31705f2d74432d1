"""AuthZEN bodies: what is read, and what is said of a wrong one."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import Revision
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.enforcement.authzen import (
    MAX_EVALUATIONS,
    EvaluationsSemantic,
    Unreadable,
    ends_early,
    read_evaluation,
    read_evaluations,
    read_json,
    wants_explanation,
)
from policy_service.enforcement.search import SearchKind, read_search
from policy_service.kit.canonical import content_sha256

JSON = "application/json"
BODY = {
    "subject": {"type": "user", "id": "teller-1"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.clients.email"},
}
PERMIT = Decision(allow=True, revision=Revision(4), rules=())
DENIAL = Decision(allow=False, revision=Revision(4), rules=(), reason=DenyReason.NO_MATCHING_RULE)


def test_evaluation_is_read() -> None:
    """The four entities become one request; unknown fields and nested context are ignored."""
    context = {"purpose": "service", "ip": "10.0.0.1", "nested": {"a": 1}, "tags": ["x"]}
    found = read_evaluation({**BODY, "context": context, "unknown": 1})
    assert found == AccessRequest(
        subject="teller-1",
        resource="bank.public.clients.email",
        resource_type="column",
        action="read",
        purpose="service",
        context=Parameters(purpose="service", ip="10.0.0.1", tags=("x",)),
    )


def test_properties_of_the_resource_are_facts_of_the_caller() -> None:
    """Scalars and lists of strings are kept; deeper or inexact values are unknown."""
    properties = {
        "ownerID": "rick@example.org",
        "done": False,
        "size": 3,
        "share": 0.5,
        "labels": ["a"],
        "mixed": ["a", 1],
        "deep": {"a": "b"},
        "none": None,
        "large": 2**53,
        "infinite": float("inf"),
    }
    body = {**BODY, "resource": {"type": "todo", "id": "1", "properties": properties}}
    found = read_evaluation(body)
    assert found.resource_type == "todo"
    assert found.properties == Parameters(
        ownerID="rick@example.org", done=False, size=3, share=0.5, labels=("a",)
    )


def test_claims_about_the_subject_are_never_read() -> None:
    """Roles and attributes come from the directory: what a PEP claims changes no request."""
    claims = {"roles": ["administrator"], "email": "rick@example.org"}
    claimed = {**BODY, "subject": {**BODY["subject"], "properties": claims}}
    assert read_evaluation(claimed) == read_evaluation(BODY)


def test_ids_are_scoped_to_their_type() -> None:
    """People are named by their id alone; a service called like a person is another subject."""
    named = {
        kind: read_evaluation({**BODY, "subject": {"type": kind, "id": "alice"}}).subject
        for kind in ("user", "identity", "person", "service")
    }
    assert named == {
        "user": "alice",
        "identity": "alice",
        "person": "alice",
        "service": "service:alice",
    }


def test_purpose_may_stand_with_the_action() -> None:
    """`action.properties.purpose` is the purpose too, and may repeat that of the context."""
    action = {"name": "read", "properties": {"purpose": "service"}}
    assert read_evaluation({**BODY, "action": action}).purpose == "service"
    both = {**BODY, "action": action, "context": {"purpose": "service"}}
    assert read_evaluation(both).purpose == "service"


def test_properties_of_the_action_are_facts_of_the_request() -> None:
    """They stand with the context; where the two differ, the fact is unknown."""
    action = {"name": "delete", "properties": {"soft": True, "batch": 1, "channel": "web"}}
    context = {"channel": "web", "batch": True}
    found = read_evaluation({**BODY, "action": action, "context": context})
    assert found.context == Parameters(soft=True, channel="web")


def test_purpose_may_be_left_out() -> None:
    """The standard asks for no purpose: then it is empty, and only rules for all apply."""
    assert read_evaluation(BODY).purpose == ""
    assert read_evaluation({**BODY, "context": {"ip": "::1"}}).purpose == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": None}, "`subject` is missing"),
        ({"subject": "teller-1"}, "`subject` must be an object"),
        ({"subject": {"type": "user"}}, "`subject.id` is missing"),
        ({"subject": {"id": "teller-1"}}, "`subject.type` is missing"),
        (
            {"subject": {"type": "user", "id": "x", "properties": []}},
            "`subject.properties` must be an object",
        ),
        ({"resource": {"type": "", "id": "x"}}, "`resource.type` must be a string"),
        ({"resource": {"type": "column", "id": 7}}, "`resource.id` must be a string"),
        (
            {"resource": {"type": "column", "id": "x", "properties": "y"}},
            "`resource.properties` must be an object",
        ),
        ({"action": {}}, "`action.name` is missing"),
        ({"action": {"name": 123}}, "`action.name` must be a string"),
        ({"action": {"name": "read", "properties": 1}}, "`action.properties` must be an object"),
        ({"context": []}, "`context` must be an object"),
        ({"context": {"purpose": 1}}, "`context.purpose` must be a string"),
        ({"context": {"purpose": ""}}, "`context.purpose` must be a string"),
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
    for read in (read_evaluation, read_evaluations, wants_explanation):
        with pytest.raises(UsageError, match="`body`"):
            read(body)


def test_evaluations_fall_back_to_defaults() -> None:
    """Each evaluation of a list takes from beside it what it does not say itself."""
    items = [
        {},
        {"action": {"name": "update"}},
        {"subject": {"type": "user", "id": "teller-2"}},
        {"context": {"purpose": "audit"}},
        {"resource": {"type": "column", "id": "bank.public.clients.phone"}},
    ]
    boxcar = read_evaluations({**BODY, "context": {"purpose": "service"}, "evaluations": items})
    assert not boxcar.single
    assert boxcar.semantic is EvaluationsSemantic.EXECUTE_ALL
    read = [item for item in boxcar.items if isinstance(item, AccessRequest)]
    assert [one.action for one in read] == ["read", "update", "read", "read", "read"]
    assert [one.subject for one in read] == ["teller-1"] * 2 + ["teller-2"] + ["teller-1"] * 2
    assert [one.purpose for one in read] == ["service"] * 3 + ["audit"] + ["service"]
    assert [one.resource for one in read][3:] == [
        BODY["resource"]["id"],
        items[4]["resource"]["id"],
    ]


def test_an_entity_of_an_evaluation_replaces_the_default_whole() -> None:
    """Only what it must have and lacks is taken from the default: no property of it."""
    default = {"type": "record", "id": "1", "properties": {"status": "active"}}
    items = [
        {"resource": {"id": "2", "properties": {"owner": "bob"}}},
        {"resource": {"type": "page"}},
        {"action": {"properties": {"soft": True}}},
    ]
    boxcar = read_evaluations({**BODY, "resource": default, "evaluations": items})
    first, second, third = boxcar.items
    assert (first.resource_type, first.resource) == ("record", "2")
    assert first.properties == Parameters(owner="bob")
    assert (second.resource_type, second.resource) == ("page", "1")
    assert second.properties == Parameters()
    assert (third.action, third.context) == ("read", Parameters(soft=True))


@pytest.mark.parametrize("extra", [{}, {"evaluations": []}, {"evaluations": None}])
def test_no_list_is_one_evaluation(extra: dict) -> None:
    """Without a list the body itself is the one evaluation."""
    boxcar = read_evaluations({**BODY, **extra})
    assert boxcar.single
    assert boxcar.items == (read_evaluation(BODY),)


def test_an_evaluation_that_cannot_be_read_stays_in_its_place() -> None:
    """What is wrong with one evaluation concerns no other: it says why, and the list goes on."""
    body = {"subject": BODY["subject"], "action": BODY["action"]}
    items = [{"resource": BODY["resource"]}, {}, {"resource": "x"}, {"subject": "teller-1"}]
    read = read_evaluations({**body, "evaluations": items}).items
    assert read[0] == read_evaluation(BODY)
    assert read[1:] == (
        Unreadable("`resource` is missing; give it as an object"),
        Unreadable("`resource` must be an object"),
        Unreadable("`resource` is missing; give it as an object"),
    )


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"evaluations": {}}, "`evaluations` must be a list"),
        ({"evaluations": "x"}, "`evaluations` must be a list"),
        ({"evaluations": [{}, 1]}, r"`evaluations\[1\]` must be an object"),
        ({"evaluations": [{}], "subject": "teller-1"}, "`subject` must be an object"),
        ({"evaluations": [{}], "context": 1}, "`context` must be an object"),
        ({"evaluations": [{}] * (MAX_EVALUATIONS + 1)}, "1000 at most"),
        ({"options": {"evaluations_semantic": "some"}}, "must be one of execute_all"),
        ({"options": "execute_all"}, "`options` must be an object"),
        ({"subject": {}}, "`subject.type` is missing"),
    ],
)
def test_what_concerns_the_whole_list_is_refused(extra: dict, said: str) -> None:
    """A body of the wrong shape is no list of requests at all."""
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
    """The three semantics of the standard end a list where they say; a failure is a denial."""
    found = read_evaluations({**BODY, "options": {"evaluations_semantic": semantic}}).semantic
    assert ends_early(found, PERMIT) is after_permit
    assert ends_early(found, DENIAL) is after_denial
    assert ends_early(found, Unreadable("wrong")) is after_denial


def test_an_explanation_is_asked_for_in_the_options() -> None:
    """Only `true` asks for it, and anything but a truth value is refused."""
    assert not wants_explanation(BODY)
    assert wants_explanation({**BODY, "options": {"explain": True}})
    with pytest.raises(UsageError, match=r"`options\.explain`"):
        wants_explanation({**BODY, "options": {"explain": "yes"}})


@pytest.mark.parametrize("media_type", [JSON, "Application/JSON; charset=utf-8"])
def test_json_is_read(media_type: str) -> None:
    """The media type is compared without case and parameters."""
    assert read_json(media_type, b"{}") == {}
    content = json.dumps({**BODY, "note": "\u00e9\U0001f600 \\u0000"}).encode()
    assert read_json(media_type, content) == {**BODY, "note": "\u00e9\U0001f600 \\u0000"}


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/jsonp"])
def test_another_media_type_is_refused(media_type: str) -> None:
    """AuthZEN speaks JSON, and a form of a browser must not pass for it."""
    with pytest.raises(UsageError, match="application/json"):
        read_json(media_type, b"{}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{}{}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"a": "\x00"}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_what_is_not_json_is_refused(content: bytes) -> None:
    """So is what readers would read in two ways, and what cannot be stored as it is."""
    with pytest.raises(UsageError, match="the body is not JSON"):
        read_json(JSON, content)


def test_a_parser_never_repeats_the_body() -> None:
    """What is said of a wrong body holds nothing of it: it may be personal."""
    with pytest.raises(UsageError) as caught:
        read_json(JSON, b'{"subject": "4711-secret}')
    assert "4711" not in caught.value.message


_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    ["type", "id", "name", "properties", "purpose", "evaluations", "options", "page", "token"]
)
_ENTITIES = st.dictionaries(_NAMES, _VALUES, max_size=4) | _VALUES
_FACTS = st.dictionaries(_WORDS, _VALUES, max_size=4)


@given(
    st.dictionaries(
        st.sampled_from([*BODY, "context", "evaluations", "options", "page"]), _ENTITIES
    )
)
def test_any_body_is_read_or_refused(body: dict) -> None:
    """Whatever stands in it: a request, or a sentence that says what is wrong; never a defect."""
    content = json.dumps(body).encode()
    readers: list[Callable[[object], object]] = [read_evaluation, read_evaluations]
    readers += [partial(read_search, kind) for kind in SearchKind]
    for read in readers:
        with suppress(UsageError):
            read(read_json(JSON, content))


@given(_FACTS, _FACTS, _FACTS)
def test_whatever_is_read_can_be_recorded(properties: dict, context: dict, action: dict) -> None:
    """No fact of a request keeps its decision out of the audit log."""
    for facts in (context, action):
        facts.pop("purpose", None)
    body = {
        **BODY,
        "resource": {"type": "todo", "id": "1", "properties": properties},
        "context": context,
        "action": {"name": "read", "properties": action},
    }
    request = read_evaluation(read_json(JSON, json.dumps(body).encode()))
    assert content_sha256(to_plain(request))
