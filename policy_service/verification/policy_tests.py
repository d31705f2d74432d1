"""Runs a draft's policy tests through a decider, and tells how many mutants they catch."""

from policy_service.domain.control import CLEAR, DENY, Control, Operator
from policy_service.domain.draft import PolicyTest
from policy_service.domain.errors import PolicyServiceError
from policy_service.domain.finding import TestResult
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.verification.subject import Decider, Subject, decided


def run_policy_tests(tests: tuple[PolicyTest, ...], decide: Decider) -> tuple[TestResult, ...]:
    """Run every test; an error while deciding fails the test and no other."""
    return tuple(_run(test, decide) for test in tests)


def uncaught_mutants(subject: Subject, decide: Decider) -> tuple[str, ...]:
    """Name the rules under test whose inversion no policy test would notice.

    A mutant grants what a rule denies, in clear, or denies what it grants.
    """
    missed = []
    for test in subject.draft.tests:
        mutant = _Mutant(decide, test)
        if all(result.passed for result in run_policy_tests(subject.draft.tests, mutant)):
            missed.append(test.id)
    return tuple(missed)


class _Mutant:
    """A decider that answers one request wrongly."""

    def __init__(self, decide: Decider, test: PolicyTest) -> None:
        self._decide = decide
        self._wrong = (test.role, test.asset, test.action, test.purpose)

    def __call__(self, *, role: RoleId, resource: AssetId, action: str, purpose: str) -> Control:
        answer = self._decide(role=role, resource=resource, action=action, purpose=purpose)
        if (role, resource, action, purpose) != self._wrong:
            return answer
        return CLEAR if answer.operator is Operator.DENY else DENY


def _run(test: PolicyTest, decide: Decider) -> TestResult:
    answer = decided(
        decide, role=test.role, resource=test.asset, action=test.action, purpose=test.purpose
    )
    if isinstance(answer, PolicyServiceError):
        return TestResult(test=test.id, passed=False, detail=f"error: {answer.message}")
    expected = test.control if test.allow else DENY.label
    return TestResult(
        test=test.id,
        passed=answer.label == expected,
        detail=f"expected {expected}, got {answer.label}",
    )
