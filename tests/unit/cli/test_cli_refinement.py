"""`corpus mark`, `corpus marks` and `refine`: what they print, what they refuse."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from policy_service.app import build_platform, close_platform
from policy_service.cli import refinement
from policy_service.domain.identifiers import ModelVersion, ProvisionId, SubjectId
from policy_service.domain.learning import RetrieverCard
from policy_service.refinement.retriever_gates import (
    RetrieverComparison,
    ReviewerInfluence,
    check_retriever_gates,
)
from policy_service.settings import Settings
from policy_service.workflows.refine_retriever import RetrieverRefinement
from tests.fixtures.command_line import CommandLine, in_process
from tests.unit.api.test_api_relevance import register_retriever

KEYS = "gdpr/art-32/1/a"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, named in the environment."""
    monkeypatch.setenv("POLICY_SERVICE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """Run one command in process; no engine is loaded."""
    return in_process(monkeypatch, capsys)


@pytest.fixture
def card(home: Path) -> RetrieverCard:
    """A version that did not pass, registered in the home."""
    platform = build_platform(Settings(home=home))
    found = register_retriever(platform, promoted=False)
    close_platform(platform)
    return found


def test_a_mark_is_given_and_listed(run: CommandLine) -> None:
    """The last word on a question and provision is what is listed."""
    said = run("corpus", "mark", "keys [of] doors?", KEYS, "--relevant", "--by", "vera")
    assert said.out == "noted by vera: gdpr/art-32/1/a answers “keys [of] doors?”\n"
    said = run("corpus", "mark", "keys [of] doors?", KEYS, "--irrelevant", "--by", "vera", "--json")
    assert said.json["relevant"] is False
    listed = run("corpus", "marks")
    assert "keys [of] doors?" in listed.out
    assert "no" in listed.out.split()
    assert [one["reviewer"] for one in run("corpus", "marks", "--json").json] == ["vera"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("keys?", "gdpr/none", "--relevant", "--by", "vera"), 3, "no provision `gdpr/none`"),
        ((" ", KEYS, "--relevant", "--by", "vera"), 2, "write the question in 1 to 1000"),
    ],
)
def test_bad_marks_are_one_clear_line(
    run: CommandLine, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """What is unknown or empty ends in one line and an exit code, and nothing is kept."""
    refused = run("corpus", "mark", *arguments)
    assert refused.exit_code == code
    assert says in refused.line
    assert run("corpus", "marks", "--json").json == []


def test_a_mark_must_say_which(run: CommandLine) -> None:
    """Neither word is assumed."""
    refused = run("corpus", "mark", "keys?", KEYS)
    assert refused.exit_code == 2
    assert "--relevant" in refused.err


def test_versions_are_listed(run: CommandLine, card: RetrieverCard) -> None:
    """Each version stands with its figures and why it was held back."""
    listed = run("refine", "--retriever", "--list").out
    assert "retriever-1" in listed
    assert "no gain" in listed
    (found,) = run("refine", "--retriever", "--list", "--json").json
    assert (found["version"], found["promoted"]) == (card.version, False)
    assert run("refine", "--list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--retriever", "--rollback", "retriever-1"), 1, "did not pass its gates"),
        (("--retriever", "--rollback", "reward-1"), 1, "write `retriever-1`"),
        (("--rollback", "retriever-1"), 1, "write `reward-1`"),
        (("--list", "--rollback", "prior-0"), 2, "not both"),
    ],
)
def test_what_cannot_be_live_is_refused(
    run: CommandLine, card: RetrieverCard, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """A version that was held back, or of the other model, is never made live."""
    refused = run("refine", *arguments)
    assert (refused.exit_code, card.promoted) == (code, False)
    assert says in refused.line


@pytest.mark.parametrize(
    ("option", "version", "words"),
    [
        ((), "prior-0", "the next draft uses it"),
        (("--retriever",), "fused-0", "search and the next draft use it"),
    ],
)
def test_going_back_to_what_learned_nothing(
    run: CommandLine, option: tuple[str, ...], version: str, words: str
) -> None:
    """The unlearned version can always be made live, and the audit log says who did it."""
    said = run("refine", *option, "--rollback", version)
    assert said.out == f"{version} is live: {words}\n"
    assert run("refine", *option, "--rollback", version, "--json").json == {"live": version}
    kinds = {one["event"]["kind"] for one in run("audit", "list", "--json").json}
    assert kinds == {"retriever_rollback" if option else "model_rollback"}


@pytest.mark.parametrize("promoted", [True, False])
def test_a_round_shows_before_and_after(
    run: CommandLine, card: RetrieverCard, monkeypatch: pytest.MonkeyPatch, promoted: bool
) -> None:
    """Both sorts of held-out questions, the floors, and whether the version is used."""
    done = _round(replace(card, version=ModelVersion("retriever-2"), promoted=promoted))
    monkeypatch.setattr(refinement, "refine_retriever", lambda *_, **__: done)
    out = run("refine", "--retriever").out
    assert "retriever-2 learned from 100 questions and 12 marks" in out
    assert ("promoted: search and the next draft use it" in out) is promoted
    assert "30 of reviewers" in out
    assert "30 made from the corpus" in out
    assert "floors found by their titles: 2 before, 0 of them lost" in out
    found = run("refine", "--retriever", "--json").json
    assert found["card"]["version"] == "retriever-2"
    assert found["influence"][0]["reviewer"] == "sam"
    assert json.dumps(found)


def _round(card: RetrieverCard) -> RetrieverRefinement:
    report = check_retriever_gates(
        RetrieverComparison(
            marked_before=card.marked_before,
            marked_after=card.marked_after,
            made_before=card.made_before,
            made_after=card.made_after,
        ),
        floors_found=(ProvisionId("act/1"), ProvisionId("act/2")),
        floors_lost=(),
        influence=(
            ReviewerInfluence(
                reviewer=SubjectId("sam"), questions=20, recall_without=0.5, recall_with=0.5
            ),
        ),
    )
    return RetrieverRefinement(card=card, report=report)
