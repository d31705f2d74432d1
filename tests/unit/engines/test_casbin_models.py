"""Other Casbin models on pycasbin, behind the decision point's interface; its traps are shut."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import casbin
import pytest
from casbin.persist.adapters import FileAdapter

from policy_service.domain.bundle import Bundle, Directory, PolicyRow, RuleObligation
from policy_service.domain.control import CLEAR
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import Revision, RoleId, RuleId, Sha256Hex, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.enforcement.index import compile_policy
from policy_service.enforcement.point import DecisionPointService
from policy_service.engines.casbin_models import CasbinModelPolicy, PolicyIdentity
from policy_service.kit.clock import FixedClock
from tests.builders import make_bundle

IDENTITY = PolicyIdentity(
    revision=Revision(7),
    tenant="default",
    source="registry",
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
)
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "cases" / "casbin_models.json").read_text(encoding="utf-8")
)["cases"]
LOADED = [case for case in CASES if "refused" not in case]
REFUSED = [case for case in CASES if "refused" in case]
STANDARD = [case for case in CASES if case.get("standard")]
RBAC = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
"""
ABAC = RBAC.replace("p = sub, obj, act", "p = sub_rule, obj, act").replace(
    "g(r.sub, p.sub)", "eval(p.sub_rule)"
)


def load(model: str, policy: str, *people: Person, **more: Any) -> CasbinModelPolicy:
    """Load a policy; where people are given they are the directory."""
    directory = Directory(people=people, sha256=Sha256Hex("")) if people else None
    return CasbinModelPolicy(
        model_conf=model, policy_csv=policy, identity=IDENTITY, directory=directory, **more
    )


def person(subject: str, *roles: str, **attributes: object) -> Person:
    """Make one person of the directory."""
    return Person(
        subject=SubjectId(subject),
        roles=tuple(RoleId(role) for role in roles),
        attributes=Parameters(attributes),
    )


def ask(subject: str, resource: str = "data1", action: str = "read", **more: Any) -> AccessRequest:
    """Make a request without a purpose."""
    return AccessRequest(subject=subject, resource=resource, action=action, purpose="", **more)


def requests_of(case: dict[str, Any]) -> Iterator[tuple[AccessRequest, Person, dict[str, Any]]]:
    """Write a case's questions in our form: facts of the subject are the directory's."""
    for one in case["requests"]:
        asked = one["ask"]
        sub, obj = asked.get("sub", ""), asked.get("obj", "")
        facts = sub if isinstance(sub, dict) else {"id": sub}
        properties = obj if isinstance(obj, dict) else {}
        others = {key: asked[key] for key in asked if key not in ("sub", "obj", "act")}
        request = ask(
            facts["id"],
            obj if isinstance(obj, str) else obj["id"],
            asked["act"],
            context=Parameters(others),
            properties=Parameters(properties),
        )
        known = {name: value for name, value in facts.items() if name != "id"}
        yield request, person(facts["id"] or "somebody", **known), one


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["fact"])
def test_plain_pycasbin_gives_the_published_answers(case: dict[str, Any], tmp_path: Path) -> None:
    """The cases are what pycasbin itself does, so that a difference of ours is a decision."""
    file = tmp_path / "policy.csv"
    file.write_text("\n".join(case["policy"]), encoding="utf-8")
    model = casbin.Enforcer.new_model(text="\n".join(case["model"]))
    enforcer = casbin.Enforcer(model, FileAdapter(str(file)))
    enforcer.logger.disabled = True
    for kind, name in case.get("link_patterns", {}).items():
        enforcer.add_named_matching_func(kind, enforcer.fm.get_functions()[name])
    for one in case["requests"]:
        values = [
            SimpleNamespace(**value) if isinstance(value, dict) else value
            for value in one["ask"].values()
        ]
        assert enforcer.enforce(*values) is one["allow"], one


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case["fact"])
def test_our_engine_answers_as_pycasbin_unless_the_case_says_why(case: dict[str, Any]) -> None:
    """Every published model runs behind our interface, with the rows that decided."""
    model, policy = "\n".join(case["model"]), "\n".join(case["policy"])
    patterns = case.get("link_patterns")
    for request, asker, one in requests_of(case):
        people = (asker,) if asker.attributes else ()
        loaded = load(model, policy, *people, link_patterns=patterns)
        decision = loaded.decide(request)
        assert decision.allow is one.get("ours", one["allow"]), one
        assert bool(one.get("why")) is ("ours" in one)
        assert decision.revision == 7
        if decision.allow:
            assert decision.rules
            assert decision.reason is None


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["fact"])
def test_what_cannot_be_relied_on_is_refused(case: dict[str, Any]) -> None:
    """An empty policy and a default of allowing never come into force."""
    with pytest.raises(EnforcementError, match=case["refused"]):
        load("\n".join(case["model"]), "\n".join(case["policy"]))


@pytest.mark.parametrize("case", STANDARD, ids=lambda case: case["fact"])
def test_models_of_the_standard_shape_answer_the_same_on_the_index(case: dict[str, Any]) -> None:
    """Roles, groups and deny rows translate to the standard model, for every purpose."""
    bundle = translated(case["policy"])
    people = {request.subject: asker for request, asker, _ in requests_of(case)}
    directory = Directory(
        people=tuple(person(name, f"as:{name}") for name in people), sha256=Sha256Hex("")
    )
    compiled = compile_policy(bundle, directory)
    for request, _, one in requests_of(case):
        assert compiled.decide(request).allow is one.get("ours", one["allow"]), one


def translated(policy: list[str]) -> Bundle:
    """Translate rows of an RBAC policy; every name is a role that only its bearer holds."""
    rows, links, groups = [], [], []
    for number, line in enumerate(policy, start=1):
        kind, *fields = (part.strip() for part in line.split(","))
        if kind == "p":
            role, resource, action, *effect = fields
            rows.append(
                PolicyRow(
                    role=RoleId(f"as:{role}"),
                    resource=resource,
                    action=action,
                    purpose="*",
                    effect=effect[0] if effect else "allow",
                    rule=RuleId(f"line-{number}"),
                )
            )
        elif kind == "g":
            links.append((f"as:{fields[0]}", f"as:{fields[1]}"))
        else:
            groups.append((fields[0], fields[1]))
    named = {"data1", "data2", *(row.resource for row in rows)}
    return replace(
        make_bundle(),
        rows=tuple(rows),
        role_links=tuple(links),
        resource_links=(*groups, *((name, "everything") for name in sorted(named))),
        obligations=tuple(
            RuleObligation(rule=row.rule, control=CLEAR) for row in rows if row.effect == "allow"
        ),
        tests=(),
    )


EXAMPLES = {
    "rbac": [("mina", "register", "write", True), ("otto", "register", "read", False)],
    "rbac_with_deny": [("mina", "register", "write", True), ("tim", "register", "write", False)],
    "rbac_with_domains": [("mina", "ledger", "write", True), ("otto", "ledger", "read", False)],
    "rbac_with_resource_roles": [
        ("otto", "deed-2", "read", True),
        ("otto", "map-8", "read", False),
    ],
    "priority": [("mina", "ledger", "read", True), ("otto", "ledger", "read", False)],
    "restful": [("mina", "/notes/a/b", "PUT", True), ("otto", "/notes/1", "PUT", False)],
    "abac": [("ada", "d-1", "read", True), ("bo", "d-1", "read", False)],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_models_decide_by_their_shipped_examples(name: str, repository: Path) -> None:
    """Each model of the folder comes with a policy that loads and means what its comment says."""
    folder = repository / "policies" / "casbin"
    people = (
        (person("ada", clearance=4, country="at"), person("bo", clearance=4, country="de"))
        if name == "abac"
        else ()
    )
    policy = load(
        (folder / f"{name}.conf").read_text(encoding="utf-8"),
        (folder / f"{name}.csv").read_text(encoding="utf-8"),
        *people,
    )
    for subject, resource, action, allow in EXAMPLES[name]:
        request = ask(
            subject,
            resource,
            action,
            context=Parameters(dom="north"),
            properties=Parameters(country="at"),
            resource_type="dossier",
        )
        assert policy.decide(request).allow is allow


def test_every_shipped_model_has_an_example(repository: Path) -> None:
    """A model without a policy beside it would not be shown to work."""
    folder = repository / "policies" / "casbin"
    names = {path.stem for path in folder.glob("*.conf")} - {"standard", "conditional"}
    assert names == set(EXAMPLES) == {path.stem for path in folder.glob("*.csv")}


def test_the_decision_point_takes_such_a_policy_as_any_other() -> None:
    """One interface: swap, canaries, reasons, revision, staleness."""
    point = DecisionPointService(clock=FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    point.swap(load(RBAC, "p, clerk, data1, read\ng, mina, clerk"))
    assert point.decide(ask("mina")).rules == ("line-1",)
    assert point.decide(ask("nobody")).reason is DenyReason.NO_MATCHING_RULE
    late = DecisionPointService(clock=FixedClock(datetime(2027, 1, 1, tzinfo=UTC)))
    with pytest.raises(EnforcementError, match="past its time"):
        late.swap(load(RBAC, "p, clerk, data1, read"))


def test_people_and_their_roles_are_the_directorys() -> None:
    """Who is not in the directory may nothing, and nobody is what they are called like."""
    policy = load(RBAC, "p, clerk, data1, read", person("mina", "clerk"), person("otto"))
    assert policy.decide(ask("mina")).allow
    assert policy.decide(ask("otto")).reason is DenyReason.NO_MATCHING_RULE
    assert policy.decide(ask("clerk")).reason is DenyReason.UNKNOWN_SUBJECT
    with pytest.raises(EnforcementError, match="called like a role"):
        load(RBAC, "p, clerk, data1, read", person("clerk"), person("mina", "clerk"))
    assert policy.decide_role("clerk", "data1", "read", "").allow


def test_in_domains_the_policy_says_who_holds_what(repository: Path) -> None:
    """A role of the directory has no domain, so it opens none; a request without one is denied."""
    model = (repository / "policies/casbin/rbac_with_domains.conf").read_text(encoding="utf-8")
    policy = load(
        model, "p, steward, north, ledger, read", person("mina", "steward"), person("otto")
    )
    north = Parameters(dom="north")
    assert not policy.decide(ask("mina", "ledger", context=north)).allow
    assert policy.decide(ask("mina", "ledger")).reason is DenyReason.CONDITION_UNKNOWN


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"age": 20}, None),
        ({"age": 10}, DenyReason.NO_MATCHING_RULE),
        ({"age": "20"}, DenyReason.CONDITION_UNKNOWN),
        ({}, DenyReason.CONDITION_UNKNOWN),
    ],
)
def test_a_fact_that_is_missing_or_of_another_type_is_a_denial(
    attributes: dict[str, object], reason: DenyReason | None
) -> None:
    """An error in a rule never opens anything."""
    policy = load(ABAC, "p, r.sub.age > 18, data1, read", person("mina", **attributes))
    assert policy.decide(ask("mina")).reason is reason


def test_a_failure_of_pycasbin_is_an_error_without_values() -> None:
    """The decision point denies then; nothing of the request is repeated."""
    model = RBAC.replace("r.obj == p.obj", "regexMatch(r.obj, p.obj)")
    policy = load(model, "p, mina, data1, read")
    policy._enforcer.fm.fm["regexMatch"] = lambda *_: 1 / 0
    with pytest.raises(EnforcementError, match="ZeroDivisionError") as caught:
        policy.decide(ask("mina", "secret-name"))
    assert "secret-name" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_columns_are_not_its_business() -> None:
    """A view shows nothing, whatever is asked."""
    assert load(RBAC, "p, mina, data1, read").view("mina", "a.b.c", "x").columns == ()


def test_it_explains_by_the_row() -> None:
    """The row's line, or the rule that a column `rule` names."""
    ruled = RBAC.replace("p = sub, obj, act", "p = sub, obj, act, rule")
    assert load(ruled, "p, mina, data1, read, R-7").explain(ask("mina")) == (
        "allowed by R-7, a row of its Casbin policy",
    )
    plain = load(RBAC, "# a comment\n\np, mina, data1, read")
    assert "line-3" in plain.explain(ask("mina"))[0]
    assert plain.explain(ask("otto")) == ("denied: no_matching_rule",)


def test_threads_may_share_it() -> None:
    """One question at a time is asked of pycasbin."""
    policy = load(RBAC, "p, clerk, data1, read\ng, mina, clerk")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: policy.decide(ask("mina" if n % 2 else "x")), range(200)))
    assert [one.allow for one in answers] == [bool(n % 2) for n in range(200)]


def test_names_that_were_asked_about_are_not_kept() -> None:
    """Strangers do not fill the memory."""
    policy = load(RBAC, "p, clerk, data1, read\ng, mina, clerk")
    manager = policy._enforcer.rm_map["g"]
    before = repr(manager._parents)
    for number in range(50):
        policy.decide(ask(f"stranger-{number}"))
    assert repr(manager._parents) == before


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("p, mina, data1", "line 1: a `p` row has 3 fields, and this one 2"),
        ("p, mina, data1, read\ng, mina", "line 2: a `g` row has 2 fields"),
        ("p, mina, data1, read\np2, mina, data1, read", "line 2: the model knows no rows `p2`"),
        ("p, mina, , read", "line 1 has an empty field"),
        ("p", "line 1 has an empty field"),
        ("p, mina, (data1, read", "line 1 has brackets that do not match"),
        ("p, mina, data1), read", "line 1 has brackets that do not match"),
    ],
)
def test_a_row_that_pycasbin_would_pass_over_is_refused_with_its_line(
    policy: str, said: str
) -> None:
    """Wrong arity, unknown kinds and empty fields are found before anything is decided."""
    with pytest.raises(PolicyRowError, match=said.replace("(", r"\(")) as caught:
        load(RBAC, policy)
    assert caught.value.line == int(said.partition("line ")[2][0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[matchers]", "[matcher]", "line 10: there is no section `matcher`"),
        ("p = sub, obj, act", "p2 = sub, obj, act", "line 5: `p2` is no definition"),
        ("p = sub, obj, act", "p = sub, obj, act\np = sub", "line 6: `p` is defined twice"),
        ("g = _, _", "g2 = _, _", "the model defines g2"),
        ("g = _, _", "g = _, _, (_, _)", "links `g` are"),
        ("e = some(where (p.eft == allow))", "# none", "the model defines no `e`"),
        ("e = some", "e = any", "effect is unknown"),
        ("r.act == p.act", "r.act == p.act \\", "line 11 is not finished"),
        ("r = sub", "nonsense\nr = sub", "line 3: `nonsense` is no definition"),
    ],
)
def test_a_model_that_pycasbin_would_misread_is_refused(old: str, new: str, said: str) -> None:
    """Sections and keys that Casbin ignores in silence are named with their line."""
    with pytest.raises(EnforcementError, match=said):
        load(RBAC.replace(old, new), "p, mina, data1, read")


@pytest.mark.parametrize(
    "matcher",
    [
        "r.sub.__class__ == p.sub",
        "r.sub.upper() == p.sub",
        "r.obj.func_code == p.obj",
        "open(p.sub)",
        "r.sub * 99999999 == p.sub",
        "[one for one in p.sub] == r.sub",
        "r.sub[0] == p.sub",
        "r.sub is p.sub",
        "r.sub == 'a && b'",
        "r.sub==p.sub&&r.obj==p.obj",
        "r.other == p.sub",
        "p.sub.age > 1",
        "r.sub == p.sub && r.sub.age > 1",
        "r.act.age > 1",
        "r.sub == None",
        "eval(r.sub)",
        "eval(p.none)",
        "keyMatch(r.sub, other=p.sub)",
        "timeMatch(p.sub, p.obj)",
        "r.sub ==",
        "(" * 40 + "r.sub" + ")" * 40 + " == p.sub && " * 200,
        "!" * 40 + "(r.sub == p.sub)",
    ],
)
def test_a_matcher_may_only_compare_join_and_match(matcher: str) -> None:
    """Nothing that is evaluated reaches beyond the facts of one request."""
    model = RBAC.replace("g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act", matcher)
    with pytest.raises(EnforcementError):
        load(model, "p, mina, data1, read")


def test_a_rule_in_a_row_is_held_to_the_same() -> None:
    """Rows are policy too: no method, no other function; the row's line is named."""
    for rule in ("r.sub.age.bit_length() > 1", "eval(p.obj)", "r.sub.age > 18 # comment)"):
        with pytest.raises(EnforcementError, match="line"):
            load(ABAC, f"p, {rule}, data1, read")


def test_a_priority_is_a_whole_number(repository: Path) -> None:
    """A word would be sorted behind by pycasbin, or fail half way."""
    model = (repository / "policies/casbin/priority.conf").read_text(encoding="utf-8")
    for priority in ("-1", "first", "1.5"):
        with pytest.raises(PolicyRowError, match="whole number"):
            load(model, f"p, {priority}, mina, data1, read, allow")


def test_patterns_of_links_are_known_ones() -> None:
    """A misspelt function, or links that the model has not, are refused."""
    with pytest.raises(EnforcementError, match="links hold for one of"):
        load(RBAC, "p, mina, data1, read", link_patterns={"g": "keyMatch9"})
    with pytest.raises(EnforcementError, match="no links `g2`"):
        load(RBAC, "p, mina, data1, read", link_patterns={"g2": "keyMatch"})


def test_patterns_match_texts_only() -> None:
    """Facts are no text: a denial, not a match of something else."""
    model = RBAC.replace("r.obj == p.obj", "keyMatch(r.obj.owner, p.obj)")
    policy = load(model, "p, mina, data1, read")
    seven = ask("mina", properties=Parameters(owner=7))
    assert policy.decide(seven).reason is DenyReason.CONDITION_UNKNOWN
    good = ask("mina", properties=Parameters(owner="data1"))
    assert policy.decide(good).allow
