"""Recorded decisions, found by their id or newest first: lines of the audit log's groups."""

from dataclasses import dataclass
from itertools import islice

from policy_service.domain.audit import AuditEntry
from policy_service.domain.decision import DecisionRecord
from policy_service.domain.errors import AuditError, NotFoundError
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256
from policy_service.storage.decisions import find_old_decision, newest_old_decisions
from policy_service.workflows.decision_lines import DecisionPlace, read_line, read_place
from policy_service.workflows.platform import Platform

GROUP_KIND = "decisions"  # of the entry that stands for a group


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """A decision with its evidence: the entry that holds, or stands for, its record."""

    record: DecisionRecord
    entry: AuditEntry
    pep: str  # the account or certificate that asked; empty where a person did, on this machine


def find_recorded(platform: Platform, decision: str) -> RecordedDecision:
    """Find a decision and check it against the log.

    Raises `NotFoundError`, and `AuditError` where the record is not what the log says it was.
    """
    place = read_place(decision)
    if place is None:
        return _find_old(platform, decision)
    try:
        entry = platform.audit.entry(place.entry)
    except NotFoundError as error:
        raise _unknown(decision) from error
    if entry.event.kind != GROUP_KIND or entry.event.subject != place.group:
        raise _unknown(decision)
    lines = platform.audit.group(entry)
    if place.line >= len(lines):
        raise _unknown(decision)
    record, pep = read_line(lines[place.line], place=place, at=entry.at)
    return RecordedDecision(record=record, entry=entry, pep=pep)


def newest_recorded(platform: Platform, limit: int) -> tuple[DecisionRecord, ...]:
    """List the last `limit` decisions, newest first; those of older versions come after."""
    found: list[DecisionRecord] = []
    for entry in platform.audit.newest(GROUP_KIND):
        lines = list(enumerate(platform.audit.group(entry)))
        for number, line in islice(reversed(lines), limit - len(found)):
            place = DecisionPlace(group=entry.event.subject, entry=entry.index, line=number)
            found.append(read_line(line, place=place, at=entry.at)[0])
        if len(found) >= limit:
            return tuple(found)
    with platform.database.read() as session:
        return (*found, *newest_old_decisions(session, limit - len(found)))


def _find_old(platform: Platform, decision: str) -> RecordedDecision:
    with platform.database.read() as session:
        found = find_old_decision(session, decision)
    if found is None:
        raise _unknown(decision)
    record, index = found
    entry = platform.audit.entry(index)
    stated = entry.event.details.text("record_sha256")
    if entry.event.subject != record.id or stated not in _hashes(record):
        raise AuditError(
            f"decision `{record.id}` is not what entry {index} of the audit log says it was; "
            "check the log: `policy-service audit verify`"
        )
    return RecordedDecision(record=record, entry=entry, pep="")


def _hashes(record: DecisionRecord) -> tuple[str, str]:
    """Hash a record as it is, and as versions did that knew no type and properties."""
    plain = to_plain(record)
    now = content_sha256(plain)
    if isinstance(plain, dict) and isinstance(request := plain["request"], dict):
        older = {name: value for name, value in request.items() if name not in _NEWER}
        return now, content_sha256({**plain, "request": older})
    return now, now


_NEWER = frozenset({"resource_type", "properties"})


def _unknown(decision: str) -> NotFoundError:
    return NotFoundError(f"no decision `{decision}`; decisions are shown with their id")
