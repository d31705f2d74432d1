"""Signing in to the portal: passwords, one-time links, sessions, forms from elsewhere."""

import pytest

from policy_service.api.access import SESSION_COOKIE
from policy_service.portal.guard import local_path
from policy_service.workflows.accounts import make_sign_in_link, set_password
from tests.fixtures.web import Web

PASSWORD = "correct horse battery"


def test_a_page_asks_to_sign_in_and_comes_back(web: Web) -> None:
    """Whoever is not signed in is sent to the form, which remembers the page."""
    answer = web.client.get("/bundles")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fbundles"
    assert 'value="/bundles"' in web.client.get(answer.headers["location"]).text


def test_a_password_signs_in_with_a_guarded_cookie(web: Web) -> None:
    """The cookie is out of reach of scripts and of other sites."""
    set_password(web.platform, "vera", PASSWORD, actor="test")
    form = {"name": "vera", "password": PASSWORD, "next": "/catalog"}
    answer = web.client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/catalog")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("name", ["vera", "nobody", ""])
def test_a_wrong_password_says_the_same_whoever_it_is(web: Web, name: str) -> None:
    """Whether the account exists is not told."""
    answer = web.client.post("/sign-in", data={"name": name, "password": "wrong"})
    assert answer.status_code == 403
    assert "Name or password is wrong." in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


def test_failed_attempts_on_one_account_are_limited(web: Web) -> None:
    """After five failures even the right password must wait."""
    set_password(web.platform, "vera", PASSWORD, actor="test")
    for _ in range(5):
        web.client.post("/sign-in", data={"name": "vera", "password": "wrong"})
    answer = web.client.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    assert answer.status_code == 403
    assert "Too many attempts" in answer.text


def test_looking_at_a_link_does_not_spend_it(web: Web) -> None:
    """A preview fetches the page; only the button signs in, and only once."""
    token = make_sign_in_link(web.platform, "vera", actor="test")
    for _ in range(2):
        assert web.client.get(f"/sign-in/{token}").status_code == 200
    assert web.client.post(f"/sign-in/{token}").status_code == 303
    assert web.client.get("/").status_code == 200
    spent = web.client.post(f"/sign-in/{token}")
    assert spent.status_code == 403
    assert "spent or expired" in spent.text


def test_signing_out_ends_the_session_on_the_server(web: Web) -> None:
    """A copied cookie is worth nothing afterwards."""
    signed_in = web.session("vera")
    answer = web.client.post("/sign-out", data={"csrf": signed_in.csrf})
    assert answer.headers["location"].startswith("/sign-in")
    web.client.cookies.set(SESSION_COOKIE, signed_in.token)
    assert web.client.get("/").status_code == 303


def test_a_form_without_the_csrf_token_changes_nothing(web: Web) -> None:
    """A form of another page cannot act for who is signed in."""
    web.session("vera")
    path = f"/drafts/{web.draft.id}/rules/R-0001/verdicts"
    assert web.client.post(path, data={"kind": "approve"}).status_code == 403
    assert web.client.post("/sign-out", data={"csrf": "guess"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_a_form_from_another_site_is_refused(web: Web, headers: dict[str, str]) -> None:
    """Browsers say where a form comes from, and are believed when it is not here."""
    signed_in = web.session("vera")
    answer = web.client.post("/sign-out", data={"csrf": signed_in.csrf}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/drafts/x", "/drafts/x"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\\b", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_coming_back_leads_nowhere_else(given: str, path: str) -> None:
    """The page to come back to is one of this portal."""
    assert local_path(given) == path
