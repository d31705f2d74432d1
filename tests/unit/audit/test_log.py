"""The audit log: what it keeps, finds, proves, mends and refuses."""

import base64
import os
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.audit import log as log_module
from policy_service.audit import merkle
from policy_service.audit.lines import MAX_DETAILS, MAX_TEXT
from policy_service.audit.log import AuditLog
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError, NotFoundError
from policy_service.domain.parameters import Parameters
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.clock import FixedClock

SIGNER = Ed25519Signer(seed=b"a" * 32)
VERIFIER = Ed25519Verifier([SIGNER.public_key])


def open_log(path: Path, clock: FixedClock, *, signer: Ed25519Signer | None = SIGNER) -> AuditLog:
    """Open a log that trusts the test's key."""
    return AuditLog(path, clock=clock, signer=signer, verifier=VERIFIER)


def event(number: int = 0, *, kind: str = "decision", subject: str = "") -> AuditEvent:
    """Make an event like those the service logs."""
    return AuditEvent(
        kind=kind,
        actor="teller-7",
        subject=subject or f"dec_{number}",
        details=Parameters(allow=True, rules=("R-0001",), number=number),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "audit.jsonl"


@pytest.fixture
def log(path: Path, clock: FixedClock) -> Iterator[AuditLog]:
    """A new, empty log."""
    with open_log(path, clock) as opened:
        yield opened


def fill(path: Path, clock: FixedClock, count: int, *, signed: bool = False) -> bytes:
    """Write a log of `count` entries, close it and return its bytes."""
    with open_log(path, clock) as opened:
        opened.append_many([event(number) for number in range(count)])
        if signed:
            opened.checkpoint()
    return path.read_bytes()


def test_an_entry_has_its_place_its_time_and_its_link(log: AuditLog, clock: FixedClock) -> None:
    """Entries count from 0, carry the clock's time, and name the hash of the one before."""
    first = log.append(event(0))
    clock.advance(timedelta(seconds=1))
    second = log.append(event(1))
    assert (first.index, first.previous, first.at) == (0, "0" * 64, "2026-03-02T12:00:00.000000Z")
    assert (second.index, second.previous) == (1, first.sha256)
    assert second.at == "2026-03-02T12:00:01.000000Z"


def test_what_was_appended_is_read_back_equal(log: AuditLog) -> None:
    """`entry` gives exactly what `append_many` returned."""
    written = log.append_many([event(number) for number in range(5)])
    assert [log.entry(index) for index in range(5)] == list(written)
    assert log.size() == 5


def test_only_the_owner_may_read_a_log(log: AuditLog, path: Path) -> None:
    """The log, its tree and its checkpoints are made with mode 0600."""
    log.checkpoint()
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_reopened_log_goes_on_where_it_stopped(path: Path, clock: FixedClock) -> None:
    """Index and link continue over a close, and the old entries keep their bytes."""
    before = fill(path, clock, 3)
    with open_log(path, clock) as log:
        entry = log.append(event(3))
        assert (entry.index, entry.previous) == (3, log.entry(2).sha256)
    assert path.read_bytes().startswith(before)


def test_entries_are_found_by_kind_and_subject(log: AuditLog) -> None:
    """`find` gives exactly the entries of a kind about a subject, oldest first."""
    log.append_many(
        [
            event(0),
            event(1, kind="verdict", subject="dra_1"),
            event(2, subject="dra_1"),
            AuditEvent(
                kind="note",
                actor="x",
                subject='"kind":"verdict"',
                details=Parameters(subject="dra_1", kind="verdict"),
            ),
        ]
    )
    assert [one.index for one in log.find()] == [0, 1, 2, 3]
    assert [one.index for one in log.find(kind="verdict")] == [1]
    assert [one.index for one in log.find(subject="dra_1")] == [1, 2]
    assert [one.index for one in log.find(kind="decision", subject="dra_1")] == [2]
    assert [one.index for one in log.find(subject="nobody")] == []


def test_every_entry_can_be_proven_against_a_checkpoint(log: AuditLog) -> None:
    """The inclusion proof of each entry leads to the signed root."""
    log.append_many([event(number) for number in range(11)])
    checkpoint = log.checkpoint()
    root = base64.b64decode(checkpoint.root)
    log.append(event(11))
    for index in range(checkpoint.size):
        proof = log.inclusion_proof(index, size=checkpoint.size)
        assert merkle.verify_inclusion(proof, root=root)
    assert log.inclusion_proof(0).size == 12


def test_a_later_log_is_proven_consistent_with_an_earlier_one(log: AuditLog) -> None:
    """The consistency proof connects the roots of two sizes."""
    log.append_many([event(number) for number in range(13)])
    assert merkle.verify_consistency(
        first_size=6,
        first_root=log.root(6),
        second_size=13,
        second_root=log.root(),
        path=log.consistency_proof(6),
    )


def test_what_is_not_in_the_log_cannot_be_asked_for(log: AuditLog) -> None:
    """An index or a size outside the log raises `NotFoundError` naming it."""
    log.append(event())
    with pytest.raises(NotFoundError, match="entry `1` does not exist among 1"):
        log.entry(1)
    with pytest.raises(NotFoundError, match="entry `-1`"):
        log.inclusion_proof(-1)
    with pytest.raises(NotFoundError, match="1 entries, not `2`"):
        log.root(2)
    with pytest.raises(NotFoundError, match="no `0` entries"):
        log.consistency_proof(0)


def test_a_checkpoint_of_an_unchanged_log_is_the_last_one(log: AuditLog, clock: FixedClock) -> None:
    """Asking twice signs once; after an entry a new checkpoint is made."""
    log.append(event())
    first = log.checkpoint()
    clock.advance(timedelta(hours=1))
    assert log.checkpoint() == first
    log.append(event())
    assert log.checkpoint().size == 2


def test_without_a_signing_key_there_are_no_checkpoints(path: Path, clock: FixedClock) -> None:
    """An auditor's log reads and appends, and says why it cannot sign."""
    with (
        open_log(path, clock, signer=None) as log,
        pytest.raises(AuditError, match="no signing key"),
    ):
        log.checkpoint()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (AuditEvent(kind="", actor="a", subject="s", details=Parameters()), "has no kind"),
        (
            AuditEvent(kind="k", actor="a", subject="s" * (MAX_TEXT + 1), details=Parameters()),
            "over 2000 characters",
        ),
        (
            AuditEvent(
                kind="k", actor="a", subject="s", details=Parameters(v=("x" * (MAX_TEXT + 1),))
            ),
            "a text in a `k` event is over",
        ),
        (
            AuditEvent(
                kind="k",
                actor="a",
                subject="s",
                details=Parameters({f"d{n}": n for n in range(MAX_DETAILS + 1)}),
            ),
            "over 64 details",
        ),
        (
            AuditEvent(kind="k", actor="a", subject="s", details=Parameters(v=2**60)),
            "cannot be written",
        ),
        (
            AuditEvent(kind="k", actor="a\ud800", subject="s", details=Parameters()),
            "cannot be written",
        ),
    ],
)
def test_an_event_that_may_not_be_logged_leaves_nothing(
    log: AuditLog, path: Path, wrong: AuditEvent, said: str
) -> None:
    """Long texts, many details and what JSON cannot carry are refused with the whole batch."""
    log.append(event())
    before = path.read_bytes()
    with pytest.raises(AuditError, match=said):
        log.append_many([event(), wrong])
    assert path.read_bytes() == before
    assert log.append(event()).index == 1


def test_a_torn_last_line_is_cut_and_told(path: Path, clock: FixedClock) -> None:
    """Half a line at the end is dropped on opening, and an entry says how many bytes it had."""
    before = fill(path, clock, 2)
    with path.open("ab") as file:
        file.write(b'{"at":"2026')
    with open_log(path, clock) as log:
        repair = log.entry(2)
        assert (repair.event.kind, repair.event.subject) == ("log_repaired", "log")
        assert repair.event.details["dropped_bytes"] == 11
        assert log.append(event()).index == 3
    assert path.read_bytes().startswith(before)


def test_whole_lines_behind_the_tree_are_taken_in(
    path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries that a crash kept out of the tree file, or all of them, are read from the log."""
    fill(path, clock, 7)
    tree = path.with_name("audit.jsonl.tree")
    whole = tree.read_bytes()
    monkeypatch.setattr(log_module, "_LEAVES_AT_ONCE", 2)
    for kept in (0, 40, 41, 3 * 40, len(whole) - 1):
        tree.write_bytes(whole[:kept])
        with open_log(path, clock) as log:
            assert log.size() == 7
        assert tree.read_bytes() == whole


def test_a_damaged_tree_file_is_made_anew(path: Path, clock: FixedClock) -> None:
    """The tree is a cache: with wrong hashes in it the log opens and proves as before."""
    fill(path, clock, 6, signed=True)
    tree = path.with_name("audit.jsonl.tree")
    whole = tree.read_bytes()
    for place in (0, 2 * 40, len(whole) - 40):
        tree.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with open_log(path, clock) as log:
            assert log.size() == 6
            log.checkpoint()


def test_a_changed_last_entry_refuses_to_open(path: Path, clock: FixedClock) -> None:
    """A flipped byte in the last line is an error that names the entry; nothing is written."""
    content = bytearray(fill(path, clock, 3))
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(AuditError, match=r"entry 2 of the audit log .* was changed"):
        open_log(path, clock)
    assert path.read_bytes() == bytes(content)


def test_a_last_line_whose_end_was_changed_is_not_repaired_away(
    path: Path, clock: FixedClock
) -> None:
    """A confirmed entry whose line end is flipped is damage, not a torn line."""
    content = fill(path, clock, 3)[:-1] + b"\x0b"
    path.write_bytes(content)
    with pytest.raises(AuditError, match=r"entry 2 .*: its line does not end"):
        open_log(path, clock)
    assert path.read_bytes() == content


def test_a_line_that_does_not_follow_refuses_to_open(path: Path, clock: FixedClock) -> None:
    """A line of another log, whole in itself, is refused for its link and for its index."""
    other = path.with_name("other.jsonl")
    stranger = fill(other, clock, 4).splitlines(keepends=True)
    clock.advance(timedelta(days=1))
    mine = fill(path, clock, 2)
    for line, said in ((stranger[2], "does not follow"), (stranger[3], "says it is entry 3")):
        path.write_bytes(mine + line)
        with pytest.raises(AuditError, match=said):
            open_log(path, clock)


def test_a_log_that_got_shorter_is_refused(path: Path, clock: FixedClock) -> None:
    """Missing entries are noticed on opening and while the log is in use."""
    content = fill(path, clock, 3)
    with open_log(path, clock) as log:
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(AuditError, match="got shorter: entries are missing"):
            log.append(event())
    with pytest.raises(AuditError, match="got shorter"):
        open_log(path, clock)


def test_a_log_cut_behind_its_checkpoint_is_refused(path: Path, clock: FixedClock) -> None:
    """With the tree file gone too, the checkpoint still tells how many entries there were."""
    content = fill(path, clock, 3, signed=True)
    path.write_bytes(b"".join(content.splitlines(keepends=True)[:2]))
    path.with_name("audit.jsonl.tree").unlink()
    with pytest.raises(AuditError, match="has 2 entries, its last checkpoint covers 3"):
        open_log(path, clock)


def test_a_rewritten_log_is_refused_by_its_checkpoint(path: Path, clock: FixedClock) -> None:
    """A forged log with right hashes and links does not have the signed root."""
    fill(path, clock, 3, signed=True)
    path.unlink()
    path.with_name("audit.jsonl.tree").unlink()
    saved = path.with_name("audit.jsonl.checkpoints").rename(path.with_name("saved"))
    clock.advance(timedelta(days=1))
    with AuditLog(path, clock=clock, signer=None, verifier=VERIFIER) as forged:
        forged.append_many([event(number) for number in range(3)])
    saved.rename(path.with_name("audit.jsonl.checkpoints"))
    with pytest.raises(AuditError, match="is not what its last checkpoint covers"):
        open_log(path, clock)


def test_a_checkpoint_of_an_unknown_key_is_refused(path: Path, clock: FixedClock) -> None:
    """A log whose checkpoint a stranger signed does not open."""
    stranger = Ed25519Signer(seed=b"b" * 32)
    trusting = Ed25519Verifier([stranger.public_key])
    with AuditLog(path, clock=clock, signer=stranger, verifier=trusting) as log:
        log.append(event())
        log.checkpoint()
    with pytest.raises(AuditError, match=r"cannot be trusted: key .* is not trusted"):
        open_log(path, clock)


def test_a_damaged_last_checkpoint_is_refused(path: Path, clock: FixedClock) -> None:
    """A checkpoint that is not canonical JSON does not open the log."""
    fill(path, clock, 1, signed=True)
    checkpoints = path.with_name("audit.jsonl.checkpoints")
    checkpoints.write_bytes(checkpoints.read_bytes().replace(b'"size":1', b'"size": 1'))
    with pytest.raises(AuditError, match=r"last checkpoint .* is damaged"):
        open_log(path, clock)


def test_a_torn_checkpoint_is_cut_and_told(path: Path, clock: FixedClock) -> None:
    """Half a checkpoint line is dropped on opening, and an entry says so."""
    fill(path, clock, 1, signed=True)
    with path.with_name("audit.jsonl.checkpoints").open("ab") as file:
        file.write(b'{"at"')
    with open_log(path, clock) as log:
        assert log.entry(1).event.subject == "checkpoints"
        assert log.checkpoint().size == 2


def test_two_logs_over_one_file_see_each_others_entries(path: Path, clock: FixedClock) -> None:
    """Two openings append in turn, and each continues behind the other."""
    with open_log(path, clock) as one, open_log(path, clock) as two:
        indexes = [log.append(event()).index for log in (one, two, two, one)]
        assert indexes == [0, 1, 2, 3]
        assert one.root() == two.root()


def test_threads_append_without_loss(log: AuditLog) -> None:
    """Four threads on one log write every entry once."""
    work = [
        threading.Thread(target=lambda: [log.append(event()) for _ in range(10)]) for _ in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert [one.index for one in log.find()] == list(range(40))


def test_a_full_disk_confirms_nothing(
    log: AuditLog, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk refuses, the caller is told, the file is as before, and a retry works."""
    log.append(event())
    before = path.read_bytes()

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(AuditError, match="No space left on device; nothing was confirmed"):
            log.append(event())
    assert path.read_bytes() == before
    assert log.append(event()).index == 1


def test_a_tree_that_cannot_be_written_does_not_lose_its_place(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that reached the log but not the tree is taken in before the next one."""
    log.append(event())

    def refuse(handle: int, data: bytes, at: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", refuse)
        with pytest.raises(AuditError, match="nothing was confirmed"):
            log.append(event())
    assert log.append(event()).index == 2


def test_a_tree_emptied_under_an_open_log_is_made_anew(log: AuditLog, path: Path) -> None:
    """An open log whose tree file another process emptied reads its entries again."""
    log.append_many([event(number) for number in range(3)])
    path.with_name("audit.jsonl.tree").write_bytes(b"")
    assert log.append(event(3)).index == 3
    assert [one.index for one in log.find()] == [0, 1, 2, 3]


def test_a_log_is_not_used_across_a_fork(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked process would share the lock, so it is told to open the log anew."""
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(AuditError, match="before a fork; open it anew"):
        log.append(event())


def test_a_log_that_cannot_be_opened_says_where(tmp_path: Path, clock: FixedClock) -> None:
    """A path in a folder that does not exist is one clear line."""
    with pytest.raises(AuditError, match=r"cannot open the audit log `.*no/audit.jsonl`"):
        open_log(tmp_path / "no" / "audit.jsonl", clock)
