"""`policy-service applications …`: the whole way on the command line, and what goes wrong."""

from pathlib import Path

import pytest

from tests.fixtures.applications import NOTES, prepared_home, small_home
from tests.fixtures.command_line import CommandLine, in_process

__all__ = ["prepared_home", "small_home"]


@pytest.fixture
def run(
    small_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Run commands on a fresh home; no model is needed."""
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(small_home))
    monkeypatch.setenv("COLUMNS", "200")
    return in_process(monkeypatch, capsys)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The notes' policy as a file."""
    path = tmp_path / "notes.yaml"
    path.write_text(NOTES, encoding="utf-8")
    return str(path)


def test_the_whole_way_for_people(run: CommandLine, file: str) -> None:
    """Every step says what comes next."""
    assert "2 rules, all grounded; 3 tests passed" in run("applications", "check", file).out
    assert "nothing is submitted" in run("applications", "list").out
    submitted = run("applications", "submit", file, "--by", "ann")
    assert "approve app_" in submitted.out
    assert "waiting" in run("applications", "list").out
    shown = run("applications", "show", "notes").out
    assert "a person without that attribute sees no row" in shown
    assert "when resource.owner == subject.id" in shown
    assert "publish app_" in run("applications", "approve", "notes", "--by", "dana").out
    assert "under revision 1" in run("applications", "publish", "notes").out
    assert "next:" not in run("applications", "submit", file, "--by", "ann").out


def test_the_whole_way_for_machines(run: CommandLine, file: str, tmp_path: Path) -> None:
    """Each step prints one JSON object; a rollback issues what was live before."""
    checked = run("applications", "check", file, "--json").json
    row = run("applications", "submit", file, "--by", "ann", "--json").json
    assert row["sha256"] == checked["sha256"]
    run("applications", "approve", row["id"], "--sha256", row["sha256"], "--by", "dana", "--json")
    first = run("applications", "publish", row["id"], "--json").json
    assert (first["application"], first["submission"]) == ("notes", row["id"])
    other = tmp_path / "other.yaml"
    other.write_text(NOTES.replace("title: Notes", "title: Others"), encoding="utf-8")
    second = run("applications", "submit", str(other), "--by", "ann", "--json").json
    run("applications", "approve", second["id"], "--by", "dana")
    run("applications", "publish", second["id"])
    back = run("applications", "roll-back", "notes", "--json").json
    assert (back["revision"], back["submission"]) == (3, row["id"])
    listed = run("applications", "list", "--json").json
    assert [one["state"] for one in listed] == ["rolled_back", "live"]
    assert run("applications", "show", row["id"], "--json").json["text"] == NOTES


def test_a_rejection_says_why(run: CommandLine, file: str) -> None:
    """Its reason is kept for the author."""
    row = run("applications", "submit", file, "--by", "ann", "--json").json
    rejected = run("applications", "reject", row["id"], "--by", "dana", "--reason", "too wide")
    assert "rejected by dana" in rejected.out
    again = run("applications", "reject", row["id"], "--by", "dana", "--reason", "x", "--json")
    assert again.exit_code == 4


def test_what_goes_wrong_is_one_line_and_an_exit_code(
    run: CommandLine, file: str, tmp_path: Path
) -> None:
    """Own submission: 5; no file: 2; a wrong line: 2, named."""
    run("applications", "submit", file, "--by", "ann")
    own = run("applications", "approve", "notes", "--by", "ann")
    assert own.exit_code == 5
    missing = run("applications", "check", str(tmp_path / "none.yaml"))
    assert (missing.exit_code, "cannot read `none.yaml`" in missing.line) == (2, True)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in run("applications", "check", str(binary)).line
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(NOTES.replace("types: [note]", "types: [nte]"), encoding="utf-8")
    assert "`wrong.yaml` line 12" in run("applications", "check", str(wrong)).line
