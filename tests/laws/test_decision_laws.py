"""Laws of deciding, over random policies with hierarchies, cycles, denials and odd names."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy_service.domain.bundle import Bundle, Directory, PolicyRow
from policy_service.domain.control import Operator
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.identifiers import Revision, RoleId, RuleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.point import DecisionPointService
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.clock import FixedClock
from tests.builders import NOW, make_bundle, make_directory
from tests.laws.random_policies import TIMES, cases
from tests.oracles import decision_oracle

_BASE = make_bundle()

EQUAL = settings(deadline=None, max_examples=250)  # two filters at once are rare
LAW = settings(deadline=None)  # other processes must not make a law fail


def _with_row(bundle: Bundle, request: AccessRequest, role: str, effect: str) -> Bundle:
    typed = request.resource.startswith("type:") and request.resource_type
    row = PolicyRow(
        role=RoleId(role),
        resource=f"type:{request.resource_type}" if typed else request.resource,
        action=request.action,
        purpose=request.purpose or "*",
        effect=effect,
        rule=RuleId("R-new"),
    )
    return replace(bundle, rows=(*bundle.rows, row))


def _as_oracle(decision: Decision) -> decision_oracle.Answer:
    return (
        decision.allow,
        decision.reason,
        decision.rules,
        decision.obligations.control,
        frozenset(decision.obligations.row_filters),
    )


@EQUAL
@given(cases(), TIMES)
def test_index_decides_as_the_oracle(
    case: tuple[Bundle, Directory, AccessRequest], now: datetime | None
) -> None:
    """The index gives the oracle's answer, reason, rules, control and row filters."""
    bundle, directory, request = case
    decision = compile_policy(bundle, directory).decide(request, now)
    assert _as_oracle(decision) == decision_oracle.decide(bundle, directory, request, now)


@EQUAL
@given(cases(), TIMES)
def test_index_decides_as_casbin(
    case: tuple[Bundle, Directory, AccessRequest], now: datetime | None
) -> None:
    """The index allows a subject exactly what pycasbin allows it."""
    bundle, directory, request = case
    casbin = CasbinEngine.from_bundle(bundle, directory)
    decision = compile_policy(bundle, directory).decide(request, now)
    assert decision.allow is casbin.allows(request, now)


@LAW
@given(cases())
def test_index_decides_for_roles_as_casbin(case: tuple[Bundle, Directory, AccessRequest]) -> None:
    """The index allows a role exactly what pycasbin allows it."""
    bundle, directory, request = case
    casbin = CasbinEngine(
        model_conf=bundle.model_conf,
        rows=bundle.rows,
        role_links=bundle.role_links,
        resource_links=bundle.resource_links,
        conditions=bundle.conditions,
        resources=bundle.resources,
    )
    index = compile_policy(bundle, directory)
    for role in sorted({row.role for row in bundle.rows} | {RoleId("nobody's")}):
        asked = (role, request.resource, request.action, request.purpose)
        assert index.decide_role(*asked).allow is casbin.allows_role(*asked)


@LAW
@given(cases())
def test_deny_overrides_allow(case: tuple[Bundle, Directory, AccessRequest]) -> None:
    """Whatever else a policy says, a matching deny row denies."""
    bundle, directory, request = case
    person = directory.person(request.subject)
    assume(person is not None and person.roles)
    assert person is not None
    denied = _with_row(bundle, request, person.roles[0], "deny")
    decision = compile_policy(denied, directory).decide(request)
    assert decision.reason is DenyReason.DENIED_BY_RULE


@LAW
@given(cases())
def test_what_no_rule_allows_is_denied(case: tuple[Bundle, Directory, AccessRequest]) -> None:
    """A policy of denials alone allows nothing."""
    bundle, directory, request = case
    rows = tuple(replace(row, effect="deny") for row in bundle.rows)
    assert not compile_policy(replace(bundle, rows=rows), directory).decide(request).allow


@LAW
@given(cases(), st.data())
def test_adding_a_deny_never_widens(
    case: tuple[Bundle, Directory, AccessRequest], data: st.DataObject
) -> None:
    """A further deny row, wherever it stands, turns no denial into a permit."""
    bundle, directory, request = case
    role = data.draw(st.sampled_from([str(row.role) for row in bundle.rows]))
    narrower = compile_policy(_with_row(bundle, request, role, "deny"), directory)
    if not compile_policy(bundle, directory).decide(request).allow:
        assert not narrower.decide(request).allow


@LAW
@given(cases(), st.data())
def test_a_second_role_never_loosens_the_control(
    case: tuple[Bundle, Directory, AccessRequest], data: st.DataObject
) -> None:
    """With one more role, what was shown is shown no more clearly, and of no more rows.

    Without conditions: one may ask who has a role.
    """
    bundle, directory, request = case
    bundle = replace(bundle, conditions=())
    person = directory.person(request.subject)
    assume(person is not None)
    assert person is not None
    before = compile_policy(bundle, directory).decide(request)
    more = data.draw(st.sampled_from([row.role for row in bundle.rows]))
    richer = make_directory(replace(person, roles=(*person.roles, more)))
    after = compile_policy(bundle, richer).decide(request)
    if before.allow and after.allow:
        old, new = before.obligations, after.obligations
        assert new.control.operator.strictness >= old.control.operator.strictness
        assert set(old.row_filters) <= set(new.row_filters)


@LAW
@given(cases(), st.permutations(range(8)))
def test_the_order_of_rows_does_not_matter(
    case: tuple[Bundle, Directory, AccessRequest], order: list[int]
) -> None:
    """The same rows and links in any order decide the same."""
    bundle, directory, request = case
    shuffled = replace(
        bundle,
        rows=tuple(bundle.rows[place] for place in order if place < len(bundle.rows)),
        role_links=bundle.role_links[::-1],
        resource_links=bundle.resource_links[::-1],
        obligations=bundle.obligations[::-1],
    )
    expected = compile_policy(bundle, directory).decide(request)
    assert compile_policy(shuffled, directory).decide(request) == expected


@LAW
@given(cases(), st.integers(min_value=1, max_value=10**6))
def test_decisions_carry_the_revision(
    case: tuple[Bundle, Directory, AccessRequest], revision: int
) -> None:
    """Every answer names the revision it was given by, and a reason exactly when it denies."""
    bundle, directory, request = case
    policy = compile_policy(replace(bundle, revision=Revision(revision)), directory)
    decision = policy.decide(request)
    assert decision.revision == revision
    assert (decision.reason is None) is decision.allow


@LAW
@given(cases(), st.integers(min_value=0, max_value=10**6))
def test_a_stale_bundle_denies(case: tuple[Bundle, Directory, AccessRequest], seconds: int) -> None:
    """From the moment a bundle ends on, every request is denied as stale."""
    bundle, directory, request = case
    clock = FixedClock(NOW)
    service = DecisionPointService(clock=clock)
    policy = compile_policy(bundle, directory)
    service.swap(policy)
    clock.advance(policy.expires_at - NOW + timedelta(seconds=seconds))
    assert service.decide(request).reason is DenyReason.STALE_BUNDLE


@LAW
@given(
    cases(),
    st.sampled_from(
        (RuntimeError(), KeyError("x"), RecursionError(), MemoryError(), UnicodeError())
    ),
)
def test_an_engine_that_raises_denies(
    case: tuple[Bundle, Directory, AccessRequest], error: Exception
) -> None:
    """Whatever a reference engine raises while it is asked, the answer is a denial."""

    class Raising:
        def allows(self, *asked: object) -> bool:
            raise error

    bundle, directory, request = case
    service = DecisionPointService(clock=FixedClock(NOW), sample=lambda: True)
    service.swap(compile_policy(bundle, directory), reference=Raising())
    assert service.decide(request).reason is DenyReason.INTERNAL_ERROR


@LAW
@given(cases())
def test_views_show_what_decisions_allow(
    case: tuple[Bundle, Directory, AccessRequest],
) -> None:
    """Each column of a view has the control of its own decision, and all their row filters."""
    bundle, directory, request = case
    links = (*bundle.resource_links, ("t.c1", "t"), ("t.c2", "t"), ("t", request.resource))
    policy = compile_policy(replace(bundle, resource_links=links, conditions=()), directory)
    view = policy.view(request.subject, "t", request.purpose, request.action)
    decisions = [policy.decide(replace(request, resource=column.column)) for column in view.columns]
    assert [column.column for column in view.columns] == ["t.c1", "t.c2"]
    for column, decision in zip(view.columns, decisions, strict=True):
        shown = decision.obligations.control.operator if decision.allow else Operator.DENY
        assert column.control.operator is shown
    wanted = {one for decision in decisions for one in decision.obligations.row_filters}
    assert set(view.row_filters) == wanted


@pytest.mark.parametrize("depth", [9, 10, 11, 300])
def test_depth_does_not_matter(depth: int) -> None:
    """Roles and resources nest as deep as one likes; pycasbin alone stops at ten."""
    row = replace(_BASE.rows[0], role=RoleId(f"r{depth}"), resource=f"a{depth}")
    bundle = replace(
        _BASE,
        rows=(row,),
        role_links=tuple((f"r{level}", f"r{level + 1}") for level in range(depth)),
        resource_links=tuple((f"a{level}", f"a{level + 1}") for level in range(depth)),
    )
    directory = make_directory(Person(subject=SubjectId("s"), roles=(RoleId("r0"),)))
    request = AccessRequest(subject="s", resource="a0", action=row.action, purpose=row.purpose)
    assert compile_policy(bundle, directory).decide(request).allow
    casbin = CasbinEngine.from_bundle(bundle, directory)
    assert casbin.allows(request)
