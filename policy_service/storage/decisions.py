"""Decisions of older versions, one row each; newer ones are groups of the audit log."""

from sqlalchemy import select

from policy_service.domain.decision import DecisionRecord
from policy_service.storage import tables
from policy_service.storage.bodies import load
from policy_service.storage.sessions import ReadSession


def find_old_decision(session: ReadSession, decision: str) -> tuple[DecisionRecord, int] | None:
    """Find a decision by id, with the index of its audit entry."""
    row = session.first(select(tables.decisions).where(tables.decisions.c.id == decision))
    return None if row is None else (load(DecisionRecord, row.body), row.audit_index)


def newest_old_decisions(session: ReadSession, limit: int) -> tuple[DecisionRecord, ...]:
    """List the last `limit` decisions, newest first."""
    query = select(tables.decisions.c.body).order_by(tables.decisions.c.serial.desc())
    return tuple(load(DecisionRecord, row.body) for row in session.rows(query.limit(limit)))
