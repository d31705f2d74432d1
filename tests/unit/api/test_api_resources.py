"""The resources: drafts, verdicts, bundles, decisions, audit, models, accounts, corpus."""

import zipfile
from io import BytesIO

import pytest

from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import RuleId
from tests.fixtures.web import Web


def _verdict(web: Web, rule: str, kind: str = "approve", **more: object) -> dict[str, object]:
    found = web.draft.rule(RuleId(rule))
    assert found is not None
    return {"rule": rule, "kind": kind, "seen_sha256": rule_sha256(found), **more}


def _post_verdict(web: Web, who: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
    path = f"/api/v1/drafts/{web.draft.id}/verdicts"
    answer = web.client.post(path, json=body, headers=web.token(who))
    return answer.status_code, answer.json()


def test_drafts_are_listed_with_what_waits(web: Web) -> None:
    """The inbox says how many rules wait at which risk."""
    (found,) = web.client.get("/api/v1/drafts", headers=web.token("ole")).json()
    assert found["id"] == web.draft.id
    assert found["rules"] == len(web.draft.rules) == sum(found["waiting"].values())
    assert found["verified"] is True


def test_a_draft_names_its_lineage_and_questions(web: Web) -> None:
    """What a draft was made from is part of it."""
    answer = web.client.get(f"/api/v1/drafts/{web.draft.id}", headers=web.token("vera")).json()
    assert answer["lineage"]["model_version"] == "prior-1"
    assert answer["author"] == "ann-author"
    assert [one["id"] for one in answer["questions"]] == ["Q-0001"]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 13),
        ("role=teller", 5),
        ("category=user.contact.email", 2),
        ("risk=high&kind=access", 3),
        ("kind=encryption", 1),
        ("state=approved", 0),
    ],
)
def test_rules_are_filtered(web: Web, query: str, number: int) -> None:
    """Each filter narrows the list; together they all hold."""
    path = f"/api/v1/drafts/{web.draft.id}/rules?{query}"
    assert len(web.client.get(path, headers=web.token("vera")).json()) == number


def test_a_rule_shows_its_clauses_and_the_hash_a_verdict_needs(web: Web) -> None:
    """Law 1 and law 4 on the wire: the quote, and the content's hash."""
    path = f"/api/v1/drafts/{web.draft.id}/rules/R-0003"
    answer = web.client.get(path, headers=web.token("vera")).json()
    assert answer["citations"][0]["quote"].startswith("Personal data are limited")
    assert answer["sha256"] == _verdict(web, "R-0003")["seen_sha256"]
    assert answer["control"] == {"operator": "partial", "parameters": {"first": 0, "last": 4}}


def test_settings_rules_show_their_settings(web: Web) -> None:
    """A rule that is not about access says what it sets."""
    path = f"/api/v1/drafts/{web.draft.id}/rules/T-0001"
    answer = web.client.get(path, headers=web.token("vera")).json()
    assert answer["settings"]["max_days"] == 3650
    assert answer["point"] is None


def test_verification_tells_findings_tests_and_changes(web: Web) -> None:
    """Everything that verification said is there."""
    path = f"/api/v1/drafts/{web.draft.id}/verification"
    answer = web.client.get(path, headers=web.token("vera")).json()
    assert answer["publishable"] is True
    assert len(answer["tests"]) == len(web.draft.tests)
    assert answer["changes"]


def test_an_export_holds_what_the_command_line_writes(web: Web) -> None:
    """The archive has the files that people read and engines load."""
    path = f"/api/v1/drafts/{web.draft.id}/export.zip"
    answer = web.client.get(path, headers=web.token("vera"))
    names = {name.split("/")[-1] for name in zipfile.ZipFile(BytesIO(answer.content)).namelist()}
    assert {"model.conf", "policy.csv", "policy.md", "citations.json", "tests.yaml"} <= names


def test_a_verdict_is_taken_and_listed(web: Web) -> None:
    """An approval moves the draft into review and stays readable."""
    status, outcome = _post_verdict(web, "vera", _verdict(web, "R-0001"))
    assert (status, outcome["state"]) == (201, "in_review")
    path = f"/api/v1/drafts/{web.draft.id}/verdicts"
    (listed,) = web.client.get(path, headers=web.token("ole")).json()
    assert (listed["reviewer"], listed["group"], listed["kind"]) == (
        "vera",
        "compliance",
        "approve",
    )


def test_a_verdict_on_other_content_is_a_conflict(web: Web) -> None:
    """Law 4: what the reviewer did not see, the reviewer does not approve."""
    body = {**_verdict(web, "R-0001"), "seen_sha256": "0" * 64}
    status, problem = _post_verdict(web, "vera", body)
    assert status == 409
    assert problem["type"] == "urn:policy-service:problem:stale"
    path = f"/api/v1/drafts/{web.draft.id}/verdicts"
    assert web.client.get(path, headers=web.token("vera")).json() == []


def test_an_amendment_changes_the_rule_and_its_maker_cannot_approve_it(web: Web) -> None:
    """Four eyes hold for amended content."""
    amendment = {"control": {"operator": "redact"}}
    body = _verdict(web, "R-0006", "amend", reason="no joins needed", amendment=amendment)
    assert _post_verdict(web, "vera", body)[0] == 201
    path = f"/api/v1/drafts/{web.draft.id}/rules/R-0006"
    rule = web.client.get(path, headers=web.token("vera")).json()
    assert rule["control"]["operator"] == "redact"
    again = {"rule": "R-0006", "kind": "approve", "seen_sha256": rule["sha256"]}
    status, problem = _post_verdict(web, "vera", again)
    assert (status, problem["type"]) == (403, "urn:policy-service:problem:four-eyes")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"kind": "reject"}, 409),
        ({"kind": "amend", "reason": "x"}, 409),
        ({"kind": "amend", "reason": "x", "amendment": {"control": {"operator": "glow"}}}, 400),
        ({"kind": "amend", "reason": "x", "amendment": {}}, 422),
        ({"rule": "R-9999"}, 404),
        ({"surprise": 1}, 422),
    ],
)
def test_a_half_said_verdict_is_refused(web: Web, more: dict[str, object], status: int) -> None:
    """A reason, a right control, a known rule: what is missing is named, and nothing is kept."""
    body = {**_verdict(web, "R-0001"), **more}
    assert _post_verdict(web, "vera", body)[0] == status


def test_an_unapproved_draft_is_not_published(web: Web) -> None:
    """Law 4: no approval, no effect."""
    answer = web.client.post(
        "/api/v1/bundles", json={"draft": web.draft.id}, headers=web.token("ada")
    )
    assert answer.status_code == 409
    assert web.client.get("/api/v1/bundles", headers=web.token("ada")).json() == []


def test_publishing_makes_a_live_bundle_with_an_etag(web: Web) -> None:
    """A PEP fetches the bundle once and then asks only whether it changed."""
    web.approve()
    made = web.client.post(
        "/api/v1/bundles", json={"draft": web.draft.id}, headers=web.token("ada")
    )
    assert made.status_code == 201
    live = web.client.get(made.headers["location"], headers=web.token("ole"))
    assert live.json()["sha256"] == made.json()["sha256"]
    known = {**web.token("ole"), "If-None-Match": f'"other", W/{live.headers["etag"]}'}
    again = web.client.get(made.headers["location"], headers=known)
    assert (again.status_code, again.content) == (304, b"")


def test_a_rollback_without_an_earlier_policy_says_so(web: Web) -> None:
    """Nothing was live before, so there is nothing to go back to."""
    web.publish()
    answer = web.client.post("/api/v1/bundles/bank/rollbacks", headers=web.token("ada"))
    assert answer.status_code == 404
    assert "nothing was live before" in answer.json()["detail"]


def test_the_audit_log_is_read_and_checked_by_auditors(web: Web) -> None:
    """Entries, the report and a checkpoint are an auditor's to have."""
    headers = web.token("ole")
    entries = web.client.get("/api/v1/audit/entries?kind=account_added", headers=headers).json()
    assert {entry["event"]["kind"] for entry in entries} == {"account_added"}
    made = web.client.post("/api/v1/audit/checkpoints", headers=headers)
    assert made.status_code == 201
    report = web.client.get("/api/v1/audit/report", headers=headers).json()
    assert report["whole"] is True
    assert report["checkpoints"] == 1


def test_the_corpus_is_listed_and_read(web: Web) -> None:
    """Instruments and provisions are there by id; an unknown one is 404 with the nearest."""
    headers = web.token("vera")
    (instrument,) = web.client.get("/api/v1/corpus/instruments", headers=headers).json()
    assert instrument["id"] == "gdpr"
    path = "/api/v1/corpus/provisions/gdpr/art-5/1/"
    assert web.client.get(f"{path}c", headers=headers).json()["section"] == "Article 5(1)(c)"
    missing = web.client.get(f"{path}d", headers=headers)
    assert missing.status_code == 404
    assert "gdpr/art-5/1/c" in missing.json()["detail"]


def test_sources_and_catalogues_are_shown_without_addresses(web: Web) -> None:
    """A database's address may hold a password, so it is not on the wire."""
    headers = web.token("vera")
    assert web.client.get("/api/v1/sources", headers=headers).json() == [
        {"name": "bank", "added_at": "2026-03-02T11:30:00.000000Z"}
    ]
    catalog = web.client.get("/api/v1/sources/bank/catalog", headers=headers).json()
    columns = {column["name"]: column for column in catalog["tables"][1]["columns"]}
    assert columns["birth_number"]["sensitivity"] == "restricted"


def test_tokens_are_made_listed_without_secret_and_revoked(web: Web) -> None:
    """A secret is shown once, when it is made."""
    headers = web.token("vera")
    made = web.client.post("/api/v1/accounts/me/tokens", json={"label": "x"}, headers=headers)
    secret = made.json()["secret"]
    listed = web.client.get("/api/v1/accounts/me/tokens", headers=headers)
    assert secret not in listed.text
    path = f"/api/v1/accounts/me/tokens/{made.json()['id']}"
    assert web.client.delete(path, headers=headers).status_code == 204
    assert web.client.delete(path, headers=headers).status_code == 404


def test_an_administrator_adds_accounts_and_hands_over_links(web: Web) -> None:
    """A new account signs in by a link that works once; a name is taken once."""
    headers = web.token("ada")
    body = {"name": "rosa", "role": "reviewer", "group": "data_engineering"}
    assert web.client.post("/api/v1/accounts", json=body, headers=headers).status_code == 201
    assert web.client.post("/api/v1/accounts", json=body, headers=headers).status_code == 409
    link = web.client.post("/api/v1/accounts/rosa/sign-in-links", headers=headers).json()["path"]
    assert web.client.post(link).status_code == 303
    assert web.client.post(link).status_code == 403
    assert len(web.client.get("/api/v1/accounts", headers=headers).json()) == 7


def test_models_are_listed(web: Web) -> None:
    """Before any training there may be none; the list is there all the same."""
    answer = web.client.get("/api/v1/models", headers=web.token("ole"))
    assert answer.status_code == 200
    assert isinstance(answer.json(), list)
