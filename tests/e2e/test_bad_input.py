"""Bad input at the command line: one clear line, an exit code, and nothing half done."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.progress import silent
from policy_service.kit.clock import FixedClock
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.draft import find_draft
from policy_service.workflows.platform import AUDIT_FILE, Platform
from policy_service.workflows.publish import publish
from policy_service.workflows.review import approve_all
from tests.fixtures.command_line import CommandLine

ORGANISATION = """\
name: Small Bank
sector: financial services
jurisdictions: [EU]
regulations: [gdpr]
data_residency: EU
job_functions:
  - id: teller
    title: Teller
    duties: Serves clients at the counter and looks up a client's e-mail.
    purposes: [essential.service]
"""


@pytest.fixture
def small_bank(tmp_path: Path) -> Path:
    """A bank of one table with two clients."""
    path = tmp_path / "small.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE client (client_id INTEGER PRIMARY KEY, email TEXT)")
    connection.executemany(
        "INSERT INTO client VALUES (?, ?)", [(1, "ada@example.org"), (2, "bo@example.org")]
    )
    connection.commit()
    connection.close()
    return path


def sources(command_line: CommandLine) -> int:
    """The exit code of showing a source that must not exist."""
    return command_line("catalog", "show", "small").exit_code


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "URL"),
        ("oracle://host/bank", "oracle"),
        ("sqlite:///{tmp}/missing.db", "missing.db"),
        ("postgresql+psycopg://user:hunter2@127.0.0.1:1/bank", "answer"),
    ],
)
def test_a_database_that_cannot_be_reached(
    command_line: CommandLine, tmp_path: Path, url: str, said: str
) -> None:
    """A wrong or dead address is one line that keeps the password, and stores nothing."""
    outcome = command_line(
        "catalog", "scan", "--url", url.format(tmp=tmp_path), "--source", "small"
    )
    assert outcome.exit_code != 0
    assert said.lower() in outcome.line.lower()
    assert "hunter2" not in outcome.err + outcome.out
    assert not (tmp_path / "missing.db").exists()
    assert sources(command_line) == 3


def test_a_schema_without_tables(command_line: CommandLine, tmp_path: Path) -> None:
    """An empty database says so, and stores nothing."""
    sqlite3.connect(tmp_path / "small.db").close()
    outcome = command_line("catalog", "scan", "--url", f"sqlite:///{tmp_path / 'small.db'}")
    assert outcome.exit_code != 0
    assert "table" in outcome.line
    assert sources(command_line) == 3


def test_a_table_without_rows_is_catalogued(command_line: CommandLine, tmp_path: Path) -> None:
    """A table without rows is classified by its names, and says that no value was seen."""
    connection = sqlite3.connect(tmp_path / "small.db")
    connection.execute("CREATE TABLE client (email TEXT)")
    connection.close()
    outcome = command_line(
        "catalog", "scan", "--url", f"sqlite:///{tmp_path / 'small.db'}", "--json"
    )
    assert outcome.exit_code == 0
    column = outcome.json["tables"][0]["columns"][0]
    assert column["category"] == "user.contact.email"
    assert any("no rows" in evidence["detail"] for evidence in column["evidence"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("gdpr", "gpdr"), "gpdr"),
        (("job_functions", "job_functons"), "line 6"),
        (("duties:", "dutys:"), "line 9"),
        (("essential.service", "essential.servce"), "essential.servce"),
    ],
)
def test_an_organisation_file_with_a_mistake(
    command_line: CommandLine,
    small_bank: Path,
    tmp_path: Path,
    change: tuple[str, str],
    said: str,
) -> None:
    """A typo is named with its line, and no draft is made."""
    assert command_line("catalog", "scan", "--url", f"sqlite:///{small_bank}").exit_code == 0
    file = tmp_path / "organisation.yaml"
    file.write_text(ORGANISATION.replace(*change))
    outcome = command_line("draft", "--organisation", str(file), "--source", "small")
    assert outcome.exit_code != 0
    assert said in outcome.line
    assert command_line("draft", "--list", "--json").json == []


def test_a_source_nobody_scanned(command_line: CommandLine, tmp_path: Path) -> None:
    """Drafting for an unknown source says which command comes first."""
    file = tmp_path / "organisation.yaml"
    file.write_text(ORGANISATION)
    outcome = command_line("draft", "--organisation", str(file), "--source", "nowhere")
    assert outcome.exit_code == 3
    assert "catalog scan" in outcome.line


def test_the_author_cannot_approve_and_approvals_go_stale(
    command_line: CommandLine, small_bank: Path, tmp_path: Path
) -> None:
    """Four eyes, and an approval that is bound to content, at the command line."""
    file = tmp_path / "organisation.yaml"
    file.write_text(ORGANISATION)
    command_line("catalog", "scan", "--url", f"sqlite:///{small_bank}")
    drafted = command_line(
        "draft", "--organisation", str(file), "--source", "small", "--as", "ada", "--json"
    )
    draft = drafted.json["id"]
    own = command_line("review", draft, "--approve-all", "--as", "ada")
    assert own.exit_code == 5
    assert "ada" in own.line
    assert command_line("review", draft, "--json").json["state"] == "drafted"

    command_line("review", draft, "--approve-all", "--as", "bo")
    rule = next(
        rule["id"] for rule in drafted.json["access"] if rule["control"]["operator"] != "deny"
    )
    amended = command_line(
        "review", draft, "--rule", rule, "--amend", "redact", "--reason", "not needed", "--as", "cy"
    )
    assert amended.exit_code == 0, amended.err
    stale = command_line("publish", draft)
    assert stale.exit_code == 4
    statuses = {
        one["rule"]: one["state"] for one in command_line("review", draft, "--json").json["rules"]
    }
    assert statuses[rule] == "stale"
    by_amender = command_line("review", draft, "--rule", rule, "--approve", "--as", "cy")
    assert by_amender.exit_code == 5
    assert command_line("review", draft, "--rule", rule, "--approve", "--as", "bo").exit_code == 0
    assert command_line("publish", draft).exit_code == 0


def test_an_expired_bundle_denies(
    bank_platform: Platform, bank_draft: str, clock: FixedClock
) -> None:
    """Past its lifetime a bundle answers every request with a deny that says why."""
    for reviewer in ("reviewer-1", "reviewer-2"):
        approve_all(bank_platform, bank_draft, reviewer=reviewer)
    publish(bank_platform, bank_draft, actor="author", progress=silent)
    draft = find_draft(bank_platform, bank_draft).draft
    rule = next(rule for rule in draft.access if rule.control.label == "clear")
    person = next(
        (one.subject for one in _people(bank_platform) if rule.point.role in one.roles), "nobody"
    )
    request = AccessRequest(
        subject=person,
        resource=rule.point.columns[0],
        action=rule.point.action,
        purpose=rule.point.purpose,
    )
    desk = DecisionDesk(bank_platform)
    assert desk.decide(request).decision.allow
    clock.advance(bank_platform.bundle_lifetime + timedelta(seconds=1))
    for asked in (desk, DecisionDesk(bank_platform)):
        decision = asked.decide(request).decision
        assert not decision.allow
        assert decision.reason is DenyReason.STALE_BUNDLE


def test_a_flipped_byte_in_the_audit_log_is_found(
    command_line: CommandLine, tmp_path: Path
) -> None:
    """One changed byte makes `audit verify` fail with exit code 7 and name the entry."""
    command_line("accounts", "add", "dana", "--role", "reviewer", "--group", "compliance")
    command_line("audit", "checkpoint")
    log = tmp_path / "home" / AUDIT_FILE
    content = bytearray(log.read_bytes())
    place = content.index(b"dana")
    content[place] ^= 1
    log.write_bytes(content)
    outcome = command_line("audit", "verify")
    assert outcome.exit_code == 7
    assert "0" in outcome.out + outcome.err


def _people(platform: Platform) -> tuple[object, ...]:
    from policy_service.workflows.people import load_directory

    with platform.database.read() as session:
        return load_directory(session).people
