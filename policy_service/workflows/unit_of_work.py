"""One request, one transaction, one audit write.

State is committed only after its audit entries are durable. A failing audit log
rolls the state back; a failing commit leaves an entry for what did not happen,
never the other way round.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from policy_service.domain.audit import AuditEntry, AuditEvent
from policy_service.domain.parameters import Parameters
from policy_service.kit.clock import rfc3339
from policy_service.storage.sessions import WriteSession
from policy_service.workflows.platform import Platform


@dataclass(slots=True)
class UnitOfWork:
    """A write session and the audit events that go with it."""

    session: WriteSession
    at: str  # one time for everything in it, RFC 3339
    events: list[AuditEvent] = field(default_factory=list)

    def record(self, kind: str, *, actor: str, subject: str, **details: object) -> None:
        """Note an event; it is appended to the audit log before the state is committed."""
        self.events.append(
            AuditEvent(kind=kind, actor=actor, subject=subject, details=Parameters(details))
        )


@contextmanager
def unit_of_work(platform: Platform) -> Iterator[UnitOfWork]:
    """Open a unit of work. Raises `AuditError` and keeps nothing when the log cannot be written."""
    with platform.database.write() as session:
        work = UnitOfWork(session, rfc3339(platform.clock.now()))
        yield work
        if work.events:
            platform.audit.append_many(tuple(work.events))


def record_event(
    platform: Platform, kind: str, *, actor: str, subject: str, **details: object
) -> AuditEntry:
    """Append one event that changes no state, such as a decision."""
    event = AuditEvent(kind=kind, actor=actor, subject=subject, details=Parameters(details))
    return platform.audit.append(event)
