"""What the middleware asks a decision point for: a subject's view of a table; and its answer."""

from typing import Protocol

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError
from policy_service.domain.identifiers import AssetId, asset_parts


class ViewProvider(Protocol):
    """Answers what one subject may read of one table for one purpose."""

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        """Return the view. Raises `EnforcementError` where nothing may be read."""
        ...


class ActionViewProvider(Protocol):
    """Answers what one subject may create, update or delete of one table for one purpose."""

    def view(self, subject: str, table: AssetId, purpose: str, action: str) -> TableView:
        """Return the view for `action`. Raises `EnforcementError` where nothing may be done."""
        ...


class AuditSink(Protocol):
    """Keeps events durably. Where it raises, nothing is shown."""

    def record(self, event: AuditEvent) -> None:
        """Append one event."""
        ...


def allowed_view(pdp: ViewProvider, *, subject: str, purpose: str, asset: AssetId) -> TableView:
    """Ask for a view and check that it answers just that. Raises `EnforcementError`."""
    view = pdp.view(subject, asset, purpose)
    if view.table != asset or view.purpose != purpose:
        raise AccessDeniedError(
            f"the decision point answered for another table than `{asset}`",
            reason=DenyReason.INTERNAL_ERROR,
        )
    return view


def readable_controls(view: TableView) -> dict[str, Control]:
    """Return the control of each column that may be read, by its name."""
    return {
        asset_parts(one.column)[-1]: one.control
        for one in view.columns
        if one.control.operator is not Operator.DENY
    }
