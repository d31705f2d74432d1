"""Canaries: decisions that a policy must give before it may take another's place."""

from policy_service.domain.decision import Decision
from policy_service.domain.draft import PolicyTest
from policy_service.domain.errors import EnforcementError
from policy_service.enforcement.engine import PolicyEngine


def check_canaries(policy: PolicyEngine) -> None:
    """Run the tests that came with the bundle.

    They are asked without a time, so that what held when the policy was published holds as
    long as the policy: a rule with a window or an unknown condition allows nothing here.
    Raises `EnforcementError` naming the first that fails; keep the policy in force.
    """
    for test in policy.tests:
        given = policy.decide_role(test.role, test.asset, test.action, test.purpose)
        if _shown(given) != _wanted(test):
            raise EnforcementError(
                f"canary `{test.id}` wants {_wanted(test)} and revision {policy.revision} gives "
                f"{_shown(given)}; the policy in force stays, so check the bundle"
            )


def _shown(decision: Decision) -> str:
    return f"`{decision.obligations.control.label}`" if decision.allow else "a denial"


def _wanted(test: PolicyTest) -> str:
    return f"`{test.control}`" if test.allow else "a denial"
