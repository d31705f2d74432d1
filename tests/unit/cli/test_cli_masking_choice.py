"""`policy-service propose-masking`: what is printed, written and submitted."""

import json
import shutil
from pathlib import Path

import pytest
import typer
import yaml

from policy_service.cli import masking_choice
from policy_service.domain.errors import UsageError
from tests.fixtures.platform import DraftedHome

COMMON = ("--source", "bank", "--role", "risk-data-scientist", "--purpose", "analytics")


@pytest.fixture
def app(drafted_home: DraftedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command on a copy of the drafted bank."""
    shutil.copytree(drafted_home.home, tmp_path / "home")
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(tmp_path / "home"))
    made = typer.Typer(pretty_exceptions_enable=False)
    masking_choice.register(made)
    return made


def test_amendments_are_printed_written_and_submitted(
    app: typer.Typer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run proposes, writes the file that people read, and submits in the reviewer's name."""
    out = tmp_path / "proposal.yaml"
    options = ("--table", "customers", "--k", "3", "--out", str(out), "--apply", "--as", "rev-1")
    app([*COMMON, *options, "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    written = yaml.safe_load(out.read_text(encoding="utf-8"))
    rules = [one["rule"] for one in printed["proposal"]["amendments"]]
    assert printed["submitted"] == len(rules) > 0
    assert [one["rule"] for one in written["amendments"]] == rules
    assert (
        f"review {written['draft']} --rule {rules[0]} --amend"
        in (written["amendments"][0]["command"])
    )
    # The draft now holds what was proposed: asking again changes nothing.
    app([*COMMON, "--table", "customers", "--k", "3", "--draft", "latest"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "meets the goal as it stands" in shown
    assert "on made-up rows, before → after" in shown


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The folder is missing: the message names the file, and nothing is left behind."""
    with pytest.raises(UsageError, match="cannot write"):
        masking_choice._write(tmp_path / "none" / "x.yaml", "text")
    assert not list(tmp_path.iterdir())
