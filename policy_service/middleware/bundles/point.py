"""The decision point of a data service that an agent feeds: it denies once it has gone stale.

Not the agent (see `agent`) and not the policy. It asks the inner point, and only while policy,
keys and the last contact with the service are all within their time.
"""

from collections.abc import Callable
from datetime import datetime

from policy_service.domain.bundle import TableView
from policy_service.domain.decision import AccessRequest, Decision, DenyReason
from policy_service.domain.errors import StaleBundleError
from policy_service.domain.identifiers import Revision
from policy_service.enforcement.point import DecisionPointService
from policy_service.kit.clock import Clock
from policy_service.middleware.bundles.freshness import Freshness


class EnforcementPoint:
    """Decides by the last good policy. Threads may share it; what it answers fails closed."""

    def __init__(
        self,
        inner: DecisionPointService,
        *,
        freshness: Freshness,
        trusted_until: Callable[[], datetime],
        clock: Clock,
    ) -> None:
        self._inner = inner
        self._freshness = freshness
        self._trusted_until = trusted_until
        self._clock = clock

    @property
    def revision(self) -> Revision:
        """Return the revision in force; 0 where there is none."""
        return self._inner.revision

    @property
    def is_stale(self) -> bool:
        """Tell whether everything is denied until the service has been reached again."""
        return self._freshness.is_stale() or self._clock.now() >= self._trusted_until()

    def decide(self, request: AccessRequest) -> Decision:
        """Answer a request. Never raises: any failure is a deny with its reason."""
        decision = self._inner.decide(request)
        if decision.reason is not DenyReason.NO_BUNDLE and self._may_be_stale():
            return Decision(
                allow=False, revision=decision.revision, rules=(), reason=DenyReason.STALE_BUNDLE
            )
        return decision

    def view(self, subject: str, table: str, purpose: str, action: str = "read") -> TableView:
        """Show how `subject` may see `table`. Raises `EnforcementError`: show nothing."""
        view = self._inner.view(subject, table, purpose, action)
        if self._may_be_stale():
            raise StaleBundleError(
                f"revision {view.revision} was not confirmed in time; nothing is shown until the "
                "service is reached"
            )
        return view

    def _may_be_stale(self) -> bool:
        try:
            return self.is_stale
        except Exception:  # fail closed, whatever it was
            return True
