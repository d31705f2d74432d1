"""Audit: what is in the log, whether it is whole, and the inclusion proof of one entry."""

from collections import deque

from policy_service.audit.fsck import check_log
from policy_service.domain.audit import AuditEntry, AuditReport, Checkpoint
from policy_service.workflows.platform import AUDIT_FILE, Platform


def verify_audit(platform: Platform) -> AuditReport:
    """Check every entry, link, root and checkpoint signature of the log."""
    return check_log(platform.folder / AUDIT_FILE, verifier=platform.verifier)


def checkpoint_audit(platform: Platform) -> Checkpoint:
    """Sign a checkpoint over the log as it stands."""
    return platform.audit.checkpoint()


def list_entries(
    platform: Platform, *, kind: str | None = None, subject: str | None = None, limit: int = 100
) -> tuple[AuditEntry, ...]:
    """List the newest entries, newest first."""
    newest = deque(platform.audit.find(kind=kind, subject=subject), maxlen=limit)
    return tuple(reversed(newest))
