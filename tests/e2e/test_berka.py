"""The main job on a real bank: every command, in SQLite and in PostgreSQL."""

from pathlib import Path

import pytest

from tests.berka import load_berka
from tests.fixtures.command_line import CommandLine

pytestmark = pytest.mark.slow
NATIONAL_ID = "user.government_id.national_identification_number"
BIRTH_NUMBER = "berka.public.client.birth_number"
PEOPLE = """\
subject,job_function,district_id
teller-7,branch-teller,18
teller-8,branch-teller,1
analyst-2,marketing-analyst,
scientist-1,risk-data-scientist,
engineer-1,data-engineer,
auditor-1,internal-auditor,
cards-1,card-operations,
loans-1,loan-officer,
fraud-1,fraud-analyst,
dpo-1,dpo,
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def berka_url(request: pytest.FixtureRequest, tmp_path: Path, shared_data: Path) -> str:
    """The bank's seven tables, loaded without declared keys, in each engine."""
    url = f"sqlite:///{tmp_path / 'berka.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    load_berka(url, shared_data / "berka")
    return url


def decide(
    command_line: CommandLine, subject: str, resource: str, purpose: str, action: str = "read"
) -> str:
    """The control somebody gets, or `deny`."""
    outcome = command_line(
        "decide", "--subject", subject, "--resource", resource, "--purpose", purpose,
        "--action", action, "--json",
    )  # fmt: skip
    decision = outcome.json["record"]["decision"]
    assert outcome.exit_code == (0 if decision["allow"] else 6)
    return decision["obligations"]["control"]["operator"] if decision["allow"] else "deny"


def query(command_line: CommandLine, subject: str, purpose: str, sql: str) -> list[list[object]]:
    """The rows somebody sees."""
    outcome = command_line(
        "query", "--as", subject, "--purpose", purpose, "--source", "berka", "--json", sql
    )
    assert outcome.exit_code == 0, outcome.err
    return outcome.json["rows"]


def test_the_whole_job_runs_on_a_real_bank(
    berka_url: str, command_line: CommandLine, shared_data: Path, tmp_path: Path
) -> None:
    """Scan, people, draft, verify, review, publish, decide, query, trace, audit: all on berka."""
    scanned = command_line("catalog", "scan", "--url", berka_url, "--source", "berka", "--json")
    assert scanned.exit_code == 0, scanned.err
    columns = {
        column["id"]: column for table in scanned.json["tables"] for column in table["columns"]
    }
    assert columns[BIRTH_NUMBER]["category"] == NATIONAL_ID
    assert set(columns[BIRTH_NUMBER]["reveals"]) == {
        "user.demographic.date_of_birth",
        "user.demographic.gender",
    }
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    assert command_line("people", "import", str(people)).exit_code == 0

    folder = tmp_path / "draft"
    drafted = command_line(
        "draft", "--organisation", str(shared_data / "berka" / "organisation.yaml"),
        "--source", "berka", "--out", str(folder), "--as", "author", "--json",
    )  # fmt: skip
    assert drafted.exit_code == 0, drafted.err
    draft = drafted.json["id"]
    assert {path.name for path in folder.iterdir()} >= {
        "model.conf", "policy.csv", "masking.yaml", "encryption.yaml", "retention.yaml",
        "tests.yaml", "policy.md", "citations.json",
    }  # fmt: skip
    verified = command_line("verify", draft, "--json")
    assert verified.exit_code == 0, verified.out
    assert all(test["passed"] for test in verified.json["verification"]["tests"])

    refused = command_line("publish", draft)
    assert refused.exit_code == 4
    assert "review it first" in refused.line
    approved = command_line("review", draft, "--approve-all", "--as", "reviewer-1", "--json")
    assert approved.json["state"] == "approved", approved.err
    published = command_line("publish", str(folder), "--json")
    assert published.exit_code == 0, published.err
    assert published.json["revision"] == 1

    _check_decisions(command_line)
    _check_queries(command_line)
    _check_trace(command_line)
    whole = command_line("audit", "verify", "--json")
    assert whole.exit_code == 0
    assert whole.json["whole"] is True


def _check_decisions(command_line: CommandLine) -> None:
    """The answers that the organisation's own words ask for."""
    never_clear = (("analyst-2", "marketing"), ("scientist-1", "analytics"))
    for subject, purpose in never_clear:
        assert decide(command_line, subject, BIRTH_NUMBER, purpose) != "clear"
    assert decide(command_line, "scientist-1", BIRTH_NUMBER, "analytics") == "pseudonymise"
    engineer = ("engineer-1", BIRTH_NUMBER, "essential.service.operations")
    assert decide(command_line, *engineer) in {"deny", "redact", "null"}
    for action in ("create", "update", "delete"):
        for table in ("client.client_id", "loan.amount", "order.amount"):
            resource = f"berka.public.{table}"
            auditor = ("auditor-1", resource, "essential.legal_obligation", action)
            assert decide(command_line, *auditor) == "deny"
    for column in ("loan_id", "amount", "status"):
        resource = f"berka.public.loan.{column}"
        assert decide(command_line, "cards-1", resource, "essential.service") == "deny"
    assert decide(command_line, "nobody", BIRTH_NUMBER, "marketing") == "deny"


def _check_queries(command_line: CommandLine) -> None:
    """The teller sees the own district only; the scientist joins on pseudonyms."""
    seen = query(command_line, "teller-7", "essential.service", "select district_id from client")
    assert seen
    assert {str(row[0]) for row in seen} == {"18"}
    own = query(
        command_line,
        "teller-8",
        "essential.service",
        "select count(*) from card",
    )
    every = query(command_line, "dpo-1", "essential.legal_obligation", "select count(*) from card")
    assert 0 < int(str(own[0][0])) < int(str(every[0][0])) == 892
    joined = query(
        command_line,
        "scientist-1",
        "analytics",
        "select c.birth_number, count(*) from client c join disp d on d.client_id = c.client_id "
        "group by c.birth_number",
    )
    assert len(joined) > 5000
    assert all(str(row[0]).startswith("p_") for row in joined)
    refused = command_line(
        "query", "--as", "cards-1", "--purpose", "essential.service", "--source", "berka",
        "select amount from loan",
    )  # fmt: skip
    assert refused.exit_code == 6


def _check_trace(command_line: CommandLine) -> None:
    """A cell leads back to approvals, to clauses and to its place in the audit log."""
    asked = command_line(
        "decide", "--subject", "scientist-1", "--resource", BIRTH_NUMBER,
        "--purpose", "analytics", "--json",
    )  # fmt: skip
    traced = command_line("trace", asked.json["record"]["id"], "--json")
    assert traced.exit_code == 0, traced.err
    rule = traced.json["rules"][0]
    assert [verdict["reviewer"] for verdict in rule["approvals"]] == ["reviewer-1"]
    for clause in rule["clauses"]:
        assert clause["citation"]["quote"] in clause["provision"]["text"]
    assert traced.json["proof"]["tree_size"] > traced.json["proof"]["index"]
