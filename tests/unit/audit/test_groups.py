"""Groups: many lines under one entry, durable before it, checked by whoever reads or checks."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy_service.audit import log_file
from policy_service.audit.fsck import check_log
from policy_service.audit.groups import GROUPS_SUFFIX, group_of
from policy_service.audit.log import AuditLog
from policy_service.audit.merkle import verify_inclusion
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.clock import FixedClock

SIGNER = Ed25519Signer(seed=b"a" * 32)
VERIFIER = Ed25519Verifier([SIGNER.public_key])
LINES = (b'{"n":1}', b'{"n":"\\r"}', b'{"n":3}')
NOTE = AuditEvent(kind="note", actor="a", subject="s", details=NO_PARAMETERS)
GROUP = AuditEvent(kind="decisions", actor="pdp", subject="dec_1", details=Parameters(allowed=2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "audit.log"


@pytest.fixture
def log(path: Path, clock: FixedClock) -> Iterator[AuditLog]:
    """A log with a note, a group of three, a group of one, and another note."""
    with AuditLog(path, clock=clock, signer=SIGNER, verifier=VERIFIER) as opened:
        opened.append(NOTE)
        opened.append_group(GROUP, LINES)
        opened.append_group(GROUP, (b"{}",))
        opened.append(NOTE)
        yield opened


def _groups(path: Path) -> Path:
    return path.with_name(path.name + GROUPS_SUFFIX)


def _refuse_sync(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_one_entry_stands_for_all_lines(log: AuditLog, path: Path) -> None:
    """The lines come back in order, the entry states them, and its proof covers them."""
    entry = log.entry(1)
    assert log.group(entry) == LINES
    assert log.group(log.entry(2)) == (b"{}",)
    assert log.group(log.entry(0)) == ()
    assert entry.event.details.integer("allowed", 0) == 2
    assert verify_inclusion(log.inclusion_proof(1), root=log.root())
    assert check_log(path, verifier=VERIFIER).whole


def test_newest_entries_come_first(log: AuditLog) -> None:
    """Entries of a kind are found from the end, as lists show them."""
    assert [one.index for one in log.newest("decisions")] == [2, 1]
    assert [one.index for one in log.newest("nothing")] == []


def test_a_kind_named_elsewhere_is_not_found(log: AuditLog) -> None:
    """Only the entry's own kind counts, not a text that looks like it."""
    log.append(AuditEvent(kind="x", actor='"kind":"note"', subject="s", details=NO_PARAMETERS))
    told = AuditEvent(kind="x", actor="a", subject="s", details=Parameters({"kind": "note"}))
    log.append(told)
    assert [one.index for one in log.newest("note")] == [3, 0]


@pytest.mark.parametrize("lines", [(), (b"a\nb",)])
def test_a_group_is_one_or_more_lines(log: AuditLog, lines: tuple[bytes, ...]) -> None:
    """What cannot be told apart again is refused, and nothing is written."""
    with pytest.raises(AuditError, match="one or more lines"):
        log.append_group(GROUP, lines)
    assert log.size() == 4


def test_a_changed_line_is_found_by_readers_and_by_the_checker(log: AuditLog, path: Path) -> None:
    """One byte of one line, and the entry that stands for it is not believed any more."""
    content = _groups(path).read_bytes()
    _groups(path).write_bytes(content.replace(b'"n":3', b'"n":4'))
    with pytest.raises(AuditError, match=r"entry 1 .*are not those that were written"):
        log.group(log.entry(1))
    (problem,) = check_log(path, verifier=VERIFIER).problems
    assert problem.startswith("entry 1 (line 2): the lines it stands for")


def test_lost_lines_are_found(log: AuditLog, path: Path) -> None:
    """A groups file that is cut or gone leaves entries that stand for nothing."""
    with _groups(path).open("r+b") as file:
        file.truncate(10)
    assert len(check_log(path, verifier=VERIFIER).problems) == 2
    _groups(path).unlink()
    assert len(check_log(path, verifier=VERIFIER).problems) == 2


def test_an_unreadable_groups_file_is_said_so(log: AuditLog, path: Path) -> None:
    """The checker names what the system says, and goes on."""
    _groups(path).unlink()
    _groups(path).mkdir()
    assert "cannot read" in check_log(path, verifier=VERIFIER).problems[0]


def test_lines_without_an_entry_count_for_nothing(log: AuditLog, path: Path) -> None:
    """A crash between the two writes leaves lines that nobody was told of: the log is whole."""
    with _groups(path).open("ab") as file:
        file.write(b'{"never":"confirmed"}\n{"half')
    assert check_log(path, verifier=VERIFIER).whole
    entry = log.append_group(GROUP, (b"next",))
    assert log.group(entry) == (b"next",)
    assert check_log(path, verifier=VERIFIER).whole


def test_a_refused_entry_takes_its_lines_back(log: AuditLog, path: Path) -> None:
    """An entry that may not be written leaves neither itself nor its lines."""
    before = _groups(path).read_bytes()
    wrong = AuditEvent(kind="", actor="a", subject="s", details=NO_PARAMETERS)
    with pytest.raises(AuditError, match="no kind"):
        log.append_group(wrong, LINES)
    assert _groups(path).read_bytes() == before
    assert log.size() == 4


def test_a_full_disk_confirms_nothing(
    log: AuditLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a line cannot be synced there is no entry, and the log goes on once there is room."""
    with monkeypatch.context() as patched:
        patched.setattr(log_file.os, "fsync", _refuse_sync)
        with pytest.raises(AuditError, match="nothing was confirmed"):
            log.append_group(GROUP, LINES)
    assert log.size() == 4
    log.append_group(GROUP, LINES)
    assert check_log(path, verifier=VERIFIER).whole


def test_a_group_file_can_be_closed_before_it_was_opened(path: Path, clock: FixedClock) -> None:
    """A log without groups has no groups file, and none is made by closing it."""
    with AuditLog(path, clock=clock, signer=SIGNER, verifier=VERIFIER) as log:
        log.append(NOTE)
    assert not _groups(path).exists()


def test_a_garbled_statement_is_refused() -> None:
    """An entry that does not say which lines it means stands for none of them."""
    details = Parameters(group_sha256="0" * 64, group_start="here")
    event = AuditEvent(kind="decisions", actor="pdp", subject="dec_1", details=details)
    with pytest.raises(AuditError, match="does not say which lines"):
        group_of(event)
