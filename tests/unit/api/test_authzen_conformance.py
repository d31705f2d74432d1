"""AuthZEN 1.0 from end to end: an application policy that went live, asked over HTTP.

The requests and the eight decisions are those that the standard's certification names; what
it says of a subject's role is held in the directory here, because claims are not read.
"""

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import Scope

from policy_service.api.gateway import GatewayApp
from policy_service.app import build_platform, close_platform, create_decision_point
from policy_service.domain.decision import AccessRequest, DecisionRecord
from policy_service.domain.identifiers import RoleId, SubjectId
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import Parameters
from policy_service.domain.review import AccountRole
from policy_service.kit.clock import FixedClock
from policy_service.settings import Settings
from policy_service.workflows.accounts import add_account, make_api_token
from policy_service.workflows.application_publication import publish_application
from policy_service.workflows.applications import approve_application, submit_application
from policy_service.workflows.people import replace_people

RECORDS = textwrap.dedent(
    """\
    application: registry
    title: Registry
    roles:
      member: []
      writer: [member]
    types:
      record: [read, write, delete, export]
      route: [GET, PUT]
    resources:
      - {type: record, id: record-1, properties: {status: active}}
      - {type: record, id: record-2, properties: {status: archived}}
    rules:
      - id: read
        says: Members read records.
        roles: [member]
        types: [record]
        actions: [read]
        grounds: [access-control/access-2]
      - id: write-active
        says: Writers write what is active.
        roles: [writer]
        types: [record]
        actions: [write]
        when: resource.status == "active"
        grounds: [access-control/access-2]
      - id: write-archived
        says: Administrators write what is archived.
        roles: [member]
        types: [record]
        actions: [write]
        when: subject.role == "admin" and resource.status == "archived"
        grounds: [access-control/access-2]
      - id: delete-softly
        says: Writers delete what can be brought back.
        roles: [writer]
        types: [record]
        actions: [delete]
        when: context.soft == true
        grounds: [access-control/access-2]
      - id: export
        says: Writers export records, masked.
        roles: [writer]
        types: [record]
        actions: [export]
        control: redact
        grounds: [access-control/access-2]
      - id: routes
        says: Members call the reading routes.
        roles: [member]
        types: [route]
        ids: [/records, "/records/{id}"]
        actions: [GET]
        grounds: [access-control/access-2]
      - id: masked-route
        says: Members may call the writing route, masked.
        roles: [member]
        types: [route]
        ids: [/records]
        actions: [PUT]
        control: redact
        grounds: [access-control/access-2]
    tests:
      - says: A member reads
        as: {roles: [member]}
        may: read
        on: {type: record, id: record-1}
      - says: A writer writes what is active
        as: {roles: [writer]}
        may: write
        on: {type: record, id: record-1}
      - says: An administrator writes what is archived
        as: {roles: [member], attributes: {role: admin}}
        may: write
        on: {type: record, id: record-2}
      - says: A writer deletes softly
        as: {roles: [writer]}
        may: delete
        on: {type: record, id: record-1}
        context: {soft: true}
      - says: A writer exports
        as: {roles: [writer]}
        may: export
        on: {type: record, id: record-1}
      - says: A member calls a reading route
        as: {roles: [member]}
        may: GET
        on: {type: route, id: /records}
      - says: A member calls the masked route
        as: {roles: [member]}
        may: PUT
        on: {type: route, id: /records}
    """
)
ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
FIRST, SECOND = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ARCHIVED = {**SECOND, "properties": {"status": "archived"}}
ADMIN = {**BOB, "properties": {"role": "admin"}}
READ, WRITE = {"name": "read"}, {"name": "write"}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A decision point with the registry's policy and two people, and a client with a token."""
    home: Path = tmp_path_factory.mktemp("conformance") / "home"
    clock = FixedClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    platform = build_platform(Settings(home=home), clock=clock)
    people = (
        Person(subject=SubjectId("alice"), roles=(RoleId("writer"),)),
        Person(
            subject=SubjectId("bob"), roles=(RoleId("member"),), attributes=Parameters(role="admin")
        ),
    )
    replace_people(platform, people, actor="test")
    submission = submit_application(platform, RECORDS, file="registry.yaml", actor="ann").id
    approve_application(platform, submission, actor="dana")
    publish_application(platform, submission, actor="ada")
    add_account(platform, name="gateway", role=AccountRole.AUDITOR, group=None, actor="test")
    _, secret = make_api_token(platform, "gateway", label="test")
    app = create_decision_point(platform)
    with TestClient(app, headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client
    close_platform(platform)


def _decision(http: TestClient, **body: object) -> bool:
    answer = http.post("/access/v1/evaluation", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert isinstance(answer.json()["decision"], bool)
    return answer.json()["decision"]


@pytest.mark.parametrize(
    ("subject", "action", "resource", "allowed"),
    [
        (ALICE, READ, FIRST, True),
        (ALICE, WRITE, FIRST, True),
        (BOB, READ, FIRST, True),
        (BOB, WRITE, FIRST, False),
        (ALICE, WRITE, ARCHIVED, False),
        (ADMIN, WRITE, ARCHIVED, True),
        (ALICE, {"name": "delete", "properties": {"soft": True}}, FIRST, True),
        (ALICE, {"name": "delete", "properties": {"soft": False}}, FIRST, False),
    ],
)
def test_the_decisions_of_the_certification(
    http: TestClient, subject: dict, action: dict, resource: dict, allowed: bool
) -> None:
    """Each is the one that is asked for, every time, with and without a context."""
    for context in ({}, {"context": {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}}):
        for _ in range(2):
            body = {"subject": subject, "action": action, "resource": resource, **context}
            assert _decision(http, **body) is allowed


def test_claims_of_a_request_widen_nothing(http: TestClient) -> None:
    """A claimed role, and a known record that is said to be another, change no decision."""
    claimed = {**ALICE, "properties": {"role": "admin", "roles": ["admin"]}}
    assert not _decision(http, subject=claimed, action=WRITE, resource=SECOND)
    lie = {**SECOND, "properties": {"status": "active"}}
    assert not _decision(http, subject=ALICE, action=WRITE, resource=lie)
    service = {"type": "service", "id": "alice"}
    assert not _decision(http, subject=service, action=READ, resource=FIRST)


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        ({"subject": BOB, "resource": FIRST, "evaluations": [{"action": READ}, {"action": WRITE}]},
         [True, False]),
        (
            {
                "subject": ALICE,
                "action": WRITE,
                "evaluations": [
                    {"resource": {**FIRST, "properties": {"status": "active"}}},
                    {"resource": ARCHIVED},
                ],
            },
            [True, False],
        ),
        (
            {
                "action": WRITE,
                "resource": ARCHIVED,
                "evaluations": [{"subject": ALICE}, {"subject": ADMIN}],
            },
            [False, True],
        ),
        (
            {
                "evaluations": [
                    {"subject": ALICE, "action": READ, "resource": FIRST},
                    {"subject": BOB, "action": WRITE, "resource": FIRST},
                ]
            },
            [True, False],
        ),
        (
            {
                "subject": ALICE,
                "action": WRITE,
                "resource": {"type": "record"},
                "evaluations": [
                    {"resource": {"id": "record-1", "properties": {"status": "active"}}},
                    {"resource": ARCHIVED},
                ],
            },
            [True, False],
        ),
        ({"subject": ALICE, "action": READ, "evaluations": [{"resource": FIRST}, {}]},
         [True, False]),
    ],
)  # fmt: skip
def test_lists_of_the_certification(http: TestClient, body: dict, answers: list[bool]) -> None:
    """Defaults, overrides, order, and an evaluation that lacks something."""
    answer = http.post("/access/v1/evaluations", json=body)
    assert answer.status_code == 200
    assert [one["decision"] for one in answer.json()["evaluations"]] == answers


def test_a_body_without_a_list_is_one_evaluation(http: TestClient) -> None:
    """Also where the list is empty."""
    body = {"subject": ALICE, "action": READ, "resource": FIRST}
    for extra in ({}, {"evaluations": []}):
        assert http.post("/access/v1/evaluations", json={**body, **extra}).json()["decision"]


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        ("subject", {"subject": {"type": "user"}, "action": READ, "resource": FIRST},
         ["alice", "bob"]),
        ("subject", {"subject": {"type": "user"}, "action": WRITE, "resource": ARCHIVED}, ["bob"]),
        ("resource", {"subject": ALICE, "action": READ, "resource": {"type": "record"}},
         ["record-1", "record-2"]),
        ("resource", {"subject": ADMIN, "action": WRITE, "resource": {"type": "record"}},
         ["record-2"]),
        ("action", {"subject": ALICE, "resource": FIRST}, ["export", "read", "write"]),
        ("action", {"subject": ADMIN, "resource": ARCHIVED}, ["read", "write"]),
        ("action", {"subject": {"type": "user", "id": "nobody"}, "resource": FIRST}, []),
        ("subject", {"subject": {"type": "spaceship"}, "action": READ, "resource": FIRST}, []),
    ],
)  # fmt: skip
def test_searches_of_the_certification(
    http: TestClient, kind: str, body: dict, found: list[str]
) -> None:
    """All in order, page by page or at once; what is not known is found nowhere."""
    whole = http.post(f"/access/v1/search/{kind}", json=body).json()
    names = [one.get("id", one.get("name")) for one in whole["results"]]
    assert (names, whole["page"]["next_token"]) == (found, "")
    paged, token = [], ""
    for _ in range(len(found) + 1):
        page = {"token": token} if token else {"limit": 1}
        answer = http.post(f"/access/v1/search/{kind}", json={**body, "page": page}).json()
        paged += answer["results"]
        token = answer["page"]["next_token"]
        if not token:
            break
    assert paged == whole["results"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("evaluation", {"action": READ, "resource": FIRST}),
        ("evaluation", {"subject": {"type": "user"}, "action": READ, "resource": FIRST}),
        ("evaluation", {"subject": ALICE, "action": {"name": 123}, "resource": FIRST}),
        ("evaluation", {"subject": "alice", "action": READ, "resource": FIRST}),
        ("search/subject", {"subject": {"type": "user"}, "resource": FIRST}),
        ("search/resource", {"action": READ, "resource": {"type": "record"}}),
        ("search/action", {"subject": ALICE}),
        ("search/action", {"subject": ALICE, "resource": FIRST, "page": {"token": "made-up"}}),
    ],
)
def test_errors_of_the_certification(http: TestClient, path: str, body: dict) -> None:
    """400 with a reason, and the request's id."""
    answer = http.post(f"/access/v1/{path}", json=body, headers={"X-Request-ID": "r-1"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (400, "r-1")
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/resource"])
def test_what_is_no_json_is_400(http: TestClient, path: str) -> None:
    """An empty body, a broken one, and another content type."""
    for content, media_type in ((b"", "application/json"), (b"{", "application/json")):
        headers = {"Content-Type": media_type}
        answer = http.post(f"/access/v1/{path}", content=content, headers=headers)
        assert answer.status_code == 400
    body = {"subject": ALICE, "action": READ, "resource": FIRST}
    answer = http.post(f"/access/v1/{path}", json=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400


def test_the_metadata_is_open_and_names_every_endpoint(http: TestClient) -> None:
    """A client finds the endpoints without a token."""
    answer = http.get("/.well-known/authzen-configuration", headers={"Authorization": ""})
    assert (answer.status_code, len(answer.json())) == (200, 6)


def _gateway(http: TestClient, **headers: str) -> int:
    named = {f"X-{name.replace('_', '-')}": value for name, value in headers.items()}
    return http.get("/access/v1/gateway", headers=named).status_code


RECORD = {"Original_Method": "GET", "Original_URI": "/records/7?full=1", "Route": "/records/{id}"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"Original_URI": "/records", "Route": ""}, 200),
        ({"Subject": "nobody"}, 403),
        ({"Subject": ""}, 403),
        ({"Subject_Type": "service"}, 403),
        ({"Original_Method": "DELETE"}, 403),
        ({"Original_Method": ""}, 403),
        ({"Original_Method": "get"}, 403),
        ({"Original_URI": ""}, 403),
        ({"Route": ""}, 403),
        ({"Route": "/unknown"}, 403),
        ({"Original_URI": "/records/../admin"}, 403),
        ({"Original_URI": "/records//7"}, 403),
        ({"Original_URI": "/records/%2e%2e/admin"}, 403),
        ({"Original_URI": "/records;x=/admin"}, 403),
        ({"Original_URI": "https://elsewhere/records"}, 403),
        ({"Purpose": "marketing"}, 200),  # the rules hold for every purpose
        ({"Original_Method": "PUT", "Original_URI": "/records", "Route": ""}, 403),  # masked
    ],
)
def test_a_gateway_learns_by_the_status_alone(
    http: TestClient, change: dict[str, str], status: int
) -> None:
    """Only a whole, clear and permitted request without obligations passes."""
    assert _gateway(http, **{**RECORD, "Subject": "bob", **change}) == status


def test_a_gateway_may_ask_with_the_request_itself(http: TestClient) -> None:
    """Envoy puts the path behind its own prefix; what a client says of it is not read."""
    headers = {"X-Subject": "bob", "X-Original-URI": "/records", "X-Original-Method": "GET"}
    base = "/access/v1/gateway/request"
    assert http.get(f"{base}/records?x=1", headers=headers).status_code == 200
    assert http.delete(f"{base}/records", headers=headers).status_code == 403
    for path in ("/secrets", "", "/records%2f..%2fsecrets"):
        assert http.get(f"{base}{path}", headers=headers).status_code == 403
    assert http.get("/access/v1/gateways", headers=headers).status_code == 403


def test_a_gateway_must_be_known_and_its_answers_are_on_record(http: TestClient) -> None:
    """Without a credential it is 401; a decision's id leads to its entry."""
    headers = {"X-Original-Method": "GET", "X-Original-URI": "/records", "X-Subject": "bob"}
    unknown = http.get("/access/v1/gateway", headers={**headers, "Authorization": "Bearer pst_x"})
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
    asked = {**headers, "X-Request-ID": "r-1"}
    answer = http.get("/access/v1/gateway", headers=asked)
    assert answer.headers["x-decision-id"].startswith("dec_")
    assert (answer.headers["x-request-id"], answer.content) == ("r-1", b"")


def test_a_header_that_stands_there_twice_lets_nothing_pass(http: TestClient) -> None:
    """A client may have added the other one."""
    headers = [("X-Original-Method", "GET"), ("X-Original-URI", "/records"), ("X-Subject", "bob")]
    assert http.get("/access/v1/gateway", headers=headers).status_code == 200
    twice = [*headers, ("X-Subject", "alice")]
    assert http.get("/access/v1/gateway", headers=twice).status_code == 403


class _Broken:
    """A desk that fails in a way that nobody thought of."""

    def decide(self, request: AccessRequest, *, pep: str = "") -> DecisionRecord:
        raise RuntimeError("personal value")

    def known(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        return "gateway"

    def admit(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        return "gateway"


def test_a_defect_lets_nothing_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever breaks while deciding, the request is kept back, and no value is logged."""
    broken = _Broken()
    app = GatewayApp(Starlette(), desk=broken, gate=broken, make_id=lambda kind: kind)
    headers = {"X-Original-Method": "GET", "X-Original-URI": "/records", "X-Subject": "bob"}
    with TestClient(app) as client:
        assert client.get("/access/v1/gateway", headers=headers).status_code == 403
        assert client.get("/elsewhere").status_code == 404
    assert "personal value" not in capsys.readouterr().out
