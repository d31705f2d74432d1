"""Audit lines: the hash is last and covers every other byte."""

import json

import pytest

from policy_service.audit.lines import FIRST_PREVIOUS, read_entry, sealed_hash, write_entry
from policy_service.domain.audit import AuditEvent
from policy_service.domain.parameters import Parameters
from policy_service.kit.canonical import canonical_json, content_sha256
from policy_service.kit.hashing import sha256_hex

EVENT = AuditEvent(kind="note", actor="ä", subject="s", details=Parameters(b=True, t=("x", "y")))
WRITTEN = write_entry(EVENT, index=0, at="2026-03-02T12:00:00.000000Z", previous=FIRST_PREVIOUS)


def _sealed(body: bytes) -> bytes:
    return body[:-1] + b',"sha256":"' + sha256_hex(body).encode() + b'"}'


def test_a_line_is_canonical_json_and_reads_back() -> None:
    """A written line is its own canonical form, and gives the entry it was made of."""
    assert canonical_json(json.loads(WRITTEN.line)) == WRITTEN.line
    assert read_entry(WRITTEN.line) == WRITTEN.entry


def test_the_hash_is_that_of_the_entry_without_it() -> None:
    """Anyone can compute an entry's hash from its other members."""
    plain = json.loads(WRITTEN.line)
    claimed = plain.pop("sha256")
    assert claimed == content_sha256(plain) == WRITTEN.entry.sha256 == sealed_hash(WRITTEN.line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "does not end with its hash"),
        (b"x" * 200, "does not end with its hash"),
        (WRITTEN.line[:-3] + b'F"}', "does not end with its hash"),
        (WRITTEN.line.replace(b"note", b"nose"), "does not fit its hash"),
        (_sealed(b'{"at":""}'), "is not an audit entry"),
        (_sealed(b"not json}"), "is not an audit entry"),
        (_sealed(b'{"a":' + b"[" * 100_000 + b"}"), "is not an audit entry"),
    ],
)
def test_a_line_that_is_none_says_what_is_wrong(line: bytes, said: str) -> None:
    """Missing and wrong hashes and shapes are told apart, and no content is quoted."""
    with pytest.raises(ValueError, match=said):
        read_entry(line)
