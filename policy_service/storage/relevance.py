"""Marks of reviewers on what retrieval found, as stored: of each pair a reviewer's last one.

Earlier marks are not kept here; that they were given stands in the audit log.
"""

from sqlalchemy import delete, insert, select

from policy_service.domain.identifiers import SubjectId
from policy_service.domain.learning import RelevanceMark
from policy_service.kit.hashing import sha256_text
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession

_TABLE = tables.relevance_marks


def save_mark(session: WriteSession, mark: RelevanceMark) -> None:
    """Store a mark in the place of the reviewer's earlier one on the same pair."""
    pair = _pair(mark.query, mark.provision)
    session.write(
        delete(_TABLE).where(_TABLE.c.pair_sha256 == pair, _TABLE.c.reviewer == mark.reviewer)
    )
    session.write(
        insert(_TABLE).values(
            pair_sha256=pair,
            query_sha256=sha256_text(mark.query),
            reviewer=mark.reviewer,
            marked_at=mark.at,
            body=dump(mark),
        )
    )


def list_marks(session: ReadSession) -> tuple[RelevanceMark, ...]:
    """List every mark, in the order they were given."""
    query = select(_TABLE.c.body).order_by(_TABLE.c.serial)
    return tuple(load(RelevanceMark, row.body) for row in session.rows(query))


def marks_on(session: ReadSession, query: str, reviewer: SubjectId) -> tuple[RelevanceMark, ...]:
    """List what one reviewer marked of the answers to one question."""
    found = (
        select(_TABLE.c.body)
        .where(_TABLE.c.query_sha256 == sha256_text(query), _TABLE.c.reviewer == reviewer)
        .order_by(_TABLE.c.serial)
    )
    return tuple(load(RelevanceMark, row.body) for row in session.rows(found))


def _pair(query: str, provision: str) -> str:
    return sha256_text(f"{query}\x1f{provision}")
