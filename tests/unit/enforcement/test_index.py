"""Compiling and asking the index: what is refused, what a view and an explanation hold."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings

from policy_service.domain.bundle import Bundle, Directory, RuleObligation
from policy_service.domain.control import CLEAR, DENY, Control, Join, Operator, RowFilter
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import AssetId, RoleId, RuleId
from policy_service.domain.parameters import Parameters
from policy_service.enforcement import index, layout
from policy_service.enforcement.graph import ancestors, parents_of, path
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.obligations import sort_filters, strictest
from tests.builders import (
    ANALYST,
    ANALYTICS,
    CLIENTS,
    LAST_FOUR,
    OPERATIONS,
    OWN_DISTRICT,
    PSEUDONYM,
    REDACTED,
    SERVICE,
    STANDARD_MODEL,
    TELLER,
    make_bundle,
    make_directory,
    make_person,
)
from tests.laws.random_policies import TIMES, cases


def request_for(subject: str, column: str, purpose: str = SERVICE) -> AccessRequest:
    """Ask to read one column of the clients."""
    return AccessRequest(
        subject=subject, resource=f"{CLIENTS}.{column}", action="read", purpose=purpose
    )


def test_view_shows_each_column_in_the_order_of_the_table() -> None:
    """A view has every column of the table in its order, with the control for this subject."""
    view = compile_policy(make_bundle(), make_directory()).view("analyst-1", CLIENTS, ANALYTICS)
    shown = {column.column.rpartition(".")[2]: column.control for column in view.columns}
    assert list(shown.items()) == [
        ("client_id", DENY),
        ("birth_number", PSEUDONYM),
        ("email", REDACTED),
        ("district_id", CLEAR),
    ]
    assert view.row_filters == ()
    assert view.attributes == ()


def test_view_carries_what_the_row_filters_need() -> None:
    """A view names the row filters once and only the attributes that they compare with."""
    directory = make_directory(make_person("teller-1", TELLER, district_id=7, salary=1000))
    view = compile_policy(make_bundle(), directory).view("teller-1", CLIENTS, SERVICE)
    assert view.row_filters == (OWN_DISTRICT,)
    assert view.attributes == (("district_id", 7),)


@pytest.mark.parametrize("attributes", [{}, {"district_id": ["1", "2"]}])
def test_view_leaves_out_attributes_that_no_row_equals(attributes: dict) -> None:
    """A missing attribute, or a list, is not in the view, and so the filter shows no row."""
    directory = make_directory(make_person("teller-1", TELLER, **attributes))
    view = compile_policy(make_bundle(), directory).view("teller-1", CLIENTS, SERVICE)
    assert view.row_filters == (OWN_DISTRICT,)
    assert view.attributes == ()


def test_view_of_strangers_and_of_unknown_tables_shows_nothing() -> None:
    """A stranger may read no column; an unknown table has none."""
    policy = compile_policy(make_bundle(), make_directory())
    stranger = policy.view("stranger", CLIENTS, SERVICE)
    assert {column.control for column in stranger.columns} == {DENY}
    assert stranger.attributes == ()
    assert policy.view("teller-1", "bank.public.nothing", SERVICE).columns == ()


def test_explain_tells_why_it_is_allowed() -> None:
    """An explanation of a permit names roles, rule, control and row filter."""
    policy = compile_policy(make_bundle(), make_directory())
    text = "\n".join(policy.explain(request_for("teller-1", "birth_number")))
    for part in ("teller-1", "roles: teller", "R-0003", LAST_FOUR.label, "`district_id` equals"):
        assert part in text


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (request_for("engineer-1", "birth_number", OPERATIONS), "denied by R-0009 through role"),
        (request_for("teller-1", "email", ANALYTICS), "no rule allows it"),
        (request_for("stranger", "email"), "the directory does not know"),
        (request_for("teller-1", "salary"), "the policy does not know this resource"),
    ],
)
def test_explain_tells_why_it_is_denied(request_: AccessRequest, said: str) -> None:
    """An explanation of a denial names the reason."""
    policy = compile_policy(make_bundle(), make_directory())
    assert said in policy.explain(request_)[-1]


def test_explain_names_people_without_roles_and_joined_filters() -> None:
    """Somebody without a role is shown so; a filter over another table names that table."""
    far = replace(
        OWN_DISTRICT,
        path=(
            Join(
                column="client_id",
                references_table=AssetId("bank.public.people"),
                references_column="id",
            ),
        ),
    )
    bundle = make_bundle()
    bundle = replace(
        bundle, obligations=tuple(replace(one, row_filter=far) for one in bundle.obligations)
    )
    directory = make_directory(make_person("new"), make_person("teller-1", TELLER))
    policy = compile_policy(bundle, directory)
    assert "roles: none" in policy.explain(request_for("new", "email"))
    told = policy.explain(request_for("teller-1", "email"))[-2]
    assert "via bank.public.people equals" in told


def test_several_rules_join_their_obligations() -> None:
    """Two roles: the stricter control holds, and the row filter of one of them."""
    bundle = make_bundle()
    row = replace(bundle.rows[0], role=ANALYST, rule=RuleId("R-0099"))
    both = replace(
        bundle,
        rows=(*bundle.rows, row),
        obligations=(
            *bundle.obligations,
            RuleObligation(rule=RuleId("R-0099"), control=LAST_FOUR),
        ),
    )
    policy = compile_policy(both, make_directory(make_person("two", TELLER, ANALYST)))
    decision = policy.decide(request_for("two", "email"))
    assert decision.rules == ("R-0001", "R-0099")
    assert decision.obligations.control == LAST_FOUR
    assert decision.obligations.row_filters == (OWN_DISTRICT,)


def test_joined_decisions_that_are_kept_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no room to keep joined decisions, answers are the same."""
    bundle = make_bundle()
    row = replace(bundle.rows[0], rule=bundle.rows[4].rule)
    bundle = replace(bundle, rows=(*bundle.rows, row))
    expected = compile_policy(bundle, make_directory()).decide(request_for("teller-1", "email"))
    assert expected.rules == ("R-0001", "R-0005")
    monkeypatch.setattr(index, "_MOST_JOINED", 0)
    full = compile_policy(bundle, make_directory())
    assert full.decide(request_for("teller-1", "email")) == expected
    assert full.decide(request_for("teller-1", "email")) == expected


@settings(deadline=None, max_examples=60)
@given(cases(), TIMES)
def test_many_actions_and_purposes_change_no_answer(
    case: tuple[Bundle, Directory, AccessRequest], now: datetime | None
) -> None:
    """A policy laid out without empty cells answers, and gives reasons, as one with them."""
    bundle, directory, request = case
    dense = compile_policy(bundle, directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "MOST_CELLS", 0)
        sparse = compile_policy(bundle, directory)
    assert sparse.reasons(request, now) == dense.reasons(request, now)


def test_row_about_a_resource_without_links_is_found() -> None:
    """A resource that only a row names is known, and stands for itself."""
    bundle = replace(make_bundle(), resource_links=())
    policy = compile_policy(bundle, make_directory())
    asked = (TELLER, bundle.rows[0].resource, "read", SERVICE)
    assert policy.decide_role(*asked).allow
    unknown = policy.decide_role(TELLER, "elsewhere", "read", SERVICE)
    assert unknown.reason is DenyReason.UNKNOWN_RESOURCE


def test_unknown_role_is_denied() -> None:
    """A role that the policy does not name may nothing."""
    decision = compile_policy(make_bundle(), make_directory()).decide_role(
        "cleaner", f"{CLIENTS}.email", "read", SERVICE
    )
    assert decision.reason is DenyReason.NO_MATCHING_RULE


def test_rows_of_several_purposes_join() -> None:
    """A denial for every purpose overrides a permit for one."""
    bundle = make_bundle()
    row = replace(bundle.rows[0], purpose="*", effect="deny", rule=RuleId("R-0098"))
    policy = compile_policy(replace(bundle, rows=(*bundle.rows, row)), make_directory())
    assert policy.decide(request_for("teller-1", "email")).rules == ("R-0098",)


def _without_obligation(bundle: Bundle) -> Bundle:
    return replace(bundle, obligations=bundle.obligations[1:])


def _double_obligation(bundle: Bundle) -> Bundle:
    return replace(bundle, obligations=(*bundle.obligations, bundle.obligations[0]))


def _deny_obligation(bundle: Bundle) -> Bundle:
    first = replace(bundle.obligations[0], control=DENY)
    return replace(bundle, obligations=(first, *bundle.obligations[1:]))


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (replace(make_bundle(), rows=()), "empty policy is refused"),
        (_without_obligation(make_bundle()), "has no obligation"),
        (_double_obligation(make_bundle()), "two obligations"),
        (_deny_obligation(make_bundle()), "write a deny row instead"),
        (replace(make_bundle(), expires_at="tomorrow"), "no readable expiry"),
        (replace(make_bundle(), role_links=(("teller", ""),)), "`g` link 1"),
        (replace(make_bundle(), resource_links=(("", "a"),)), "`g2` link 1"),
        (
            replace(make_bundle(), model_conf=STANDARD_MODEL.replace("&& g2", "|| g2")),
            "`matchers.m`",
        ),
        (replace(make_bundle(), model_conf=STANDARD_MODEL + "m2 = true\n"), "`matchers.m2`"),
        (replace(make_bundle(), model_conf=STANDARD_MODEL + "m = true\n"), "twice"),
    ],
)
def test_doubtful_bundle_is_refused(bundle: Bundle, said: str) -> None:
    """What could be read in two ways, or would fail open, is not compiled."""
    with pytest.raises(EnforcementError, match=said):
        compile_policy(bundle, make_directory())


@pytest.mark.parametrize("change", [{"effect": "permit"}, {"role": ""}, {"purpose": ""}])
def test_doubtful_row_is_refused(change: dict) -> None:
    """An unknown effect or an empty field is refused with the place of the row."""
    bundle = make_bundle()
    rows = (*bundle.rows[:2], replace(bundle.rows[2], **change), *bundle.rows[3:])
    with pytest.raises(PolicyRowError, match="row 3") as caught:
        compile_policy(replace(bundle, rows=rows), make_directory())
    assert caught.value.line == 3


def test_subject_that_is_listed_twice_is_refused() -> None:
    """Two entries for one subject are refused, for either could be meant."""
    twice = make_directory(make_person("a", TELLER), make_person("a", ANALYST))
    with pytest.raises(EnforcementError, match="`a` is listed twice"):
        compile_policy(make_bundle(), twice)


def test_comments_and_spaces_of_a_model_do_not_matter() -> None:
    """A model with comments, other spaces and quotes is still the standard one."""
    model = STANDARD_MODEL.replace('"*"', "'*'").replace(" && ", "  &&  ")
    bundle = replace(make_bundle(), model_conf=f"# ours\n; too\n{model}")
    assert compile_policy(bundle, make_directory()).revision == 1


def test_strictest_of_none_is_clear() -> None:
    """Where no control is asked for, the value is clear."""
    assert strictest(()) == CLEAR


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_three_controls_join_in_any_order(order: tuple[int, ...]) -> None:
    """Two that differ below a stricter third are redacted, in whatever order they come."""
    controls = (
        LAST_FOUR,
        Control(operator=Operator.PARTIAL, parameters=Parameters(first=6)),
        Control(operator=Operator.BUCKET, parameters=Parameters(width=10)),
    )
    assert strictest(controls[place] for place in order) == REDACTED


def test_null_stays_above_a_clash() -> None:
    """Controls that differ never loosen one that is stricter than redacting."""
    other = Control(operator=Operator.PARTIAL, parameters=Parameters(first=6))
    null = Control(operator=Operator.NULL)
    assert strictest((LAST_FOUR, other, null)) == null


def test_row_filters_are_sorted_and_each_once() -> None:
    """Row filters come in one order, each once."""
    far = RowFilter(
        table=CLIENTS,
        column="district_id",
        subject_attribute="district_id",
        path=(Join(column="a", references_table=AssetId("t"), references_column="b"),),
    )
    assert sort_filters((far, OWN_DISTRICT, far)) == (OWN_DISTRICT, far)


def test_inherited_roles_count() -> None:
    """Somebody with a role has what that role inherits, and not the other way round."""
    bundle = make_bundle(role_links=(("head-teller", "teller"),))
    directory = make_directory(make_person("head", RoleId("head-teller")))
    policy = compile_policy(bundle, directory)
    assert policy.decide(request_for("head", "email")).allow
    assert not policy.decide_role("analyst", f"{CLIENTS}.email", "read", SERVICE).allow


def test_rules_of_other_roles_do_not_count() -> None:
    """Of two roles' rules at one place, only those of the role that is held decide."""
    bundle = make_bundle()
    row = replace(bundle.rows[0], role=ANALYST, effect="deny", rule=RuleId("R-0097"))
    policy = compile_policy(replace(bundle, rows=(*bundle.rows, row)), make_directory())
    assert policy.decide(request_for("teller-1", "email")).rules == ("R-0001",)
    assert policy.decide(request_for("analyst-1", "email")).rules == ("R-0097",)


def test_cycles_are_harmless() -> None:
    """Links in a circle, or to themselves, end and mean that all of them hold each other."""
    links = (("a", "b"), ("b", "c"), ("c", "a"), ("c", "c"), ("d", "a"), ("e", "d"))
    parents = parents_of(links)
    above = ancestors(parents)
    assert above["a"] == above["b"] == above["c"] == above["d"] == {"a", "b", "c"}
    assert above["e"] == {"a", "b", "c", "d"}
    assert path("e", "c", parents) == ("e", "d", "a", "b", "c")
    assert path("a", "e", parents) == ()
