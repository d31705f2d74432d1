"""The policy decision point (PDP) in process: one policy in force, every failure a deny.

Not the HTTP face (see the API) and not the audit log, which workflows write.
Terms: NIST SP 800-162, section 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, StaleBundleError
from policy_service.domain.identifiers import Revision
from policy_service.enforcement.canaries import check_canaries
from policy_service.enforcement.index import CompiledPolicy
from policy_service.kit.clock import Clock

SHADOW_EVERY = 1000  # one decision in so many is also asked of the reference engine


class ReferenceEngine(Protocol):
    """A second, independent engine over the same bundle and directory."""

    def enforce_subject(self, subject: str, resource: str, action: str, purpose: str) -> bool:
        """Tell whether the policy allows it."""
        ...


class Alarm(Protocol):
    """Told of what must never happen: two engines that disagree, an error while deciding."""

    def __call__(self, reason: DenyReason, revision: Revision) -> None:
        """Wake somebody; no value of the request is passed on."""
        ...


@dataclass(frozen=True, slots=True)
class _InForce:
    policy: CompiledPolicy
    reference: ReferenceEngine | None


def no_alarm(reason: DenyReason, revision: Revision) -> None:
    """Tell nobody."""


def every_nth(n: int = SHADOW_EVERY) -> Callable[[], bool]:
    """Choose each `n`-th call, from the first on; safe to share between threads."""
    if n < 1:
        raise ValueError("n must be 1 or more")
    calls = count()
    return lambda: next(calls) % n == 0


class DecisionPointService:
    """Decides by the policy in force; `swap` puts another in its place, at once and whole."""

    def __init__(
        self,
        *,
        clock: Clock,
        sample: Callable[[], bool] | None = None,
        alarm: Alarm = no_alarm,
    ) -> None:
        self._clock = clock
        self._sample = sample or every_nth()
        self._alarm = alarm
        self._in_force: _InForce | None = None  # INVARIANT: only ever replaced whole

    @property
    def revision(self) -> Revision:
        """Return the revision in force; 0 where there is none."""
        in_force = self._in_force
        return Revision(0) if in_force is None else in_force.policy.revision

    @property
    def policy(self) -> CompiledPolicy | None:
        """Return the policy in force, to be explained or compared."""
        in_force = self._in_force
        return None if in_force is None else in_force.policy

    def swap(self, new: CompiledPolicy, *, reference: ReferenceEngine | None = None) -> None:
        """Put `new` in force after its canaries; the same revision again brings new people.

        Raises `StaleBundleError` or `EnforcementError`; the old policy stays in force.
        """
        if new.expires_at <= self._clock.now():
            raise StaleBundleError(
                f"revision {new.revision} is past its time; publish the policy again"
            )
        if new.revision < self.revision:
            raise EnforcementError(
                f"revision {new.revision} is older than {self.revision}, which is in force; "
                "publish the old draft again to go back"
            )
        check_canaries(new)
        self._in_force = _InForce(new, reference)

    def decide(self, request: AccessRequest) -> Decision:
        """Answer a request. Never raises: any failure is a deny with its reason."""
        in_force = self._in_force
        if in_force is None:
            return _deny(DenyReason.NO_BUNDLE, Revision(0))
        try:
            return self._decide(in_force, request)
        except Exception:  # fail closed, whatever it was
            return self._denied_with_alarm(DenyReason.INTERNAL_ERROR, in_force.policy.revision)

    def view(self, subject: str, table: str, purpose: str, action: str = "read") -> TableView:
        """Show how `subject` may see `table`; a sampled view is checked column by column.

        Raises `AccessDeniedError` or `StaleBundleError` where nothing may be shown.
        """
        in_force = self._in_force
        if in_force is None:
            raise AccessDeniedError(
                "no policy is in force; publish one", reason=DenyReason.NO_BUNDLE
            )
        revision = in_force.policy.revision
        try:
            if self._is_stale(in_force.policy):
                raise StaleBundleError(f"revision {revision} is past its time; publish anew")
            view = in_force.policy.view(subject, table, purpose, action)
            agreed = self._agrees_on_view(in_force, view, subject, action)
        except EnforcementError:
            raise
        except Exception as error:
            self._denied_with_alarm(DenyReason.INTERNAL_ERROR, revision)
            raise AccessDeniedError(
                "the policy could not be asked; nothing is shown",
                reason=DenyReason.INTERNAL_ERROR,
            ) from error
        if not agreed:
            self._denied_with_alarm(DenyReason.SHADOW_DISAGREEMENT, revision)
            raise AccessDeniedError(
                "two engines disagree; nothing is shown until somebody has looked",
                reason=DenyReason.SHADOW_DISAGREEMENT,
            )
        return view

    def _decide(self, in_force: _InForce, request: AccessRequest) -> Decision:
        policy = in_force.policy
        if self._is_stale(policy):
            return _deny(DenyReason.STALE_BUNDLE, policy.revision)
        decision = policy.decide(request)
        if in_force.reference is not None and self._sample():
            allowed = in_force.reference.enforce_subject(
                request.subject, request.resource, request.action, request.purpose
            )
            if allowed is not decision.allow:
                return self._denied_with_alarm(DenyReason.SHADOW_DISAGREEMENT, policy.revision)
        return decision

    def _agrees_on_view(
        self, in_force: _InForce, view: TableView, subject: str, action: str
    ) -> bool:
        reference = in_force.reference
        if reference is None or not self._sample():
            return True
        return all(
            reference.enforce_subject(subject, column.column, action, view.purpose)
            is (column.control.operator is not Operator.DENY)
            for column in view.columns
        )

    def _is_stale(self, policy: CompiledPolicy) -> bool:
        return self._clock.now() >= policy.expires_at

    def _denied_with_alarm(self, reason: DenyReason, revision: Revision) -> Decision:
        try:
            self._alarm(reason, revision)
        except Exception:  # a broken alarm must not open the door
            return _deny(reason, revision)
        return _deny(reason, revision)


def _deny(reason: DenyReason, revision: Revision) -> Decision:
    return Decision(allow=False, revision=revision, rules=(), reason=reason)
