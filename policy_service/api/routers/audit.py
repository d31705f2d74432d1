"""The audit log: its entries, whether it is whole, and signed checkpoints of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from policy_service.api.access import AuditReader, ServicesOf
from policy_service.api.answers import plain_object
from policy_service.api.schemas import (
    AuditEntryShown,
    AuditReportShown,
    CheckpointShown,
    shown,
)
from policy_service.workflows.audit import checkpoint_audit, list_entries, verify_audit

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("/entries", operation_id="list_audit_entries", summary="List audit entries")
def get_entries(
    services: ServicesOf,
    caller: AuditReader,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    subject: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AuditEntryShown]:
    """Newest first; `kind` and `subject` narrow the list."""
    found = list_entries(services.platform, kind=kind, subject=subject, limit=limit)
    return [shown(AuditEntryShown, entry) for entry in found]


@router.get("/report", operation_id="verify_audit", summary="Check the audit log")
def get_report(services: ServicesOf, caller: AuditReader) -> AuditReportShown:
    """Check every entry, link, root and checkpoint signature, now."""
    report = verify_audit(services.platform)
    return AuditReportShown.model_validate({**plain_object(report), "whole": report.whole})


@router.post(
    "/checkpoints", operation_id="checkpoint_audit", summary="Sign a checkpoint", status_code=201
)
def post_checkpoint(services: ServicesOf, caller: AuditReader) -> CheckpointShown:
    """Sign the log as it stands; keep the answer where this service cannot reach it."""
    return shown(CheckpointShown, checkpoint_audit(services.platform))
