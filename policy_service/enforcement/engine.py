"""What the decision point needs of an engine: one policy, immutable, safe between threads.

The compiled index (`index.CompiledPolicy`) is one; policies of other Casbin models run on
pycasbin behind the same interface. Engines match these protocols by structure.
"""

from datetime import datetime
from typing import Protocol

from policy_service.domain.bundle import TableView
from policy_service.domain.decision import AccessRequest, Decision
from policy_service.domain.draft import PolicyTest
from policy_service.domain.identifiers import Revision


class PolicyEngine(Protocol):
    """Answers for one policy at one revision.

    `now` is the decision point's time; without one, whatever depends on the time is unknown,
    and what is unknown widens nothing. An engine may raise: the decision point denies then.
    """

    @property
    def revision(self) -> Revision:
        """Return the revision that every answer carries."""
        ...

    @property
    def tenant(self) -> str:
        """Return whose policy it is; policies of two tenants never follow each other."""
        ...

    @property
    def source(self) -> str:
        """Return the source or application that the policy is about."""
        ...

    @property
    def expires_at(self) -> datetime:
        """Return from when on nothing is decided by it, in UTC."""
        ...

    @property
    def tests(self) -> tuple[PolicyTest, ...]:
        """Return the canaries that must hold before the policy comes into force."""
        ...

    def decide(self, request: AccessRequest, now: datetime | None = None) -> Decision:
        """Answer one request; what nothing allows is denied, with its reason."""
        ...

    def decide_role(
        self, role: str, resource: str, action: str, purpose: str, now: datetime | None = None
    ) -> Decision:
        """Answer for whoever holds just `role`, of whom nothing else is known."""
        ...

    def view(
        self,
        subject: str,
        table: str,
        purpose: str,
        action: str = "read",
        now: datetime | None = None,
    ) -> TableView:
        """Show how `subject` may see each column of `table`, and which of its rows.

        An engine that knows no columns answers with none, which shows nothing.
        """
        ...

    def explain(self, request: AccessRequest, now: datetime | None = None) -> tuple[str, ...]:
        """Tell in lines for people why `request` is answered as it is; no data value is in them."""
        ...


class ReferenceEngine(Protocol):
    """A second, independent engine over the same bundle and directory."""

    def allows(self, request: AccessRequest, now: datetime | None = None) -> bool:
        """Tell whether the policy allows it; obligations are not its business."""
        ...
