"""The other pages: catalogue, clauses, bundles, decisions, audit, model, accounts, tokens."""

import pytest

from policy_service.domain.decision import AccessRequest
from policy_service.domain.errors import AuditError
from policy_service.workflows.accounts import list_api_tokens
from policy_service.workflows.decide import DecisionDesk
from tests.fixtures.web import Web

PAGES = ("/", "/catalog", "/catalog/bank", "/corpus", "/bundles", "/decisions", "/models", "/me")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["ann-author", "vera", "ada", "ole"])
def test_every_role_reads_the_common_pages(web: Web, path: str, who: str) -> None:
    """Whoever is signed in may read what the policy says."""
    web.session(who)
    answer = web.client.get(path)
    assert answer.status_code == 200
    assert f">{who}</a>" in answer.text


def test_no_page_has_inline_style_or_script(web: Web) -> None:
    """The content security policy would block them; so there are none."""
    web.publish()
    web.session("ada")
    rule = f"/drafts/{web.draft.id}/rules/R-0001"
    for path in (*PAGES, f"/drafts/{web.draft.id}", rule, "/audit", "/accounts"):
        page = web.client.get(path).text
        assert "style=" not in page
        assert "onclick" not in page
        assert "<script>" not in page


def test_the_catalogue_shows_categories_with_their_evidence(web: Web) -> None:
    """Why a column got its category stands beside it."""
    web.session("vera")
    page = web.client.get("/catalog").text
    assert "birth_number" in page
    assert "column is called birth_number" in page
    assert "restricted" in page
    assert web.client.get("/catalog/nowhere").status_code == 404


def test_a_clause_has_a_page(web: Web) -> None:
    """The text, its version and the way to the official one."""
    web.session("vera")
    page = web.client.get("/corpus/gdpr/art-5/1/c").text
    assert "Personal data are limited to what the purpose needs." in page
    assert "eur-lex.europa.eu" in page
    assert "our digest" in page
    assert "Our own words" in page
    assert web.client.get("/corpus/gdpr/art-99").status_code == 404


def test_publishing_before_approval_is_refused_on_the_page(web: Web) -> None:
    """Law 4: the refusal says why, and nothing is live."""
    csrf = web.session("ada").csrf
    answer = web.client.post("/bundles", data={"csrf": csrf, "draft": web.draft.id})
    assert answer.status_code == 409
    assert "No policy is live" in answer.text


def test_an_administrator_publishes_and_a_rollback_needs_an_earlier_policy(web: Web) -> None:
    """The button appears when every rule is approved; then the policy is live."""
    web.approve()
    csrf = web.session("ada").csrf
    assert "is approved in every rule" in web.client.get("/bundles").text
    answer = web.client.post("/bundles", data={"csrf": csrf, "draft": web.draft.id})
    assert answer.headers["location"] == "/bundles?done=published"
    page = web.client.get("/bundles").text
    assert "revision 1" in page
    assert "Roll back" not in page
    refused = web.client.post("/bundles/rollbacks", data={"csrf": csrf, "source": "bank"})
    assert refused.status_code == 404


def test_only_administrators_publish(web: Web) -> None:
    """A reviewer sees no button, and the form is refused."""
    web.approve()
    csrf = web.session("vera").csrf
    assert "An administrator publishes it." in web.client.get("/bundles").text
    answer = web.client.post("/bundles", data={"csrf": csrf, "draft": web.draft.id})
    assert answer.status_code == 403


def test_a_live_policy_is_what_a_rule_is_compared_with(web: Web) -> None:
    """On the rule page the live row stands beside the drafted one."""
    web.publish()
    web.session("vera")
    page = web.client.get(f"/drafts/{web.draft.id}/rules/R-0003").text
    assert "Change against the live policy" in page
    assert "= same" in page


def test_a_decision_is_followed_back_to_the_clause(web: Web) -> None:
    """Law 6 as a page: decision, rule, approvals, clause, draft, proof."""
    web.publish()
    request = AccessRequest(
        subject="teller-1",
        resource="bank.public.clients.birth_number",
        action="read",
        purpose="essential.service",
    )
    record = DecisionDesk(web.platform).decide(request)
    web.session("ole")
    assert record.id in web.client.get("/decisions").text
    page = web.client.get(f"/decisions/{record.id}").text
    for words in ("last 4 characters", "Rule R-0003", "vera", "what the purpose needs", "root"):
        assert words in page
    assert web.client.get("/decisions/dec_none").status_code == 404


def test_auditors_check_the_log_and_others_do_not(web: Web) -> None:
    """Entries, the check and a checkpoint are an auditor's."""
    csrf = web.session("ole").csrf
    assert "account added" in web.client.get("/audit?kind=account_added").text
    assert "The log is whole" in web.client.get("/audit/report").text
    answer = web.client.post("/audit/checkpoints", data={"csrf": csrf})
    assert answer.headers["location"] == "/audit?done=checkpoint"
    web.session("vera")
    assert web.client.get("/audit").status_code == 403


def test_an_error_of_the_service_is_a_page_with_its_line(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own errors say what is wrong; anything else says only that it is our mistake."""
    web.session("ole")

    def failing(*_: object, **__: object) -> None:
        raise AuditError("the log cannot be read")

    monkeypatch.setattr("policy_service.portal.routes.audit.verify_audit", failing)
    answer = web.client.get("/audit/report")
    assert (answer.status_code, "the log cannot be read" in answer.text) == (503, True)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("policy_service.portal.routes.audit.verify_audit", broken)
    answer = web.client.get("/audit/report")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "our mistake" in answer.text


def test_tokens_are_made_shown_once_and_revoked(web: Web) -> None:
    """The secret is on one page only."""
    csrf = web.session("vera").csrf
    page = web.client.post("/me/tokens", data={"csrf": csrf, "label": "loader"}).text
    assert "pst_" in page
    assert "pst_" not in web.client.get("/me").text
    (token,) = list_api_tokens(web.platform, "vera")
    answer = web.client.post("/me/tokens/revocations", data={"csrf": csrf, "token": token.id})
    assert answer.headers["location"] == "/me?done=revoked"
    assert web.client.post("/me/tokens", data={"csrf": csrf}).status_code == 400


def test_accounts_are_added_with_a_link(web: Web) -> None:
    """A new account gets its one-time link at once; a wrong form says what is missing."""
    csrf = web.session("ada").csrf
    form = {"csrf": csrf, "name": "rosa", "role": "reviewer", "group": "security"}
    assert "/sign-in/" in web.client.post("/accounts", data=form).text
    assert web.client.post("/accounts", data=form).status_code == 400
    assert web.client.post("/accounts", data={**form, "role": "king"}).status_code == 400
    assert web.client.post("/accounts", data={**form, "group": ""}).status_code == 400
    assert "/sign-in/" in web.client.post("/accounts/links", data=form).text
    web.session("vera")
    assert web.client.get("/accounts").status_code == 403


def test_training_is_started_by_administrators(web: Web) -> None:
    """The button starts the job; without verdicts the job says that there is nothing to learn."""
    csrf = web.session("ada").csrf
    answer = web.client.post("/models/refinements", data={"csrf": csrf})
    assert answer.headers["location"] == "/models?done=refining"
    assert "Learn from the verdicts" in web.client.get("/models").text


def test_a_link_cannot_put_words_on_a_page(web: Web) -> None:
    """What a redirect may say is a closed list."""
    web.session("vera")
    assert "call me" not in web.client.get("/?done=call+me+now").text


def test_a_page_that_is_not_there_keeps_the_way_back(web: Web) -> None:
    """Whoever is signed in sees the navigation on it; whoever is not sees none of it."""
    assert 'href="/catalog"' not in web.client.get("/nothing").text
    web.session("vera")
    answer = web.client.get("/nothing")
    assert answer.status_code == 404
    assert 'href="/catalog"' in answer.text


def test_titles_name_jobs_and_data_not_their_keys(web: Web) -> None:
    """Settings and separation say whom they touch; categories and roles go by their names."""
    web.session("vera")
    draft = f"/drafts/{web.draft.id}/rules"
    encryption = web.client.get(f"{draft}/{web.draft.encryption[0].id}").text
    assert "Encryption at rest: " in encryption
    assert "access changes" in encryption
    retention = web.client.get(f"{draft}/{web.draft.retention[0].id}").text
    assert "every row of the table" in retention
    separation = web.client.get(f"{draft}/{web.draft.separation[0].id}").text
    assert "no person is given both jobs" in separation
