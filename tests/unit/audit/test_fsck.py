"""The checker: what it finds, how it names it, and how its command ends."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.audit import fsck
from policy_service.audit.checkpoints import read_checkpoint
from policy_service.audit.fsck import check_log, main
from policy_service.audit.log import AuditLog
from policy_service.domain.audit import AuditEvent
from policy_service.domain.errors import AuditError
from policy_service.domain.parameters import NO_PARAMETERS
from policy_service.engines.cryptography import Ed25519Signer, Ed25519Verifier
from policy_service.kit.clock import FixedClock

SIGNER = Ed25519Signer(seed=b"a" * 32)
VERIFIER = Ed25519Verifier([SIGNER.public_key])
EVENT = AuditEvent(kind="note", actor="a", subject="s", details=NO_PARAMETERS)


@pytest.fixture
def path(tmp_path: Path, clock: FixedClock) -> Path:
    """A log of six entries with checkpoints over three and six, and its public key."""
    where = tmp_path / "audit.jsonl"
    with AuditLog(where, clock=clock, signer=SIGNER, verifier=VERIFIER) as log:
        for _ in range(2):
            log.append_many([EVENT] * 3)
            log.checkpoint()
            clock.advance(timedelta(hours=1))
    (tmp_path / "audit.pub").write_text(VERIFIER.pem())
    return where


def _problems(path: Path) -> tuple[str, ...]:
    return check_log(path, verifier=VERIFIER).problems


def _checkpoints(path: Path) -> Path:
    return path.with_name("audit.jsonl.checkpoints")


def _change(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def test_an_untouched_log_is_whole(path: Path) -> None:
    """A log as it was written has no problem, and its root is that of its last checkpoint."""
    report = check_log(path, verifier=VERIFIER)
    last = read_checkpoint(_checkpoints(path).read_bytes().splitlines()[-1])
    assert report.whole
    assert (report.entries, report.checkpoints, report.root) == (6, 2, last.root)


def test_a_changed_entry_is_named(path: Path) -> None:
    """A flipped byte is named by entry and line; only checkpoints that cover it complain."""
    _change(path, b'"index":4', b'"index":5')
    assert _problems(path) == (
        "entry 4 (line 5): its content does not fit its hash",
        "checkpoint line 2: the first 6 entries are not those that were signed",
    )


def test_a_changed_hash_is_named(path: Path) -> None:
    """A flipped byte in an entry's own hash breaks the entry and the link of the next."""
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:-4] + (b"0" if lines[2][-4:-3] != b"0" else b"1") + lines[2][-3:]
    path.write_bytes(b"".join(lines))
    assert _problems(path)[:2] == (
        "entry 2 (line 3): its content does not fit its hash",
        "entry 3 (line 4): it does not follow the entry before it",
    )


def test_a_line_that_is_no_entry_is_named(path: Path) -> None:
    """Bytes that are no entry at all are named by their line."""
    path.write_bytes(path.read_bytes() + b"\xff\n")
    assert _problems(path) == ("entry 6 (line 7): it does not end with its hash",)


def test_a_removed_entry_is_named(path: Path) -> None:
    """Where a line is missing, the next one says another index and does not follow."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    assert _problems(path)[:2] == (
        "entry 1 (line 2): it says it is entry 2",
        "entry 1 (line 2): it does not follow the entry before it",
    )


def test_a_log_cut_behind_a_checkpoint_is_found(path: Path) -> None:
    """Whole lines cut off the end are missed by the checkpoint and by the tree file."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    assert _problems(path) == (
        "checkpoint line 2: it covers 6 entries, the log has 4: entries are missing",
        "the tree file remembers 6 entries: entries are missing",
    )


def test_a_cut_line_is_found(path: Path) -> None:
    """A last line without its end is named."""
    path.write_bytes(path.read_bytes()[:-1])
    assert _problems(path) == ("entry 5 (line 6): the line does not end; it was cut or changed",)


def test_a_witnessed_checkpoint_finds_a_cut_that_the_log_hides(path: Path) -> None:
    """Whoever kept a checkpoint elsewhere sees that log and checkpoints were cut together."""
    kept = read_checkpoint(_checkpoints(path).read_bytes().splitlines()[1])
    for file in (path, _checkpoints(path)):
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[: len(lines) // 2]))
    path.with_name("audit.jsonl.tree").unlink()
    assert check_log(path, verifier=VERIFIER).whole
    report = check_log(path, verifier=VERIFIER, witnessed=[kept])
    assert report.problems == (
        "witnessed checkpoint 0: it covers 6 entries, the log has 3: entries are missing",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"size":3', b'"size":2', "does not fit key"),
        (b'"size":3', b'"size":03', "not a checkpoint in canonical form"),
        (b'"key_id":"', b'"key_id":"x', "is not trusted"),
    ],
)
def test_a_changed_checkpoint_is_named(path: Path, old: bytes, new: bytes, said: str) -> None:
    """A changed checkpoint is named by its line."""
    _change(_checkpoints(path), old, new)
    (problem,) = _problems(path)
    assert problem.startswith("checkpoint line 1: ")
    assert said in problem


def test_checkpoints_out_of_order_are_named(path: Path) -> None:
    """Two checkpoints whose lines were exchanged do not follow each other."""
    first, second = _checkpoints(path).read_bytes().splitlines(keepends=True)
    _checkpoints(path).write_bytes(second + first)
    assert _problems(path) == ("checkpoint line 2: it does not follow the checkpoint before it",)


def test_a_torn_checkpoint_is_named(path: Path) -> None:
    """A last checkpoint without its line end is named."""
    _checkpoints(path).write_bytes(_checkpoints(path).read_bytes()[:-1])
    assert _problems(path) == ("checkpoint line 2: the line does not end; it was cut or changed",)


def test_a_log_without_checkpoints_is_checked_by_its_links(path: Path) -> None:
    """Without checkpoints and tree file there is nothing but the log to check."""
    _checkpoints(path).unlink()
    path.with_name("audit.jsonl.tree").unlink()
    assert check_log(path, verifier=VERIFIER).checkpoints == 0


def test_progress_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker reports how many entries it has read of those the checkpoints promise."""
    told: list[tuple[str, int, int]] = []
    monkeypatch.setattr(fsck, "_REPORT_EVERY", 4)
    check_log(path, verifier=VERIFIER, progress=lambda *step: told.append(step))
    assert told == [("check audit log", 4, 6), ("check audit log", 6, 6)]


def test_a_missing_log_is_an_error(tmp_path: Path) -> None:
    """There is no report on a log that does not exist."""
    with pytest.raises(AuditError, match="cannot read the audit log"):
        check_log(tmp_path / "none.jsonl", verifier=VERIFIER)


def test_the_command_ends_with_what_it_found(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 and one line for a whole log; 7 and the problems, as JSON if asked, for another."""
    command = [str(path), "--public-key", str(path.with_name("audit.pub"))]
    assert main(command) == 0
    assert capsys.readouterr().out == "6 entries, 2 checkpoints: whole\n"
    _change(path, b'"kind":"note"', b'"kind":"nose"')
    assert main(command) == 7
    assert capsys.readouterr().out.startswith("6 entries, 2 checkpoints: NOT whole, 3 problems\n")
    assert main([*command, "--json"]) == 7
    report = json.loads(capsys.readouterr().out)
    assert report["whole"] is False
    assert len(report["problems"]) == 3


def test_the_command_takes_checkpoints_from_elsewhere(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--checkpoint` counts the witnessed checkpoints among those it checked."""
    witness = _checkpoints(path).rename(tmp_path / "witness")
    key = str(path.with_name("audit.pub"))
    assert main([str(path), "--public-key", key, "--checkpoint", str(witness)]) == 0
    assert "2 checkpoints" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["log", "key", "witness"])
def test_the_command_says_why_it_cannot_check(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    """A missing log, a file without keys and a witness that is none end with 2 and one line."""
    (tmp_path / "empty").write_text("no checkpoint\n")
    log = tmp_path / "none" if missing == "log" else path
    key = tmp_path / ("empty" if missing == "key" else "audit.pub")
    witness = ["--checkpoint", str(tmp_path / "empty")] if missing == "witness" else []
    assert main([str(log), "--public-key", str(key), *witness]) == 2
    assert capsys.readouterr().err.startswith("cannot check: ")


def test_the_command_stands_alone(path: Path, repository: Path) -> None:
    """`python -m policy_service.audit.fsck` runs by itself and ends with its verdict."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "policy_service.audit.fsck",
            str(path),
            "--public-key",
            str(path.with_name("audit.pub")),
        ],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
