"""Application policies over HTTP: from a file to decisions; the AuthZEN scenario replayed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from policy_service.app import build_platform, close_platform, create_web
from policy_service.domain.identifiers import RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.kit.clock import FixedClock
from policy_service.settings import Settings
from policy_service.workflows.accounts import add_account, make_api_token
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import Platform
from tests.builders import NOW
from tests.fixtures.applications import NOTES, prepared_home, small_home

__all__ = ["prepared_home", "small_home"]

PATH = "/api/v1/applications"
ACCOUNTS = {
    "ann": (AccountRole.AUTHOR, None),
    "vera": (AccountRole.REVIEWER, ReviewGroup.SECURITY),
    "ada": (AccountRole.ADMINISTRATOR, None),
}


class Clients:
    """The application with a client, and a token for each account."""

    def __init__(self, platform: Platform, client: TestClient) -> None:
        self.platform = platform
        self.client = client
        self._tokens = {name: make_api_token(platform, name, label="test")[1] for name in ACCOUNTS}

    def post(
        self, name: str, path: str, body: object | None = None
    ) -> tuple[int, dict[str, object]]:
        """Send a request as somebody; return the status and the answer."""
        answer = self.client.post(path, json=body, headers=self.headers(name))
        return answer.status_code, answer.json()

    def headers(self, name: str) -> dict[str, str]:
        """Return somebody's header."""
        return {"Authorization": f"Bearer {self._tokens[name]}"}

    def go_live(self, text: str, file: str) -> str:
        """Submit, approve and publish a file, each as who may."""
        status, row = self.post("ann", PATH, {"text": text, "file": file})
        assert status == 201, row
        submission = str(row["id"])
        status, row = self.post("vera", f"{PATH}/{submission}/approval", {"sha256": row["sha256"]})
        assert (status, row["state"]) == (200, "approved"), row
        status, row = self.post("ada", f"{PATH}/{submission}/publication")
        assert (status, row["draft"]) == (201, submission), row
        return submission


@pytest.fixture
def clients(small_home: Path) -> Iterator[Clients]:
    """The web application as `serve` builds it, over the shipped corpus."""
    built = build_platform(Settings(home=small_home), clock=FixedClock(NOW))
    platform = replace(built, registers_reviewers=False)
    for name, (role, group) in ACCOUNTS.items():
        add_account(platform, name=name, role=role, group=group, actor="test")
    with TestClient(create_web(platform)) as client:
        yield Clients(platform, client)
    close_platform(platform)


def test_the_todo_scenario_of_authzen_is_replayed_whole(
    clients: Clients, shared_data: Path, repository: Path
) -> None:
    """From a file that went submit → approve → publish, every decision is the published one."""
    file = repository / "policies" / "applications" / "todo.yaml"
    clients.go_live(file.read_text(encoding="utf-8"), file.name)
    subjects = json.loads((shared_data / "authzen" / "todo-subjects.json").read_text())
    people = tuple(
        Person(
            subject=SubjectId(subject),
            roles=tuple(RoleId(role) for role in facts["roles"]),
            attributes=Parameters(email=facts["id"]),
        )
        for subject, facts in subjects.items()
    )
    replace_people(clients.platform, people, actor="test")
    cases = json.loads((shared_data / "authzen" / "todo-1.0-decisions.json").read_text())
    given = [
        clients.post("ada", "/access/v1/evaluation", one["request"])[1]["decision"]
        for one in cases["evaluation"]
    ]
    assert given == [one["expected"] for one in cases["evaluation"]]
    assert len(given) == 40


def test_the_case_files_are_searched_and_the_gateway_is_answered(
    clients: Clients, repository: Path
) -> None:
    """The shapes of AuthZEN's other scenarios: owners, departments, routes, known resources."""
    file = repository / "policies" / "applications" / "records.yaml"
    clients.go_live(file.read_text(encoding="utf-8"), file.name)
    people = (
        ("lea", "manager", "legal"),
        ("max", "staff", "legal"),
        ("cora", "contractor", "sales"),
    )
    replace_people(
        clients.platform,
        tuple(
            Person(
                subject=SubjectId(name),
                roles=(RoleId(role),),
                attributes=Parameters(department=department),
            )
            for name, role, department in people
        ),
        actor="test",
    )

    def found(kind: str, **body: object) -> list[str]:
        status, answer = clients.post("ada", f"/access/v1/search/{kind}", body)
        assert status == 200, answer
        results = answer["results"]
        assert isinstance(results, list)
        return [one.get("id", one.get("name")) for one in results]

    user = {"type": "user"}
    view, edit = {"name": "view"}, {"name": "edit"}
    who_is = {**user, "id": "max"}
    assert found("resource", subject=who_is, action=view, resource={"type": "record"}) == [
        "101",
        "102",
    ]
    draft = {"type": "record", "id": "103"}
    assert found("subject", subject=user, action=edit, resource=draft) == ["cora"]
    assert found("action", subject={**user, "id": "cora"}, resource=draft) == ["edit", "view"]
    route = {"type": "route", "id": "/records/{id}"}
    assert found("action", subject={**user, "id": "cora"}, resource=route) == ["GET"]


def test_each_step_is_for_its_own_account(clients: Clients) -> None:
    """Authors submit, reviewers approve what they saw, administrators publish."""
    body = {"text": NOTES, "file": "notes.yaml"}
    assert clients.post("vera", PATH, body)[0] == 403
    status, row = clients.post("ann", PATH, body)
    assert status == 201
    path = f"{PATH}/{row['id']}"
    assert clients.post("ann", f"{path}/approval", {"sha256": row["sha256"]})[0] == 403
    status, problem = clients.post("vera", f"{path}/approval", {"sha256": "0" * 64})
    assert status == 409
    assert "is not what was looked at" in str(problem["detail"])
    assert clients.post("ada", f"{path}/publication")[0] == 409
    assert clients.post("vera", f"{path}/approval", {"sha256": row["sha256"]})[0] == 200
    assert clients.post("vera", f"{path}/publication")[0] == 403
    status, row = clients.post("vera", f"{path}/rejection", {"reason": "not yet"})
    assert (status, row["state"], row["decided_by"]) == (200, "rejected", "vera")


def test_a_submission_is_shown_with_its_text_and_its_clauses(clients: Clients) -> None:
    """What a reviewer needs to see before saying yes."""
    _, row = clients.post("ann", PATH, {"text": NOTES, "file": "notes.yaml"})
    shown = clients.client.get(f"{PATH}/{row['id']}", headers=clients.headers("vera")).json()
    assert shown["text"] == NOTES
    assert shown["cited"][1]["citations"][0]["quote"].startswith("a person without")
    (listed,) = clients.client.get(PATH, headers=clients.headers("vera")).json()
    assert listed["state"] == "waiting"
    missing = clients.client.get(f"{PATH}/app_none", headers=clients.headers("vera"))
    assert missing.status_code == 404


def test_a_wrong_file_is_the_callers_error(clients: Clients) -> None:
    """With the line, and nothing is stored."""
    status, problem = clients.post(
        "ann", PATH, {"text": NOTES.replace("[read]", "[raed]"), "file": "notes.yaml"}
    )
    assert status in (400, 422)
    assert "`notes.yaml` line 13" in str(problem["detail"])
    assert clients.client.get(PATH, headers=clients.headers("ann")).json() == []
