"""What the middleware asks a decision point for: a subject's view of a table."""

from typing import Protocol

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.identifiers import AssetId


class ViewProvider(Protocol):
    """Answers what one subject may read of one table for one purpose."""

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        """Return the view. Raises `EnforcementError` where nothing may be read."""
        ...


class AuditSink(Protocol):
    """Keeps events durably. Where it raises, nothing is shown."""

    def record(self, event: AuditEvent) -> None:
        """Append one event."""
        ...
