"""The reference engine: pycasbin, guarded against what it gets wrong by itself."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import casbin
import pytest

from policy_service.domain.bundle import PolicyRow
from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import EnforcementError, PolicyRowError
from policy_service.domain.identifiers import RoleId, RuleId
from policy_service.engines.casbin import CasbinEngine
from tests.builders import (
    ANALYTICS,
    CLIENTS,
    OPERATIONS,
    SERVICE,
    STANDARD_MODEL,
    make_bundle,
    make_directory,
)

EMAIL = f"{CLIENTS}.email"


def make_row(role: str = "teller", resource: str = EMAIL, effect: str = "allow") -> PolicyRow:
    """One row that is as it should be unless told otherwise."""
    return PolicyRow(
        role=RoleId(role),
        resource=resource,
        action="read",
        purpose="*",
        effect=effect,
        rule=RuleId("R-1"),
    )


def allows(engine: CasbinEngine, subject: str, resource: str, action: str, purpose: str) -> bool:
    """Ask for a subject."""
    return engine.allows(
        AccessRequest(subject=subject, resource=resource, action=action, purpose=purpose)
    )


def test_bundle_decides_for_people() -> None:
    """A bundle and a directory decide for people by the roles they hold."""
    engine = CasbinEngine.from_bundle(make_bundle(), make_directory())
    assert allows(engine, "teller-1", EMAIL, "read", SERVICE)
    assert not allows(engine, "teller-1", EMAIL, "update", SERVICE)
    assert not allows(engine, "teller-1", EMAIL, "read", ANALYTICS)
    assert not allows(engine, "engineer-1", f"{CLIENTS}.birth_number", "read", OPERATIONS)


def test_role_is_not_a_subject() -> None:
    """Asking as a subject with a role's name gives none of the role's rights."""
    engine = CasbinEngine.from_bundle(make_bundle(), make_directory())
    assert engine.allows_role("teller", EMAIL, "read", SERVICE)
    assert not allows(engine, "teller", EMAIL, "read", SERVICE)


def test_deny_overrides() -> None:
    """One matching denial outweighs every permit."""
    rows = (make_row(), make_row(resource=CLIENTS, effect="deny"))
    engine = CasbinEngine(
        model_conf=STANDARD_MODEL, rows=rows, resource_links=((EMAIL, CLIENTS), (CLIENTS, EMAIL))
    )
    assert not engine.allows_role("teller", EMAIL, "read", SERVICE)


def test_links_nest_beyond_ten_levels() -> None:
    """Roles twelve levels apart are linked, where pycasbin alone denies in silence."""
    links = [(f"r{level}", f"r{level + 1}") for level in range(12)]
    stock = casbin.Enforcer(casbin.Enforcer.new_model(text=STANDARD_MODEL))
    stock.add_grouping_policies([list(link) for link in links])
    stock.add_policy("r12", EMAIL, "read", "*", "allow", "R-1")
    engine = CasbinEngine(model_conf=STANDARD_MODEL, rows=(make_row("r12"),), role_links=links)
    assert not stock.enforce("r0", EMAIL, "read", "x")
    assert engine.allows_role("r0", EMAIL, "read", "x")


def test_unknown_names_are_not_remembered() -> None:
    """Asking for names that nobody knows leaves no trace in the engine."""
    engine = CasbinEngine(model_conf=STANDARD_MODEL, rows=(make_row(),), role_links=(("a", "b"),))
    links = engine._enforcer.get_named_role_manager("g")
    before = (dict(links._parents), dict(links._closed))
    for number in range(100):
        assert not engine.allows_role(f"stranger-{number}", f"thing-{number}", "read", "x")
    assert (links._parents, links._closed) == before


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No value of a denied request reaches a log, even where somebody turns casbin's loggers on."""
    engine = CasbinEngine(model_conf=STANDARD_MODEL, rows=(make_row(),))
    names = ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role")
    before = {name: logging.getLogger(name).disabled for name in names}
    for name in names:
        logging.getLogger(name).disabled = False
    try:
        with caplog.at_level(logging.DEBUG):
            assert not engine.allows_role("secret-person", EMAIL, "read", "x")
    finally:
        for name, disabled in before.items():
            logging.getLogger(name).disabled = disabled
    assert caplog.text == ""


def test_threads_agree() -> None:
    """Four threads that ask at once get the answers that one thread gets."""
    engine = CasbinEngine.from_bundle(make_bundle(), make_directory())
    asked = [("teller-1", SERVICE), ("teller-1", ANALYTICS), ("analyst-1", ANALYTICS)] * 20
    expected = [allows(engine, who, EMAIL, "read", purpose) for who, purpose in asked]
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda one: allows(engine, one[0], EMAIL, "read", one[1]), asked))
    assert given == expected


def test_empty_policy_is_refused() -> None:
    """A policy without rows is not loaded, for pycasbin would try it against empty strings."""
    with pytest.raises(EnforcementError, match="empty policy is refused"):
        CasbinEngine(model_conf=STANDARD_MODEL, rows=())


@pytest.mark.parametrize(
    "row",
    [
        make_row(effect="permit"),
        make_row(resource=""),
        replace(make_row(), rule=RuleId("")),
    ],
)
def test_doubtful_row_is_refused(row: PolicyRow) -> None:
    """An unknown effect or an empty field is refused with its place."""
    with pytest.raises(PolicyRowError, match="row 2") as caught:
        CasbinEngine(model_conf=STANDARD_MODEL, rows=(make_row(), row))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("eft, rule", "eft", "the model needs"),
        ("r = sub, obj, act, purpose", "r = sub, obj, act", "the model needs"),
        ("g2 = _, _\n", "", "for resources"),
        ("[matchers]", "[matchers", "cannot read the model"),
        ("[policy_effect]\ne = ", "[policy_effect]\nx = ", "cannot read the model"),
    ],
)
def test_other_model_is_refused(old: str, new: str, said: str) -> None:
    """A model of another arity, without links or that does not parse is refused at once."""
    with pytest.raises(EnforcementError, match=said):
        CasbinEngine(model_conf=STANDARD_MODEL.replace(old, new), rows=(make_row(),))


def test_matcher_that_fails_allows_nothing() -> None:
    """A matcher that names what is not defined raises ours, and says nothing of the request."""
    model = STANDARD_MODEL.replace("r.act == p.act", "missing(r.act, p.act)")
    engine = CasbinEngine(model_conf=model, rows=(make_row(),))
    with pytest.raises(EnforcementError, match="nothing is allowed") as caught:
        engine.allows_role("teller", EMAIL, "read", "x")
    assert EMAIL not in str(caught.value)
