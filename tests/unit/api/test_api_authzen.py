"""The AuthZEN face: decisions on the wire, malformed requests, the metadata document."""

import pytest

from tests.fixtures.web import Web

REQUEST = {
    "subject": {"type": "user", "id": "teller-1"},
    "action": {"name": "read"},
    "resource": {"type": "column", "id": "bank.public.clients.birth_number"},
    "context": {"purpose": "essential.service"},
}
OTHER = {"type": "column", "id": "bank.public.accounts.account_id"}


def test_a_permit_carries_obligations_and_a_deny_its_reason(web: Web) -> None:
    """Both are 200: a deny is an answer, not an error."""
    web.publish()
    headers = web.token("ole")
    permit = web.client.post("/access/v1/evaluation", json=REQUEST, headers=headers).json()
    assert permit["decision"] is True
    assert permit["context"]["obligations"]["control"]["operator"] == "partial"
    assert permit["context"]["rules"] == ["R-0003"]
    denied = {**REQUEST, "subject": {"type": "user", "id": "nobody"}}
    answer = web.client.post("/access/v1/evaluation", json=denied, headers=headers)
    assert (answer.status_code, answer.json()["decision"]) == (200, False)
    assert answer.json()["context"]["reason"] == "unknown_subject"


def test_a_decision_is_recorded_and_traced_to_its_clause(web: Web) -> None:
    """Law 6: from the answer on the wire to the quote it stands on, with its proof."""
    web.publish()
    headers = web.token("ole")
    answer = web.client.post("/access/v1/evaluation", json=REQUEST, headers=headers).json()
    decision = answer["context"]["decision_id"]
    assert web.client.get(f"/api/v1/decisions/{decision}", headers=headers).json()["allow"]
    assert len(web.client.get("/api/v1/decisions", headers=headers).json()) == 1
    trace = web.client.get(f"/api/v1/traces/{decision}", headers=headers).json()
    (rule,) = trace["rules"]
    assert {one["reviewer"] for one in rule["approvals"]} == {"vera", "sam"}
    assert rule["clauses"][0]["quote"] == "Personal data are limited to what the purpose needs."
    assert trace["proof"]["tree_size"] > trace["proof"]["index"]
    assert web.client.get("/api/v1/traces/dec_none", headers=headers).status_code == 404


def test_without_a_live_policy_everything_is_denied(web: Web) -> None:
    """Law 3: default deny."""
    answer = web.client.post("/access/v1/evaluation", json=REQUEST, headers=web.token("ole"))
    assert answer.json()["decision"] is False
    assert answer.json()["context"]["reason"] == "no_bundle"


@pytest.mark.parametrize(
    ("semantic", "order", "answers"),
    [
        ("execute_all", "pdp", [True, False, True]),
        ("deny_on_first_deny", "pdp", [True, False]),
        ("permit_on_first_permit", "dpp", [False, True]),
    ],
)
def test_evaluations_follow_their_semantic(
    web: Web, semantic: str, order: str, answers: list[bool]
) -> None:
    """The list is worked through as the caller asked; defaults stand beside it."""
    web.publish()
    items = [{} if letter == "p" else {"resource": OTHER} for letter in order]
    body = {**REQUEST, "evaluations": items, "options": {"evaluations_semantic": semantic}}
    answer = web.client.post("/access/v1/evaluations", json=body, headers=web.token("ole"))
    assert [one["decision"] for one in answer.json()["evaluations"]] == answers


def test_evaluations_without_a_list_are_one_evaluation(web: Web) -> None:
    """The answer then has the form of one evaluation."""
    answer = web.client.post("/access/v1/evaluations", json=REQUEST, headers=web.token("ole"))
    assert "decision" in answer.json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"subject": "teller-1"}',
        b'{"subject": {"type": "user"}, "action": {"name": "read"}}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("path", ["evaluation", "evaluations"])
def test_a_malformed_request_is_400(web: Web, path: str, body: bytes) -> None:
    """Whatever is wrong with a body, it is the caller's error and no deny."""
    headers = {**web.token("ole"), "Content-Type": "application/json"}
    answer = web.client.post(f"/access/v1/{path}", content=body, headers=headers)
    assert answer.status_code == 400


def test_another_content_type_is_400(web: Web) -> None:
    """AuthZEN speaks JSON only."""
    headers = {**web.token("ole"), "Content-Type": "text/plain"}
    answer = web.client.post("/access/v1/evaluation", content=b"{}", headers=headers)
    assert answer.status_code == 400


def test_the_request_id_is_echoed(web: Web) -> None:
    """A caller finds its request again."""
    headers = {**web.token("ole"), "X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    answer = web.client.post("/access/v1/evaluation", json=REQUEST, headers=headers)
    assert answer.headers["x-request-id"] == headers["X-Request-ID"]


def test_the_metadata_names_only_what_is_offered(web: Web) -> None:
    """Search is not offered yet, so no client is sent there."""
    answer = web.client.get("/.well-known/authzen-configuration").json()
    assert answer == {
        "policy_decision_point": "http://testserver",
        "access_evaluation_endpoint": "http://testserver/access/v1/evaluation",
        "access_evaluations_endpoint": "http://testserver/access/v1/evaluations",
    }
