"""The policy decision point (PDP) in process: one policy in force, every failure a deny.

Not the HTTP face (see the API) and not the audit log, which workflows write.
Terms: NIST SP 800-162, section 2.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Protocol

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, StaleBundleError
from policy_service.domain.identifiers import Revision
from policy_service.domain.parameters import Parameters
from policy_service.domain.predicate import EVERY_ROW
from policy_service.enforcement.canaries import check_canaries
from policy_service.enforcement.engine import PolicyEngine, ReferenceEngine
from policy_service.enforcement.partial import example_row, row_passes
from policy_service.kit.clock import Clock

SHADOW_EVERY = 1000  # one decision in so many is also asked of the reference engine
SHADOW_LEAST_S = 1.0  # and in a server no more often than this


class Alarm(Protocol):
    """Told of what must never happen: two engines that disagree, an error while deciding."""

    def __call__(self, reason: DenyReason, revision: Revision) -> None:
        """Wake somebody; no value of the request is passed on."""
        ...


@dataclass(frozen=True, slots=True)
class _InForce:
    policy: PolicyEngine
    reference: ReferenceEngine | None


def no_alarm(reason: DenyReason, revision: Revision) -> None:
    """Tell nobody."""


def every_nth(n: int = SHADOW_EVERY) -> Callable[[], bool]:
    """Choose each `n`-th call, from the first on; safe to share between threads."""
    if n < 1:
        raise ValueError("n must be 1 or more")
    calls = count()
    return lambda: next(calls) % n == 0


def paced(
    sample: Callable[[], bool],
    *,
    least_s: float = SHADOW_LEAST_S,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Callable[[], bool]:
    """Choose what `sample` chooses, but none within `least_s` seconds of the one before.

    The reference engine takes milliseconds for a decision that the index makes in
    microseconds: under load, a share alone would be most of the work.
    """
    chosen_s = -math.inf

    def choose() -> bool:
        nonlocal chosen_s
        if not sample() or monotonic_s() - chosen_s < least_s:
            return False
        chosen_s = monotonic_s()
        return True

    return choose


class DecisionPointService:
    """Decides by the policy in force; `swap` puts another in its place, at once and whole."""

    def __init__(
        self,
        *,
        clock: Clock,
        sample: Callable[[], bool] | None = None,
        alarm: Alarm = no_alarm,
        tenant: str = "",
    ) -> None:
        """Decide for `tenant`; where none is named, for that of the first policy."""
        self._clock = clock
        self._tenant = tenant
        self._sample = sample or every_nth()
        self._alarm = alarm
        self._in_force: _InForce | None = None  # INVARIANT: only ever replaced whole

    @property
    def revision(self) -> Revision:
        """Return the revision in force; 0 where there is none."""
        in_force = self._in_force
        return Revision(0) if in_force is None else in_force.policy.revision

    @property
    def policy(self) -> PolicyEngine | None:
        """Return the policy in force, to be explained or compared."""
        in_force = self._in_force
        return None if in_force is None else in_force.policy

    def swap(self, new: PolicyEngine, *, reference: ReferenceEngine | None = None) -> None:
        """Put `new` in force after its canaries; the same revision again brings new people.

        Raises `StaleBundleError` or `EnforcementError`, also for the policy of another tenant
        or source; the old policy stays in force.
        """
        self._check_belongs(new)
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
            now = self._clock.now()
            if now >= in_force.policy.expires_at:
                raise StaleBundleError(f"revision {revision} is past its time; publish anew")
            view = in_force.policy.view(subject, table, purpose, action, now)
            asked = AccessRequest(subject=subject, resource=table, action=action, purpose=purpose)
            agreed = self._agrees_on_view(in_force, view, asked, now)
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

    def _check_belongs(self, new: PolicyEngine) -> None:
        in_force = self._in_force
        tenant = self._tenant or (new.tenant if in_force is None else in_force.policy.tenant)
        if new.tenant != tenant:
            raise EnforcementError(
                f"revision {new.revision} is the policy of tenant `{new.tenant}`, and here "
                f"`{tenant}` is decided for; fetch your own"
            )
        if in_force is not None and new.source != in_force.policy.source:
            raise EnforcementError(
                f"revision {new.revision} is about `{new.source}`, and the policy in force about "
                f"`{in_force.policy.source}`; give each source its own decision point"
            )

    def _decide(self, in_force: _InForce, request: AccessRequest) -> Decision:
        policy, now = in_force.policy, self._clock.now()
        if now >= policy.expires_at:
            return _deny(DenyReason.STALE_BUNDLE, policy.revision)
        decision = policy.decide(request, now)
        reference = in_force.reference
        if reference is None or not self._sample():
            return decision
        if reference.allows(request, now) is not decision.allow:
            return self._denied_with_alarm(DenyReason.SHADOW_DISAGREEMENT, policy.revision)
        return decision

    def _agrees_on_view(
        self, in_force: _InForce, view: TableView, request: AccessRequest, now: datetime
    ) -> bool:
        """Compare a view with the reference: column by column, or for rows that it shows.

        Where rows decide, a row without values and one made to pass are tried: whatever the
        view shows of them, the reference must allow.
        """
        reference = in_force.reference
        if reference is None or not self._sample():
            return True
        shown = {one.column: one.control.operator is not Operator.DENY for one in view.columns}
        if view.predicate == EVERY_ROW:
            return all(
                reference.allows(replace(request, resource=column), now) is is_shown
                for column, is_shown in shown.items()
            )
        rows = (row for row in ({}, example_row(view.predicate)) if row_passes(view.predicate, row))
        return all(
            reference.allows(replace(request, resource=column, properties=Parameters(row)), now)
            for row in rows
            for column, is_shown in shown.items()
            if is_shown
        )

    def _denied_with_alarm(self, reason: DenyReason, revision: Revision) -> Decision:
        try:
            self._alarm(reason, revision)
        except Exception:  # a broken alarm must not open the door
            return _deny(reason, revision)
        return _deny(reason, revision)


def _deny(reason: DenyReason, revision: Revision) -> Decision:
    return Decision(allow=False, revision=revision, rules=(), reason=reason)
