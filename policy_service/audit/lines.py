"""One audit entry as one line of canonical JSON, and back.

A line is the canonical entry with its hash as the last member, so that the hash
covers every other byte of the line as it stands: nothing has to be parsed to
find a changed byte. Not the log: links between lines are checked by its readers.

Source: RFC 8785 for the canonical form.
"""

import json
from dataclasses import dataclass

from policy_service.domain.audit import AuditEntry, AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.plain import from_plain, to_plain
from policy_service.kit.canonical import canonical_json
from policy_service.kit.hashing import sha256_hex

FIRST_PREVIOUS = Sha256Hex("0" * 64)
MAX_TEXT = 2_000  # characters of any string in an event: room for ids, not for data
MAX_DETAILS = 64

_SEAL_START = b',"sha256":"'
_SEAL_END = b'"}'
_SEAL_BYTES = len(_SEAL_START) + 64 + len(_SEAL_END)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEntry:
    """An entry with the line (without its line end) that carries it."""

    entry: AuditEntry
    line: bytes


def write_entry(event: AuditEvent, *, index: int, at: str, previous: Sha256Hex) -> WrittenEntry:
    """Give `event` its place. Raises `AuditError` for what an entry may not hold."""
    _check_event(event)
    plain = {"at": at, "event": to_plain(event), "index": index, "previous": previous}
    try:
        body = canonical_json(plain)
    except ValueError as error:
        raise AuditError(
            f"a `{event.kind}` event cannot be written; give plain text, booleans and numbers "
            "up to 2**53 - 1"
        ) from error
    digest = Sha256Hex(sha256_hex(body))
    entry = AuditEntry(index=index, at=at, event=event, previous=previous, sha256=digest)
    line = body[:-1] + _SEAL_START + digest.encode() + _SEAL_END
    return WrittenEntry(entry=entry, line=line)


def read_entry(line: bytes) -> AuditEntry:
    """Read a line. Raises `ValueError` saying what is wrong with it, without quoting it."""
    digest = sealed_hash(line)
    if sha256_hex(line[:-_SEAL_BYTES] + b"}") != digest:
        raise ValueError("its content does not fit its hash")
    try:
        return from_plain(AuditEntry, json.loads(line))
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not an audit entry") from error


def sealed_hash(line: bytes) -> Sha256Hex:
    """Return the hash a line claims. Raises `ValueError` where the line claims none."""
    seal = line[-_SEAL_BYTES:]
    digest = seal[len(_SEAL_START) : -len(_SEAL_END)]
    well_formed = (
        len(seal) == _SEAL_BYTES and seal.startswith(_SEAL_START) and seal.endswith(_SEAL_END)
    )
    if not well_formed or not _is_lower_hex(digest):
        raise ValueError("it does not end with its hash")
    return Sha256Hex(digest.decode())


def _is_lower_hex(digits: bytes) -> bool:
    return all(digit in b"0123456789abcdef" for digit in digits)


def _check_event(event: AuditEvent) -> None:
    if not event.kind:
        raise AuditError("an audit event has no kind; name what happened")
    if len(event.details) > MAX_DETAILS:
        raise AuditError(f"a `{event.kind}` event has over {MAX_DETAILS} details; log ids instead")
    for name, value in event.details.items():
        for text in (name, *(value if isinstance(value, tuple) else (value,))):
            _check_text(event.kind, text)
    for text in (event.kind, event.actor, event.subject):
        _check_text("audit", text)


def _check_text(kind: str, text: object) -> None:
    if isinstance(text, str) and len(text) > MAX_TEXT:
        raise AuditError(
            f"a text in a `{kind}` event is over {MAX_TEXT} characters; log an id instead"
        )
