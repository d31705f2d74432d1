"""What an interrupted scan has done, part by part; forgotten when its catalogue is stored."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from policy_service.kit.hashing import sha256_hex
from policy_service.storage import tables
from policy_service.storage.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPart:
    """One part of one scan. `scan_sha256` tells scans with other arguments apart."""

    source: str
    scan_sha256: str
    part: str
    saved_at: str
    body: str


def save_part(session: WriteSession, part: ScanPart) -> None:
    """Keep a part in place of the one before it."""
    columns = tables.scan_parts.c
    same = (columns.source == part.source) & (columns.part_sha256 == _hash(part.part))
    session.write(delete(tables.scan_parts).where(same))
    session.write(
        insert(tables.scan_parts).values(
            source=part.source,
            part_sha256=_hash(part.part),
            scan_sha256=part.scan_sha256,
            saved_at=part.saved_at,
            body=part.body,
        )
    )


def find_part(
    session: ReadSession, *, source: str, scan_sha256: str, part: str, since: str
) -> str | None:
    """Find a part of this very scan that was saved at `since` (RFC 3339) or later."""
    columns = tables.scan_parts.c
    query = select(columns.body).where(
        columns.source == source,
        columns.part_sha256 == _hash(part),
        columns.scan_sha256 == scan_sha256,
        columns.saved_at >= since,
    )
    body = session.value(query)
    return None if body is None else str(body)


def forget_parts(session: WriteSession, source: str) -> None:
    """Forget what scans of `source` left behind."""
    session.write(delete(tables.scan_parts).where(tables.scan_parts.c.source == source))


def _hash(part: str) -> str:
    return sha256_hex(part.encode())  # the names of tables may be longer than a key
