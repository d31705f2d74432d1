"""Who may call the API: tokens, sessions with their CSRF token, and the table of permissions."""

import pytest

from policy_service.api.access import CSRF_HEADER
from policy_service.domain.errors import ForbiddenError
from policy_service.domain.review import AccountRole
from policy_service.workflows.accounts import list_accounts, list_api_tokens, revoke_api_token
from policy_service.workflows.permissions import HOLDERS, Permission, may, require
from tests.fixtures.web import Web


def test_without_a_token_or_session_nothing_is_shown(web: Web) -> None:
    """Whoever is not signed in gets 401 with the scheme to use, and no content."""
    answer = web.client.get("/api/v1/drafts")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:policy-service:problem:unauthenticated"


def test_a_token_says_who_calls(web: Web) -> None:
    """A token stands for its account."""
    answer = web.client.get("/api/v1/accounts/me", headers=web.token("vera"))
    assert answer.json() == {"name": "vera", "role": "reviewer", "group": "compliance"}


def test_a_revoked_token_ends_at_once(web: Web) -> None:
    """A token that was revoked is unknown from then on."""
    headers = web.token("vera")
    token = list_api_tokens(web.platform, "vera")[0]
    revoke_api_token(web.platform, token.id, account="vera")
    assert web.client.get("/api/v1/accounts/me", headers=headers).status_code == 401


def test_wrong_tokens_are_counted_by_address(web: Web) -> None:
    """After twenty wrong tokens a minute the address must wait, and is told how long."""
    wrong = {"Authorization": "Bearer pst_wrong"}
    statuses = [web.client.get("/api/v1/drafts", headers=wrong).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    answer = web.client.get("/api/v1/drafts", headers=wrong)
    assert answer.headers["retry-after"] == "60"


def test_a_session_reads_without_csrf_and_writes_only_with_it(web: Web) -> None:
    """A cookie alone changes nothing: another site can send it, but not the CSRF token."""
    signed_in = web.session("vera")
    assert web.client.get("/api/v1/accounts/me").status_code == 200
    body = {"label": "loader"}
    assert web.client.post("/api/v1/accounts/me/tokens", json=body).status_code == 403
    given = {CSRF_HEADER: signed_in.csrf}
    assert (
        web.client.post("/api/v1/accounts/me/tokens", json=body, headers=given).status_code == 201
    )


def test_an_ended_session_is_nobody(web: Web) -> None:
    """A cookie that no session belongs to is as good as none."""
    web.session("vera")
    web.client.cookies.set("policy_service_session", "unknown")
    assert web.client.get("/api/v1/accounts/me").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("POST", "/api/v1/sources/bank/scans", "vera"),
        ("POST", "/api/v1/drafts", "vera"),
        ("POST", "/api/v1/drafts/{draft}/verdicts", "ann-author"),
        ("POST", "/api/v1/drafts/{draft}/verdicts", "ada"),
        ("POST", "/api/v1/bundles", "vera"),
        ("POST", "/api/v1/bundles/bank/rollbacks", "ann-author"),
        ("GET", "/api/v1/audit/entries", "vera"),
        ("GET", "/api/v1/audit/report", "ann-author"),
        ("POST", "/api/v1/models/refinements", "ole"),
        ("GET", "/api/v1/accounts", "ole"),
        ("POST", "/api/v1/accounts/vera/sign-in-links", "vera"),
    ],
)
def test_each_role_does_its_own_work_only(web: Web, method: str, path: str, who: str) -> None:
    """What a role does not hold is refused, saying who to ask."""
    bodies = {
        "/api/v1/sources/bank/scans": {"url": "sqlite:///x.db"},
        "/api/v1/drafts": {"source": "bank", "organisation": "name: x"},
        "/api/v1/bundles": {"draft": web.draft.id},
    }
    verdict = {"rule": "R-0001", "kind": "approve", "seen_sha256": "0" * 64}
    answer = web.client.request(
        method,
        path.format(draft=web.draft.id),
        json=bodies.get(path, verdict),
        headers=web.token(who),
    )
    assert answer.status_code == 403
    assert "ask: " in answer.json()["detail"]


def test_every_permission_has_holders_and_reading_is_everybodys() -> None:
    """No permission is forgotten in the table, and every person who is signed in may read."""
    assert set(HOLDERS) == set(Permission)
    assert all(HOLDERS.values())
    points = {AccountRole.ENFORCEMENT_POINT}
    assert HOLDERS[Permission.READ] == frozenset(AccountRole) - points
    held = {one for one, holders in HOLDERS.items() if points & holders}
    assert held == {Permission.DECIDE, Permission.ENFORCE}


def test_nobody_both_drafts_and_reviews(web: Web) -> None:
    """No role holds both sides of the four eyes."""
    for account in list_accounts(web.platform):
        assert not (may(account, Permission.DRAFT) and may(account, Permission.REVIEW))


def test_require_names_the_account_and_what_it_may_not_do(web: Web) -> None:
    """A refusal says who was refused what."""
    ole = next(one for one in list_accounts(web.platform) if one.name == "ole")
    with pytest.raises(ForbiddenError, match=r"`ole` is auditor and may not publish a policy"):
        require(ole, Permission.PUBLISH)


def test_new_tokens_are_limited_by_account(web: Web) -> None:
    """Twenty tokens an hour are enough for anybody, over HTTP and on the page alike."""
    headers = web.token("vera")
    statuses = [
        web.client.post("/api/v1/accounts/me/tokens", json={"label": "x"}, headers=headers)
        for _ in range(21)
    ]
    assert [one.status_code for one in statuses] == [201] * 20 + [429]
    form = {"csrf": web.session("sam").csrf, "label": "x"}
    pages = [web.client.post("/me/tokens", data=form).status_code for _ in range(21)]
    assert pages == [200] * 20 + [403]
