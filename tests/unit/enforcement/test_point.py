"""The decision point: swaps, canaries, staleness, the shadow check, and failing closed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.bundle import RuleCondition
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.draft import PolicyTest
from policy_service.domain.errors import AccessDeniedError, EnforcementError, StaleBundleError
from policy_service.domain.identifiers import Revision, RuleId
from policy_service.domain.predicate import EVERY_ROW
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.enforcement.point import DecisionPointService, every_nth, paced
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.clock import FixedClock
from tests.builders import CLIENTS, NOW, SERVICE, make_bundle, make_directory

POLICIES = Path(__file__).resolve().parents[3] / "policies"
REQUEST = AccessRequest(
    subject="teller-1", resource=f"{CLIENTS}.email", action="read", purpose=SERVICE
)


def make_policy(revision: int = 1) -> CompiledPolicy:
    """Compile the test bundle under a revision."""
    return compile_policy(make_bundle(revision=revision), make_directory())


@dataclass
class Bell:
    """An alarm that remembers why it rang."""

    rang: list[DenyReason] = field(default_factory=list)

    def __call__(self, reason: DenyReason, revision: Revision) -> None:
        self.rang.append(reason)


class Contrary:
    """A reference engine that denies everything."""

    def allows(self, *asked: object) -> bool:
        return False


class Failing:
    """A reference engine that raises what it was given."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def allows(self, *asked: object) -> bool:
        raise self._error


def make_service(
    *, sample: Callable[[], bool] = lambda: True, **others: object
) -> DecisionPointService:
    """A decision point at the fixed time that checks every decision unless told otherwise."""
    return DecisionPointService(clock=FixedClock(NOW), sample=sample, **others)


def test_without_a_policy_everything_is_denied() -> None:
    """Before the first swap there is no policy, and so no access."""
    service = make_service()
    assert service.decide(REQUEST).reason is DenyReason.NO_BUNDLE
    assert (service.revision, service.policy) == (0, None)
    with pytest.raises(AccessDeniedError) as caught:
        service.view("teller-1", CLIENTS, SERVICE)
    assert caught.value.reason is DenyReason.NO_BUNDLE


def test_swap_puts_a_policy_in_force() -> None:
    """After a swap, decisions and views come from the new policy."""
    service, policy = make_service(), make_policy(3)
    service.swap(policy)
    assert service.policy is policy
    assert service.revision == service.decide(REQUEST).revision == 3
    assert service.view("teller-1", CLIENTS, SERVICE).revision == 3


def test_same_revision_brings_new_people() -> None:
    """The same revision with another directory may be swapped in."""
    service = make_service()
    service.swap(make_policy())
    service.swap(make_policy())
    assert service.decide(REQUEST).allow


def test_older_revision_is_refused() -> None:
    """A swap never goes back; the policy in force stays."""
    service = make_service()
    service.swap(make_policy(2))
    with pytest.raises(EnforcementError, match="older than 2"):
        service.swap(make_policy(1))
    assert service.revision == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"allow": False, "control": ""}, "wants a denial and revision 2 gives `clear`"),
        ({"control": "redact"}, "wants `redact` and revision 2 gives `clear`"),
        ({"purpose": "marketing"}, "wants `clear` and revision 2 gives a denial"),
    ],
)
def test_failing_canary_keeps_the_old_policy(change: dict, said: str) -> None:
    """A policy that does not give what its own tests want never comes into force."""
    service = make_service()
    service.swap(make_policy(1))
    bundle = make_bundle(revision=2)
    wrong: PolicyTest = replace(bundle.tests[0], **change)
    with pytest.raises(EnforcementError, match=said):
        service.swap(compile_policy(replace(bundle, tests=(wrong,)), make_directory()))
    assert service.revision == 1


def test_stale_policy_is_not_swapped_in() -> None:
    """A policy past its time is refused at the swap."""
    service = make_service()
    bundle = make_bundle(issued_at=NOW - timedelta(days=31))
    with pytest.raises(StaleBundleError, match="past its time"):
        service.swap(compile_policy(bundle, make_directory()))


def test_stale_policy_shows_nothing() -> None:
    """A policy that ends while in force denies decisions and views."""
    clock = FixedClock(NOW)
    service = DecisionPointService(clock=clock)
    service.swap(make_policy())
    clock.advance(timedelta(days=30))
    assert service.decide(REQUEST).reason is DenyReason.STALE_BUNDLE
    with pytest.raises(StaleBundleError):
        service.view("teller-1", CLIENTS, SERVICE)


def test_agreeing_reference_changes_nothing() -> None:
    """With pycasbin as reference, sampled decisions and views are as without."""
    bundle, directory = make_bundle(), make_directory()
    bell = Bell()
    service = make_service(alarm=bell)
    service.swap(
        compile_policy(bundle, directory), reference=CasbinEngine.from_bundle(bundle, directory)
    )
    assert service.decide(REQUEST).allow
    for person in directory.people:
        service.view(person.subject, CLIENTS, SERVICE)
    assert bell.rang == []


def test_disagreeing_reference_denies_and_alarms() -> None:
    """Where two engines disagree, nothing is shown and somebody is told."""
    bell = Bell()
    service = make_service(alarm=bell)
    service.swap(make_policy(), reference=Contrary())
    assert service.decide(REQUEST).reason is DenyReason.SHADOW_DISAGREEMENT
    with pytest.raises(AccessDeniedError) as caught:
        service.view("teller-1", CLIENTS, SERVICE)
    assert caught.value.reason is DenyReason.SHADOW_DISAGREEMENT
    assert bell.rang == [DenyReason.SHADOW_DISAGREEMENT] * 2


def test_only_sampled_decisions_are_checked() -> None:
    """What is not sampled is not asked twice."""
    service = make_service(sample=every_nth(2))
    service.swap(make_policy(), reference=Contrary())
    answers = [service.decide(REQUEST).allow for _ in range(4)]
    assert answers == [False, True, False, True]
    service = make_service(sample=lambda: False)
    service.swap(make_policy(), reference=Contrary())
    assert service.view("teller-1", CLIENTS, SERVICE).columns


def test_sampling_needs_a_positive_number() -> None:
    """Every zeroth decision is refused as a setting."""
    with pytest.raises(ValueError, match="1 or more"):
        every_nth(0)


def test_a_paced_sample_leaves_time_between_two() -> None:
    """Under load the reference engine is asked once in a while, not for a share of it all."""
    now = [0.0]
    choose = paced(every_nth(2), least_s=1.0, monotonic_s=lambda: now[0])
    assert [choose() for _ in range(4)] == [True, False, False, False]
    now[0] = 1.0
    assert [choose() for _ in range(4)] == [True, False, False, False]


def test_failing_reference_denies() -> None:
    """A reference that raises leads to a denial, of decisions and of views."""
    bell = Bell()
    service = make_service(alarm=bell)
    service.swap(make_policy(), reference=Failing(RuntimeError("value 850101/1234")))
    assert service.decide(REQUEST).reason is DenyReason.INTERNAL_ERROR
    with pytest.raises(AccessDeniedError) as caught:
        service.view("teller-1", CLIENTS, SERVICE)
    assert caught.value.reason is DenyReason.INTERNAL_ERROR
    assert "850101" not in caught.value.message
    assert bell.rang == [DenyReason.INTERNAL_ERROR] * 2


def test_typed_errors_of_a_view_pass_through() -> None:
    """An enforcement error of the reference keeps its own words in a view."""
    service = make_service()
    service.swap(make_policy(), reference=Failing(EnforcementError("the reference stopped")))
    with pytest.raises(EnforcementError, match="the reference stopped"):
        service.view("teller-1", CLIENTS, SERVICE)


def test_broken_alarm_still_denies() -> None:
    """An alarm that raises does not open the door."""

    def broken(reason: DenyReason, revision: Revision) -> None:
        raise OSError("no line")

    service = make_service(alarm=broken)
    service.swap(make_policy(), reference=Contrary())
    assert service.decide(REQUEST).reason is DenyReason.SHADOW_DISAGREEMENT


def test_broken_clock_denies() -> None:
    """A clock that raises makes every decision a denial."""

    class Broken:
        def now(self) -> None:
            raise OSError("no time")

    service = make_service()
    service.swap(make_policy())
    service._clock = Broken()
    assert service.decide(REQUEST).reason is DenyReason.INTERNAL_ERROR


def test_swaps_are_whole() -> None:
    """While policies are swapped, each decision is of one policy, and none is denied."""
    service = make_service()
    policies = [make_policy(revision) for revision in range(1, 6)]
    service.swap(policies[0])
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(service.decide, REQUEST) for _ in range(400)]
        for policy in policies:
            service.swap(policy)
        answers = [one.result() for one in asked]
    assert all(answer.allow and answer.revision in range(1, 6) for answer in answers)


def test_policies_of_two_tenants_never_mix() -> None:
    """The policy of another tenant, or of another source, takes no policy's place."""
    named = DecisionPointService(clock=FixedClock(NOW), tenant="other-bank")
    with pytest.raises(EnforcementError, match="policy of tenant `test-bank`"):
        named.swap(make_policy())
    service = make_service()
    service.swap(make_policy())
    for change, said in (({"tenant": "other"}, "tenant `other`"), ({"source": "shop"}, "`shop`")):
        foreign = compile_policy(replace(make_bundle(revision=2), **change), make_directory())
        with pytest.raises(EnforcementError, match=said):
            service.swap(foreign)
    assert service.revision == 1


def conditional_service(expression: str, *, reference: object | None = None) -> tuple:
    """A service over the test bundle with a condition on the tellers' e-mail rule."""
    condition = RuleCondition(rule=RuleId("R-0001"), expression=expression)
    model = (POLICIES / "casbin" / "conditional.conf").read_text(encoding="utf-8")
    bundle = replace(make_bundle(), model_conf=model, conditions=(condition,), tests=())
    bell = Bell()
    service = DecisionPointService(clock=FixedClock(NOW), sample=lambda: True, alarm=bell)
    people = make_directory()
    engine = reference or CasbinEngine.from_bundle(bundle, people)
    service.swap(compile_policy(bundle, people), reference=engine)
    return service, bell


@pytest.mark.parametrize(
    "expression",
    ["resource.district_id > 2", "resource.email == 1 and resource.email == 2", "false"],
)
def test_views_with_conditions_agree_with_the_reference(expression: str) -> None:
    """Where rows decide, rows that the view shows are asked of the reference, and it agrees."""
    service, bell = conditional_service(expression)
    view = service.view("teller-1", CLIENTS, SERVICE)
    assert (view.predicate == EVERY_ROW) is (expression == "false")
    assert service.decide(REQUEST).allow is False
    assert bell.rang == []


def test_a_view_that_shows_rows_the_reference_denies_is_refused() -> None:
    """A reference that denies what a conditional view shows stops it, and the alarm rings."""
    service, bell = conditional_service("resource.district_id > 2", reference=Contrary())
    with pytest.raises(AccessDeniedError, match="two engines disagree"):
        service.view("teller-1", CLIENTS, SERVICE)
    assert bell.rang == [DenyReason.SHADOW_DISAGREEMENT]
