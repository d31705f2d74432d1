"""Rules with conditions and windows, types, known resources, and the full reason of an answer."""

import gc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.bundle import (
    Bundle,
    Directory,
    KnownResource,
    PolicyRow,
    RuleCondition,
    RuleObligation,
)
from policy_service.domain.control import CLEAR, DENY
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.errors import EnforcementError
from policy_service.domain.identifiers import RoleId, RuleId
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import EVERY_ROW, Comparator, Comparison
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.enforcement.loading import collector_waits
from policy_service.enforcement.model import CONDITIONAL, STANDARD, model_for
from policy_service.kit.clock import rfc3339
from tests.builders import CLIENTS, NOW, SERVICE, make_bundle, make_directory, make_person

_FOLDER = Path(__file__).resolve().parents[3] / "policies" / "casbin"
MODEL = (_FOLDER / CONDITIONAL).read_text(encoding="utf-8")
EDITOR, VIEWER = RoleId("editor"), RoleId("viewer")


def rule(number: int) -> RuleId:
    """Name a rule."""
    return RuleId(f"R-{number}")


def make_row(
    number: int,
    *,
    role: RoleId = EDITOR,
    resource: str = "type:todo",
    effect: str = "allow",
    purpose: str = "*",
) -> PolicyRow:
    """One row about updating."""
    return PolicyRow(
        role=role,
        resource=resource,
        action="update",
        purpose=purpose,
        effect=effect,
        rule=rule(number),
    )


def application(*rows: PolicyRow, **changes: object) -> Bundle:
    """A bundle of an application with these rows."""
    obligations = {
        row.rule: RuleObligation(rule=row.rule, control=CLEAR)
        for row in rows
        if row.effect == "allow"
    }
    made = replace(
        make_bundle(),
        model_conf=MODEL,
        rows=rows,
        role_links=((EDITOR, VIEWER),),
        resource_links=(),
        obligations=tuple(obligations.values()),
        tests=(),
    )
    return replace(made, **changes)


def people() -> Directory:
    """An editor with an e-mail, and a viewer."""
    return make_directory(
        make_person("ann", EDITOR, email="ann@x", level=2), make_person("bob", VIEWER)
    )


def asked(subject: str = "ann", resource: str = "7", **others: object) -> AccessRequest:
    """Ask to update a to-do."""
    given = {"resource_type": "todo", "purpose": "work", **others}
    properties = Parameters(given.pop("properties", {}))
    return AccessRequest(
        subject=subject, resource=resource, action="update", properties=properties, **given
    )


def when(number: int, expression: str = "", **window: str) -> RuleCondition:
    """The condition of a rule."""
    return RuleCondition(rule=rule(number), expression=expression, **window)


OWNED = application(make_row(1), conditions=(when(1, "resource.owner == subject.email"),))


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"owner": "ann@x"}, None),
        ({"owner": "eve@x"}, DenyReason.NO_MATCHING_RULE),
        ({}, DenyReason.CONDITION_UNKNOWN),
        ({"owner": 5}, DenyReason.CONDITION_UNKNOWN),
    ],
)
def test_an_allowing_rule_applies_only_where_its_condition_holds(
    properties: dict, reason: DenyReason | None
) -> None:
    """True allows, false is no rule, and unknown denies with a reason of its own."""
    decision = compile_policy(OWNED, people()).decide(asked(properties=properties))
    assert decision.reason is reason
    assert decision.rules == (() if reason is DenyReason.NO_MATCHING_RULE else ("R-1",))


@pytest.mark.parametrize(
    ("properties", "allowed"), [({"locked": True}, False), ({"locked": False}, True), ({}, False)]
)
def test_a_denying_rule_applies_unless_its_condition_is_false(
    properties: dict, allowed: bool
) -> None:
    """What is unknown denies, also in a rule that denies."""
    bundle = application(
        make_row(1), make_row(2, effect="deny"), conditions=(when(2, "resource.locked"),)
    )
    decision = compile_policy(bundle, people()).decide(asked(properties=properties))
    assert decision.allow is allowed
    assert decision.rules == (("R-1",) if allowed else ("R-2",))


@pytest.mark.parametrize(("effect", "answers"), [("allow", "001100"), ("deny", "110011")])
def test_windows_hold_by_the_time_that_is_given(effect: str, answers: str) -> None:
    """A window holds from its start until just before its end; without a time nothing widens."""
    day = timedelta(days=1)
    window = when(1, not_before=rfc3339(NOW), not_after=rfc3339(NOW + day))
    rows = (make_row(1, effect=effect), *(() if effect == "allow" else (make_row(2),)))
    policy = compile_policy(application(*rows, conditions=(window,)), people())
    times = [NOW - day, NOW - day / 99, NOW, NOW + day / 2, NOW + day, NOW + 2 * day]
    given = [policy.decide(asked(), now).allow for now in times]
    assert "".join(str(int(one)) for one in given) == answers
    assert not policy.decide(asked()).allow


def test_a_claimed_type_is_read_only_for_ids_that_the_policy_does_not_know() -> None:
    """An id with rows of its own keeps them, whatever type is claimed; so does a type's name."""
    bundle = application(
        make_row(1),
        make_row(2, resource="secret", role=RoleId("boss")),
        make_row(3, resource="type:note", role=RoleId("boss")),
    )
    policy = compile_policy(bundle, people())
    assert policy.decide(asked()).rules == ("R-1",)
    assert policy.decide(asked(resource="secret")).reason is DenyReason.NO_MATCHING_RULE
    assert policy.decide(asked(resource="type:note")).rules == ("R-1",)
    assert policy.decide(asked(resource_type="note")).reason is DenyReason.NO_MATCHING_RULE
    assert policy.decide(asked(resource_type="other")).reason is DenyReason.UNKNOWN_RESOURCE
    assert policy.decide(asked(resource_type="")).reason is DenyReason.UNKNOWN_RESOURCE
    assert policy.decide(asked(resource="type:todo", resource_type="")).allow
    assert policy.decide_role("editor", "type:todo", "update", "work").allow


def test_what_the_policy_knows_wins_over_what_a_request_says() -> None:
    """Properties, type and id of a known resource cannot be claimed away."""
    known = (
        KnownResource(type="todo", id="7", properties=Parameters(owner="eve@x")),
        KnownResource(type="list", id="9", properties=Parameters(owner="ann@x")),
    )
    rows = (make_row(1), make_row(1, resource="9"))
    bundle = application(*rows, conditions=OWNED.conditions, resources=known)
    policy = compile_policy(bundle, people())
    mine = {"owner": "ann@x"}
    assert not policy.decide(asked(properties=mine)).allow
    assert policy.decide(asked(resource="8", properties=mine)).allow
    assert policy.decide(asked(resource="9", properties={"owner": "eve@x"})).allow
    assert policy.decide(asked(resource="7", resource_type="list")).reason is (
        DenyReason.UNKNOWN_RESOURCE
    )
    typed = replace(bundle, conditions=(when(1, 'resource.type == "list" and resource.id == "9"'),))
    policy = compile_policy(typed, people())
    assert policy.decide(asked(resource="9", properties={"type": "todo", "id": "7"})).allow
    assert not policy.decide(asked(properties={"type": "list", "id": "9"})).allow


def test_a_known_resource_without_rules_is_known() -> None:
    """A resource that only facts are about is denied for want of a rule, not as unknown."""
    bundle = application(make_row(1), resources=(KnownResource(type="note", id="1"),))
    policy = compile_policy(bundle, people())
    assert policy.decide(asked(resource="1", resource_type="note")).reason is (
        DenyReason.NO_MATCHING_RULE
    )


def test_roles_are_the_directorys_with_what_they_inherit() -> None:
    """`subject.roles` has inherited roles; of who just holds a role nothing else is known."""
    rows = (make_row(1, role=VIEWER),)
    inherited = application(*rows, conditions=(when(1, '"viewer" in subject.roles'),))
    assert compile_policy(inherited, people()).decide(asked()).allow
    policy = compile_policy(inherited, people())
    assert policy.decide_role("editor", "type:todo", "update", "work").allow
    named = application(*rows, conditions=(when(1, "present(subject.id)"),))
    policy = compile_policy(named, people())
    assert not policy.decide_role("editor", "type:todo", "update", "work").allow


def test_a_rule_with_several_rows_decides_once() -> None:
    """Two rows of one rule that both match name it once."""
    twice = application(make_row(1), make_row(1, role=VIEWER))
    assert compile_policy(twice, people()).decide(asked()).rules == ("R-1",)


def table(*rows: PolicyRow, **changes: object) -> CompiledPolicy:
    """A policy over a table of three columns."""
    links = tuple((f"t.{name}", "t") for name in ("a", "b", "c"))
    return compile_policy(application(*rows, resource_links=links, **changes), people())


def test_a_condition_about_columns_becomes_a_predicate() -> None:
    """What is known is folded, what is of the row is left, and a denial leaves the others."""
    policy = table(
        make_row(1, resource="t"),
        make_row(2, resource="t.b", effect="deny"),
        conditions=(
            when(1, "resource.a >= subject.level and present(subject.email)"),
            when(2, 'resource.c == "secret"'),
        ),
    )
    view = policy.view("ann", "t", "work", "update")
    level = Comparison(column="a", comparator=Comparator.GE, value=2)
    public = Comparison(column="c", comparator=Comparator.NE, value="secret")
    assert view.predicate.parts == (level, public)
    assert [column.rules for column in view.columns] == [("R-1",), ("R-1", "R-2"), ("R-1",)]


@pytest.mark.parametrize(
    ("conditions", "hidden", "rules"),
    [
        ((when(1, "context.a == 1"),), True, ()),
        ((when(1, not_after=rfc3339(NOW)),), True, ()),
        ((when(1, not_before=rfc3339(NOW)),), False, ("R-1",)),
        ((when(2, not_after=rfc3339(NOW)),), False, ("R-1",)),
        ((when(2, not_before=rfc3339(NOW)),), True, ("R-2",)),
        ((when(2, "false"),), False, ("R-1",)),
        ((when(2, "context.a == 1"),), True, ("R-2",)),
        ((when(1, "resource.a == 1"), when(2, "resource.a == resource.b")), True, ("R-2",)),
    ],
)
def test_what_no_row_can_show_hides_the_column(
    conditions: tuple[RuleCondition, ...], hidden: bool, rules: tuple[str, ...]
) -> None:
    """Unknown, a window that is over and a denial without an answer hide; false does not."""
    denied = make_row(2, resource="t", effect="deny")
    if not any(one.rule == rule(2) for one in conditions):
        denied = make_row(1, resource="t")
    policy = table(make_row(1, resource="t"), denied, conditions=conditions)
    view = policy.view("ann", "t", "work", "update", NOW)
    assert {column.control == DENY for column in view.columns} == {hidden}
    assert {column.rules for column in view.columns} == {rules}
    assert view.predicate == EVERY_ROW


def test_a_denial_without_a_condition_hides_one_column() -> None:
    """A plain denial about a column hides it alone; what lies in no table is no column."""
    policy = table(make_row(1, resource="t"), make_row(2, resource="t.b", effect="deny"))
    view = policy.view("ann", "t", "work", "update")
    assert [column.rules for column in view.columns] == [("R-1",), ("R-2",), ("R-1",)]
    loose = application(make_row(1, resource="t"), resource_links=(("x.y", "t"), ("t.a", "t")))
    assert compile_policy(loose, people()).view("ann", "x", "work", "update").columns == ()


def test_rules_for_every_purpose_count_where_one_purpose_has_rules_elsewhere() -> None:
    """A purpose that some resource has rules for opens others by their rules for every purpose."""
    bundle = application(make_row(1), make_row(2, resource="else", purpose="work"), make_row(3))
    policy = compile_policy(bundle, people())
    first = policy.decide(asked())
    assert first.rules == ("R-1", "R-3")
    assert policy.decide(asked()) is first


def test_contrary_conditions_hide_the_column() -> None:
    """Where no alternative is left, a column is denied rather than shown without rows."""
    policy = table(make_row(1, resource="t"), conditions=(when(1, "resource.a and false"),))
    view = policy.view("ann", "t", "work", "update")
    assert {column.control for column in view.columns} == {DENY}


def test_the_reason_names_rule_role_and_what_other_purposes_would_give() -> None:
    """The summary says by which rule through which role, and what would hold otherwise."""
    bundle = application(
        make_row(17, role=VIEWER),
        make_row(3, effect="deny", purpose="marketing"),
        make_row(4, purpose="audit"),
        make_row(5, role=RoleId("boss"), purpose="audit"),
    )
    reasons = compile_policy(bundle, people()).reasons(asked())
    assert reasons.summary == (
        "allowed: clear, by R-17 through role viewer; "
        "R-3 would deny for marketing; R-4 would allow for audit"
    )
    (ground,) = reasons.deciding
    assert ground.roles == ("editor", "viewer")
    assert ground.containers == ("type:todo",)
    assert any("through role editor > viewer" in line for line in reasons.lines())


def test_the_list_of_other_purposes_is_bounded() -> None:
    """Of many rules for other purposes five are told, and the rest are counted."""
    rows = [make_row(number, purpose=f"p{number}") for number in range(1, 9)]
    told = compile_policy(application(*rows), people()).explain(asked())
    assert told[-1].endswith("3 more rules are for other purposes")


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        (
            {"locked": True, "a": 2},
            "through role editor, about `type:todo`; its condition does not hold",
        ),
        ({}, "its condition cannot be answered, so it does not apply"),
        ({}, "its condition cannot be answered, a denial applies all the same"),
        ({"locked": False}, "denied: the condition of R-1 cannot be answered"),
        ({"locked": True, "a": 1}, "denied by R-2 through role editor; a denial overrides"),
    ],
)
def test_the_reason_tells_how_conditions_were_answered(properties: dict, said: str) -> None:
    """Each rule is told with whether its condition holds, does not, or cannot be answered."""
    bundle = application(
        make_row(1),
        make_row(2, effect="deny"),
        conditions=(when(1, "resource.a == 1"), when(2, "resource.locked")),
    )
    told = compile_policy(bundle, people()).explain(asked(properties=properties))
    assert any(said in line for line in told), told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"conditions": (when(1, "true"), when(1, "true"))}, "two conditions"),
        ({"conditions": (when(9, "true"),)}, "`R-9`, which has no row"),
        ({"conditions": (when(1, "resource"),)}, "rule `R-1`: the condition has the end"),
        ({"conditions": (when(1, not_before="soon"),)}, "cannot be read"),
        (
            {"conditions": (when(1, not_before=rfc3339(NOW), not_after=rfc3339(NOW)),)},
            "ends before",
        ),
        ({"conditions": (when(1, "true"),), "model_conf": make_bundle().model_conf}, "asks for no"),
        ({"resources": (KnownResource(type="", id="1"),)}, "empty type or id"),
        ({"resources": (KnownResource(type="todo", id="1"),) * 2}, "listed twice"),
        (
            {
                "resource_links": (("1", "all"),),
                "resources": tuple(KnownResource(type=kind, id="1") for kind in "ab"),
            },
            "two types",
        ),
    ],
)
def test_doubtful_conditions_and_resources_are_refused(changes: dict, said: str) -> None:
    """What could be read in two ways, or would restrict nothing, is not compiled."""
    with pytest.raises(EnforcementError, match=said):
        compile_policy(application(make_row(1), **changes), people())


def test_the_model_follows_from_the_conditions() -> None:
    """A bundle with conditions takes the conditional model, one without the standard one."""
    assert (model_for(OWNED.conditions), model_for(())) == (CONDITIONAL, STANDARD)


def test_a_policy_says_whose_it_is() -> None:
    """A compiled policy names its tenant and its source."""
    policy = compile_policy(make_bundle(), make_directory())
    assert (policy.tenant, policy.source) == ("test-bank", "bank")
    assert policy.decide(
        AccessRequest(
            subject="teller-1", resource=f"{CLIENTS}.email", action="read", purpose=SERVICE
        )
    ).allow


def test_the_collector_is_left_as_it_was() -> None:
    """The cycle collector runs again after loading, also after an error, unless it was off."""
    with pytest.raises(EnforcementError):
        compile_policy(application(make_row(1, effect="maybe")), people())
    with collector_waits():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with collector_waits():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_frozen_for_the_collector_stays_frozen() -> None:
    """Loading does not bring back to the collector what a server kept from it."""
    gc.freeze()
    try:
        with collector_waits():
            pass
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
    with collector_waits():
        pass
    assert not gc.get_freeze_count()
