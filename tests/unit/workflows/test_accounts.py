"""Accounts: passwords, one-time links, sessions, tokens."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from policy_service.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UsageError,
)
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.kit.clock import FixedClock
from policy_service.workflows import accounts
from policy_service.workflows.audit import list_entries
from policy_service.workflows.platform import Platform

PASSWORD = "correct horse battery"


@pytest.fixture
def dana(platform: Platform) -> Platform:
    """A platform with the reviewer `dana`, who has a password."""
    accounts.add_account(
        platform,
        name="dana",
        role=AccountRole.REVIEWER,
        group=ReviewGroup.SECURITY,
        password=PASSWORD,
        actor="admin",
    )
    return platform


def test_a_right_password_signs_in_and_out(dana: Platform) -> None:
    """A session lasts from sign-in to sign-out."""
    signed_in = accounts.sign_in_by_password(dana, "dana", PASSWORD)
    found = accounts.find_session(dana, signed_in.token)
    assert found is not None
    assert found.account.group is ReviewGroup.SECURITY
    assert found.csrf == signed_in.csrf
    accounts.sign_out(dana, signed_in.token)
    assert accounts.find_session(dana, signed_in.token) is None


@pytest.mark.parametrize(("name", "password"), [("dana", "wrong"), ("nobody", PASSWORD)])
def test_whatever_is_wrong_the_answer_is_the_same(dana: Platform, name: str, password: str) -> None:
    """A failed sign-in does not tell whether the name exists."""
    with pytest.raises(ForbiddenError, match=r"^name or password is wrong$"):
        accounts.sign_in_by_password(dana, name, password)


def test_a_session_ends_by_itself(dana: Platform, clock: FixedClock) -> None:
    """After eight hours a session is over."""
    signed_in = accounts.sign_in_by_password(dana, "dana", PASSWORD)
    clock.advance(timedelta(hours=8, seconds=1))
    assert accounts.find_session(dana, signed_in.token) is None


def test_a_link_signs_in_once(dana: Platform) -> None:
    """A one-time link is spent by its first use."""
    token = accounts.make_sign_in_link(dana, "dana", actor="admin")
    assert accounts.sign_in_by_link(dana, token).account.name == "dana"
    with pytest.raises(ForbiddenError, match="spent or expired"):
        accounts.sign_in_by_link(dana, token)


def test_a_link_expires(dana: Platform, clock: FixedClock) -> None:
    """Thirty minutes after it was made a link is worth nothing."""
    token = accounts.make_sign_in_link(dana, "dana", actor="admin")
    clock.advance(timedelta(minutes=31))
    with pytest.raises(ForbiddenError):
        accounts.sign_in_by_link(dana, token)


def test_a_new_password_ends_old_sessions(dana: Platform) -> None:
    """Whoever held a session before the password changed holds none after."""
    signed_in = accounts.sign_in_by_password(dana, "dana", PASSWORD)
    accounts.set_password(dana, "dana", "another long secret", actor="admin")
    assert accounts.find_session(dana, signed_in.token) is None
    accounts.sign_in_by_password(dana, "dana", "another long secret")


def test_a_token_works_until_it_is_revoked(dana: Platform) -> None:
    """An API token names its account, and nobody once it is revoked."""
    token_id, secret = accounts.make_api_token(dana, "dana", label="ci")
    found = accounts.account_of_token(dana, secret)
    assert found is not None
    assert found.name == "dana"
    assert [token.label for token in accounts.list_api_tokens(dana, "dana")] == ["ci"]
    with pytest.raises(NotFoundError):
        accounts.revoke_api_token(dana, token_id, account="somebody-else")
    accounts.revoke_api_token(dana, token_id, account="dana")
    assert accounts.account_of_token(dana, secret) is None


def test_a_token_expires(dana: Platform, clock: FixedClock) -> None:
    """After ninety days a token is worth nothing."""
    _, secret = accounts.make_api_token(dana, "dana", label="ci")
    clock.advance(timedelta(days=91))
    assert accounts.account_of_token(dana, secret) is None


def test_secrets_are_not_in_the_state_nor_in_the_log(dana: Platform) -> None:
    """Neither the database file nor the audit log holds a password, link or token."""
    link = accounts.make_sign_in_link(dana, "dana", actor="admin")
    _, token = accounts.make_api_token(dana, "dana", label="ci")
    session = accounts.sign_in_by_password(dana, "dana", PASSWORD)
    stored = b"".join(path.read_bytes() for path in dana.folder.iterdir() if path.is_file())
    for secret in (PASSWORD, link, token, session.token):
        assert secret.encode() not in stored


@pytest.mark.parametrize(
    ("name", "role", "group", "password", "said"),
    [
        ("", AccountRole.AUDITOR, None, None, "1 to 64"),
        ("eve", AccountRole.REVIEWER, None, None, "--group"),
        ("eve", AccountRole.AUDITOR, ReviewGroup.SECURITY, None, "--group"),
        ("eve", AccountRole.AUDITOR, None, "short", "12 characters"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    platform: Platform,
    name: str,
    role: AccountRole,
    group: ReviewGroup | None,
    password: str | None,
    said: str,
) -> None:
    """A wrong account says what is wrong and leaves nothing behind."""
    with pytest.raises(UsageError, match=said):
        accounts.add_account(
            platform, name=name, role=role, group=group, password=password, actor="admin"
        )
    assert accounts.list_accounts(platform) == ()
    assert list_entries(platform) == ()


def test_a_taken_name_is_a_conflict_without_an_audit_entry(dana: Platform) -> None:
    """What did not happen is not in the log."""
    before = len(list_entries(dana))
    with pytest.raises(ConflictError):
        accounts.add_account(dana, name="dana", role=AccountRole.AUDITOR, actor="admin")
    assert len(list_entries(dana)) == before


@pytest.mark.parametrize(
    "give",
    [
        lambda platform: accounts.make_sign_in_link(platform, "ghost", actor="admin"),
        lambda platform: accounts.make_api_token(platform, "ghost", label="ci"),
        lambda platform: accounts.set_password(
            platform, "ghost", "a long enough one", actor="admin"
        ),
    ],
    ids=["link", "token", "password"],
)
def test_an_unknown_account_gets_nothing(
    platform: Platform, give: Callable[[Platform], object]
) -> None:
    """Links, tokens and passwords need an account."""
    with pytest.raises(NotFoundError, match="no account `ghost`"):
        give(platform)
