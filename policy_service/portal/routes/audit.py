"""The audit log: its entries, whether it is whole, and checkpoints."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from policy_service.domain.audit import AuditReport
from policy_service.portal.guard import AuditReader, Desk, DeskOf, SafeForm, see_other
from policy_service.portal.pages import render
from policy_service.workflows.audit import checkpoint_audit, list_entries, verify_audit

router = APIRouter(prefix="/audit")
Kind = Annotated[str, Query(max_length=64)]


@router.get("")
def get_audit(request: Request, desk: DeskOf, account: AuditReader, kind: Kind = "") -> Response:
    """List the newest entries."""
    return _page(request, desk, kind=kind)


@router.get("/report")
def get_report(request: Request, desk: DeskOf, account: AuditReader) -> Response:
    """Check the whole log, now."""
    return _page(request, desk, report=verify_audit(desk.platform))


@router.post("/checkpoints")
def post_checkpoint(desk: DeskOf, form: SafeForm, account: AuditReader) -> Response:
    """Sign the log as it stands."""
    checkpoint_audit(desk.platform)
    return see_other("/audit", done="checkpoint")


def _page(
    request: Request, desk: Desk, *, kind: str = "", report: AuditReport | None = None
) -> Response:
    entries = list_entries(desk.platform, kind=kind or None, limit=100)
    return render(request, "audit.html", entries=entries, kind=kind, report=report)
