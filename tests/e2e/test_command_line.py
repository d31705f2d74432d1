"""The commands as a person types them, on the sample bank after the walkthrough."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from policy_service.cli import output
from policy_service.cli.errors import guarded
from tests.fixtures.command_line import CommandLine, Outcome, command_line_in

pytestmark = pytest.mark.slow
NATIONAL_ID = "bank.public.customers.national_id"


@pytest.fixture(scope="module")
def walked(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A home in which `quickstart --walkthrough --no-serve` ran, and what it printed."""
    home = tmp_path_factory.mktemp("walked") / "home"
    shutil.copytree(indexed_home / "index", home / "index")
    environment = {**os.environ, "POLICY_SERVICE_HOME": str(home), "COLUMNS": "160"}
    ended = subprocess.run(
        [sys.executable, "-m", "policy_service", "quickstart", "--walkthrough", "--no-serve"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return home, Outcome(exit_code=ended.returncode, out=ended.stdout, err=ended.stderr)


@pytest.fixture
def run(
    walked: tuple[Path, Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """Run commands on a copy of the walked home."""
    home = tmp_path / "home"
    shutil.copytree(walked[0], home)
    return command_line_in(home, monkeypatch, capsys)


def test_the_walkthrough_shows_the_whole_way(walked: tuple[Path, Outcome]) -> None:
    """Found, proposed, verified, approved, published, four views, decrypted, audited, traced."""
    _, ended = walked
    assert ended.exit_code == 0, ended.err
    for said in (
        "Found in bank (sqlite): 12 tables",
        "Proposed for",
        "Verified",
        "reviewer-1:",
        "draft approved",
        "published revision 1",
        "denied",
        "at rest: ps1.",
        "not decrypted",
        "whole",
        "approved by reviewer-2",
    ):
        assert said in ended.out, said
    assert re.search(r"\bp_[0-9a-f]{16}\b", ended.out)
    assert re.search(r"\d{6}/\d{3}", ended.out)
    assert "•" in ended.out


def test_quickstart_can_be_run_again(run: CommandLine) -> None:
    """A second run finds its accounts, its draft and its live policy again."""
    again = run("quickstart", "--walkthrough", "--no-serve")
    assert again.exit_code == 0, again.err
    assert "this draft is live already" in again.out


def test_the_corpus_can_be_read(run: CommandLine) -> None:
    """Listed, searched and shown, for people and for machines."""
    assert "gdpr" in run("corpus", "list").out
    assert len(run("corpus", "list", "--json").json["instruments"]) >= 18
    found = run("corpus", "search", "encryption of personal data at rest", "--json").json
    assert any("encrypt" in one["provision"]["text"].lower() for one in found["passages"])
    narrowed = run("corpus", "search", "encryption", "--instrument", "gdpr", "--limit", "2")
    assert "gdpr/" in narrowed.out
    assert "pci-dss/" not in narrowed.out
    shown = run("corpus", "show", "gdpr/art-32/1/a")
    assert "Article 32(1)(a)" in shown.out
    assert run("corpus", "show", "gdpr/art-32/1/a", "--json").json["id"] == "gdpr/art-32/1/a"
    unknown = run("corpus", "show", "gdpr/art-999")
    assert unknown.exit_code == 1
    assert "gdpr/art-999" in unknown.line


def test_the_catalogue_can_be_read(run: CommandLine) -> None:
    """Each column with its category and the reason."""
    shown = run("catalog", "show", "bank")
    assert "customers.national_id" in shown.out
    assert "12 tables" in shown.out
    assert run("catalog", "show", "elsewhere").exit_code == 3


def test_people_can_be_imported_but_not_against_separation(
    run: CommandLine, tmp_path: Path
) -> None:
    """A person who would hold two separated roles is refused with the line."""
    file = tmp_path / "people.csv"
    file.write_text("subject,job_function,district_id\nteller-1,branch-teller,3\n")
    assert "1 people imported" in run("people", "import", str(file)).out
    file.write_text("subject,job_function\nann,loan-officer\nann,internal-auditor\n")
    refused = run("people", "import", str(file))
    assert refused.exit_code == 1
    assert "ann" in refused.line
    assert "line" in refused.line
    assert run("people", "import", str(file), "--json").json["error"] == "CatalogError"


def test_drafts_can_be_listed_written_and_verified(run: CommandLine, tmp_path: Path) -> None:
    """The draft's folder is as good a name as its id."""
    listed = run("draft", "--list")
    assert "published" in listed.out
    draft = run("draft", "--list", "--json").json[0]["id"]
    organisation = Path("policies/organisations/bank.yaml").resolve()
    folder = tmp_path / "out"
    written = run(
        "draft", "--organisation", str(organisation), "--source", "bank", "--out", str(folder)
    )  # fmt: skip
    assert written.exit_code == 0, written.err
    assert "policy.md" in written.out
    verified = run("verify", str(folder))
    assert verified.exit_code == 0
    assert "policy tests hold" in verified.out
    assert run("verify", draft[:8]).exit_code == 0
    assert run("verify", "dra_nothing").exit_code == 3
    assert run("draft").exit_code == 2


def test_reviews_can_be_read_and_misused(run: CommandLine) -> None:
    """Where each rule stands; what a review needs; what is no control."""
    assert "is published" in run("review", "latest").out
    assert run("review", "latest", "--approve-all").exit_code == 2
    assert run("review", "latest", "--approve", "--as", "bo").exit_code == 2
    both = run("review", "latest", "--approve", "--reject", "--rule", "R-0001", "--as", "bo")
    assert both.exit_code == 2
    wrong = run("review", "latest", "--rule", "R-0001", "--amend", "sparkle", "--as", "bo")
    assert wrong.exit_code == 2
    assert "sparkle" in wrong.line
    settings = run(
        "review", "latest", "--rule", "E-0001", "--amend", "rotation_days=180",
        "--reason", "twice a year", "--as", "bo",
    )  # fmt: skip
    assert settings.exit_code == 4  # it is published
    assert "published" in settings.line


def test_the_live_policy_can_be_renewed_but_not_rolled_back(run: CommandLine) -> None:
    """Publishing again renews; with nothing before it, there is no way back."""
    assert "revision 2" in run("publish", "latest").out
    back = run("rollback", "bank")
    assert back.exit_code == 3
    assert "nothing was live before" in back.line


def test_decisions_are_explained_and_traced(run: CommandLine) -> None:
    """Allowed with its control, denied with its reason, and both lead back."""
    allowed = run(
        "decide", "--subject", "fraud-1", "--resource", NATIONAL_ID,
        "--purpose", "essential.fraud_detection", "--explain",
    )  # fmt: skip
    assert allowed.exit_code == 0
    assert "allowed" in allowed.out
    assert "roles: fraud-analyst" in allowed.out
    filtered = run(
        "decide", "--subject", "teller-7", "--resource", NATIONAL_ID,
        "--purpose", "essential.service",
    )  # fmt: skip
    assert "only rows whose district_id" in filtered.out
    denied = run("decide", "--subject", "nobody", "--resource", NATIONAL_ID, "--purpose", "x")
    assert denied.exit_code == 6
    assert "unknown_subject" in denied.out
    for outcome in (allowed, denied):
        decision = re.search(r"dec_\w+", outcome.out)
        assert decision is not None
        assert run("trace", decision[0]).exit_code == 0
    assert run("trace", "dec_nothing").exit_code == 3


def test_a_query_shows_what_its_subject_may_see(run: CommandLine) -> None:
    """Masked rows, what masked them, and the id under which it was recorded."""
    shown = run(
        "query", "--as", "scientist-1", "--purpose", "analytics", "--source", "bank",
        "select national_id from customers limit 2",
    )  # fmt: skip
    assert shown.exit_code == 0, shown.err
    assert "national_id: pseudonymise" in shown.out
    assert "recorded as dec_" in shown.out
    refused = run(
        "query", "--as", "scientist-1", "--purpose", "analytics", "--source", "bank",
        "delete from customers",
    )  # fmt: skip
    assert refused.exit_code == 6
    nowhere = run("query", "--as", "x", "--purpose", "y", "--source", "z", "select 1")
    assert nowhere.exit_code == 3


def test_the_audit_log_is_listed_checked_and_signed(run: CommandLine) -> None:
    """Newest entries, one kind of them, a checkpoint, and the whole checked."""
    assert "publication" in run("audit", "list", "--kind", "publication").out
    assert run("audit", "list", "--limit", "3", "--json").json[0]["index"] > 3
    assert "signed by key" in run("audit", "checkpoint").out
    assert run("audit", "checkpoint", "--json").json["size"] > 0
    assert "whole" in run("audit", "verify").out


def test_accounts_are_added_listed_and_linked(run: CommandLine) -> None:
    """A reviewer needs a group; a link is printed once."""
    assert "added dana" in run(
        "accounts", "add", "dana", "--role", "reviewer", "--group", "compliance"
    ).out  # fmt: skip
    assert run("accounts", "add", "otto", "--role", "auditor", "--json").json["role"] == "auditor"
    assert run("accounts", "add", "eve", "--role", "reviewer").exit_code == 2
    assert "dana" in run("accounts", "list").out
    assert run("accounts", "list", "--json").json
    assert "/sign-in/" in run("accounts", "link", "dana").out
    assert "/sign-in/" in run("accounts", "link", "dana", "--json").json["link"]


def test_refining_registers_a_version(run: CommandLine) -> None:
    """Every verdict so far trains a version that is listed with its lineage."""
    refined = run("refine")
    assert refined.exit_code == 0, refined.err
    assert "reward-1" in refined.out
    assert "reward-1" in run("refine", "--list").out
    assert run("refine", "--list", "--json").json[0]["parent"] == "prior-0"


def test_serve_answers_and_stops(walked: tuple[Path, Outcome], tmp_path: Path) -> None:
    """The portal answers on the port that was asked for, and ends when interrupted."""
    home = tmp_path / "home"
    shutil.copytree(walked[0], home)
    port = _free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "policy_service", "serve",
            "--port", str(port), "--link-for", "reviewer-1", "--json",
        ],
        env={**os.environ, "POLICY_SERVICE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        page = _first_answer(f"http://127.0.0.1:{port}/sign-in", process)
        assert "Policy Service" in page
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert f"http://127.0.0.1:{port}/sign-in/" in err
    assert json.loads(out)["portal"] == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_one_clear_line(run: CommandLine) -> None:
    """A port somebody else listens on says so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        outcome = run("serve", "--port", str(port))
    assert outcome.exit_code == 2
    assert f"127.0.0.1:{port}" in outcome.line


def test_an_interrupt_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl+C ends with 130 and without a traceback."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        guarded(interrupted)
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar for each stage on a terminal, nothing elsewhere."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with output.progress_bars() as report:
        report("reading", 1, 2)
        report("reading", 2, 2)
    assert "reading" in capsys.readouterr().err
    with output.progress_bars(quiet=True) as report:
        report("reading", 1, 2)
    assert capsys.readouterr().err == ""


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def _first_answer(url: str, process: subprocess.Popen[str]) -> str:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    pytest.fail("the portal did not answer")
