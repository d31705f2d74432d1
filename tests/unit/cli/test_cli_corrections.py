"""`catalog correct`, `confirm`, `corrections`, `withdraw-correction`, `refine --classifier`."""

import shutil
from pathlib import Path

import pytest

from policy_service.app import build_platform, close_platform
from policy_service.settings import Settings
from tests.fixtures.command_line import CommandLine, in_process
from tests.fixtures.web import web_home
from tests.unit.api.test_api_corrections import register_classifier

__all__ = ["web_home"]
BIRTH_NUMBER = "bank.public.clients.birth_number"
EMAIL = "bank.public.clients.email"


@pytest.fixture
def home(web_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with the small bank, named in the environment."""
    home = tmp_path / "home"
    shutil.copytree(web_home, home)
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    return home


@pytest.fixture
def run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Run one command in process; no engine is loaded."""
    return in_process(monkeypatch, capsys)


def test_lowering_takes_two_commands_of_two_people(run: CommandLine) -> None:
    """What waits is told with the command that confirms it; withdrawing it raises at once."""
    correct = ("catalog", "correct", BIRTH_NUMBER, "system.operations", "--reason", "a [test]")
    said = run(*correct, "--by", "vera")
    assert "clients.birth_number is system.operations, says vera" in said.out
    assert f"catalog confirm {BIRTH_NUMBER} --by NAME" in " ".join(said.out.split())
    refused = run("catalog", "confirm", BIRTH_NUMBER, "--by", "vera")
    assert (refused.exit_code, "ask somebody else" in refused.line) == (5, True)
    assert "it holds from now on" in run("catalog", "confirm", BIRTH_NUMBER, "--by", "sam").out
    listed = run("catalog", "corrections", "bank").out
    assert "holds" in listed
    assert "a [test]" in listed
    back = run(
        "catalog", "withdraw-correction", BIRTH_NUMBER, "--reason", "no", "--by", "sam", "--json"
    )
    assert (back.json["category"], back.json["state"]) == (None, "holds")
    listed = run("catalog", "corrections", "bank", "--json").json
    assert [one["state"] for one in listed] == ["ended", "holds"]
    assert "as detectors find" in run("catalog", "corrections", "bank").out


def test_a_wrong_category_is_one_line_with_what_is_near(run: CommandLine) -> None:
    """The exit code says whose fault it is, and nothing is kept."""
    wrong = run("catalog", "correct", EMAIL, "user.email", "--reason", "x", "--by", "vera")
    assert wrong.exit_code == 2
    assert "no data category `user.email`; nearest" in wrong.line
    assert run("catalog", "corrections", "shop").exit_code == 3
    assert run("catalog", "corrections", "bank", "--json").json == []


def test_refining_the_classifier_lists_and_rolls_back(run: CommandLine, home: Path) -> None:
    """A round tells what it measured; versions are listed, and one that failed is refused."""
    nothing = run("refine", "--classifier")
    assert (nothing.exit_code, "nobody has corrected" in nothing.line) == (1, True)
    run("catalog", "correct", EMAIL, "user.contact.email", "--reason", "right", "--by", "vera")
    done = run("refine", "--classifier")
    assert "classifier-1 learned from 1 columns that people spoke of; not promoted" in done.out
    assert "safety set:" in done.out
    again = run("refine", "--classifier", "--json").json
    assert (again["card"]["version"], again["safety_lost"]) == ("classifier-2", [])
    platform = build_platform(Settings(home=home))
    register_classifier(platform)
    close_platform(platform)
    assert "classifier-3" in run("refine", "--classifier", "--list").out
    assert len(run("refine", "--classifier", "--list", "--json").json) == 3
    refused = run("refine", "--classifier", "--rollback", "classifier-3")
    assert "did not pass its gates" in refused.line
    live = run("refine", "--classifier", "--rollback", "shipped-0")
    assert live.out == "shipped-0 is live: the next scan uses it\n"
    both = run("refine", "--classifier", "--retriever")
    assert (both.exit_code, "not both" in both.line) == (2, True)
