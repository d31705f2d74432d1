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


def test_a_malformed_request_is_400(web: Web) -> None:
    """Whatever is wrong with a body, it is the caller's error and no deny."""
    headers = {**web.token("ole"), "Content-Type": "application/json"}
    for content in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"subject": "teller-1"}',
        b'{"subject": {"type": "user"}, "action": {"name": "read"}}',
        b"[" * 100_000,
    ):
        for path in ("evaluation", "evaluations", "search/subject"):
            answer = web.client.post(f"/access/v1/{path}", content=content, headers=headers)
            assert answer.status_code == 400, (path, content[:50])


def test_another_content_type_is_400(web: Web) -> None:
    """AuthZEN speaks JSON only."""
    headers = {**web.token("ole"), "Content-Type": "text/plain"}
    answer = web.client.post("/access/v1/evaluation", content=b"{}", headers=headers)
    assert answer.status_code == 400


def test_the_request_id_is_echoed(web: Web) -> None:
    """A caller finds its request again, also where the answer is an error."""
    headers = {**web.token("ole"), "X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    answers = [
        web.client.post("/access/v1/evaluation", json=REQUEST, headers=headers),
        web.client.post("/access/v1/evaluation", json={}, headers=headers),
        web.client.post("/access/v1/search/action", json={}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 400]
    assert {answer.headers["x-request-id"] for answer in answers} == {headers["X-Request-ID"]}


def test_one_unreadable_evaluation_spoils_no_other(web: Web) -> None:
    """The list is 200 with a denial in its place that says what is wrong."""
    web.publish()
    body = {**REQUEST, "evaluations": [{}, {"resource": {"type": "column"}, "action": "read"}]}
    answer = web.client.post("/access/v1/evaluations", json=body, headers=web.token("ole"))
    first, second = answer.json()["evaluations"]
    assert first["decision"] is True
    assert (second["decision"], second["context"]["error"]["status"]) == (False, 400)


def test_the_reasons_in_words_are_given_when_asked_for(web: Web) -> None:
    """`options.explain` adds lines for people, which name the rule."""
    web.publish()
    body = {**REQUEST, "options": {"explain": True}}
    answer = web.client.post("/access/v1/evaluation", json=body, headers=web.token("ole")).json()
    assert any("R-0003" in line for line in answer["context"]["explanation"])


def test_a_search_finds_what_evaluation_permits(web: Web) -> None:
    """People, columns and actions: each that is found is permitted, and each that is is found."""
    web.publish()
    headers = web.token("ole")

    def found(kind: str, **change: object) -> list[str]:
        body = {**REQUEST, **change}
        answer = web.client.post(f"/access/v1/search/{kind}", json=body, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["page"]["next_token"] == ""
        return [one.get("id", one.get("name")) for one in answer.json()["results"]]

    def permitted(change: dict) -> bool:
        body = {**REQUEST, **change}
        answer = web.client.post("/access/v1/evaluation", json=body, headers=headers)
        return bool(answer.json()["decision"])

    people = found("subject", subject={"type": "user"})
    assert "teller-1" in people
    assert all(permitted({"subject": {"type": "user", "id": name}}) for name in people)
    columns = found("resource", resource={"type": "column"})
    assert REQUEST["resource"]["id"] in columns
    assert all(permitted({"resource": {"type": "column", "id": name}}) for name in columns)
    assert not permitted({"resource": OTHER})
    assert OTHER["id"] not in columns
    assert found("action") == ["read"]
    assert found("action", subject={"type": "user", "id": "nobody"}) == []
    assert found("subject", subject={"type": "spaceship"}) == []
    assert found("resource", resource={"type": "spaceship"}) == []


def test_a_search_is_paged(web: Web) -> None:
    """The token of a page leads to the next one, and belongs to its question."""
    web.publish()
    headers = web.token("ole")
    body = {**REQUEST, "resource": {"type": "column"}, "page": {"limit": 1}}
    whole = {**body, "page": {}}
    columns = web.client.post("/access/v1/search/resource", json=whole, headers=headers).json()
    assert len(columns["results"]) > 1
    paged, token = [], ""
    while True:
        page = {**body, "page": {"limit": 1, "token": token}}
        answer = web.client.post("/access/v1/search/resource", json=page, headers=headers).json()
        paged += answer["results"]
        token = answer["page"]["next_token"]
        if not token:
            break
    assert paged == columns["results"]
    first = web.client.post("/access/v1/search/resource", json=body, headers=headers).json()
    other = {**body, "page": {"token": first["page"]["next_token"]}, "action": {"name": "update"}}
    refused = web.client.post("/access/v1/search/resource", json=other, headers=headers)
    assert (refused.status_code, "another search" in refused.json()["detail"]) == (400, True)


def test_a_search_is_recorded(web: Web) -> None:
    """Law 6: who asked, for what kind, how much was found."""
    web.publish()
    web.client.post(
        "/access/v1/search/action",
        json={"subject": REQUEST["subject"], "resource": REQUEST["resource"]},
        headers=web.token("ole"),
    )
    entries = web.client.get(
        "/api/v1/audit/entries", params={"kind": "search"}, headers=web.token("ole")
    ).json()
    assert [one["event"]["actor"] for one in entries] == ["account:ole"]


def test_the_metadata_names_what_is_offered(web: Web) -> None:
    """Every endpoint of the standard, below the address of the decision point."""
    answer = web.client.get("/.well-known/authzen-configuration").json()
    assert answer == {
        "policy_decision_point": "http://testserver",
        "access_evaluation_endpoint": "http://testserver/access/v1/evaluation",
        "access_evaluations_endpoint": "http://testserver/access/v1/evaluations",
        "search_subject_endpoint": "http://testserver/access/v1/search/subject",
        "search_resource_endpoint": "http://testserver/access/v1/search/resource",
        "search_action_endpoint": "http://testserver/access/v1/search/action",
    }
