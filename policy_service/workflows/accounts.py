"""Accounts: local sign-in by password or one-time link, server-side sessions, API tokens.

Passwords are kept as argon2id hashes (RFC 9106); links, sessions and tokens are
256 random bits of which only the SHA-256 is kept.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from policy_service.domain.errors import ForbiddenError, NotFoundError, UsageError
from policy_service.domain.identifiers import Sha256Hex, SubjectId
from policy_service.domain.review import Account, AccountRole, ReviewGroup
from policy_service.kit.clock import rfc3339
from policy_service.kit.hashing import sha256_text
from policy_service.storage import accounts
from policy_service.storage.sessions import WriteSession
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import unit_of_work

MIN_PASSWORD = 12  # characters; NIST SP 800-63B asks for 8 at least
_LINK_LIFETIME = timedelta(minutes=30)
_SESSION_LIFETIME = timedelta(hours=8)
_TOKEN_LIFETIME = timedelta(days=90)
_hasher = PasswordHasher()
# Checked when the account is unknown, so that the answer takes as long either way.
_NO_ACCOUNT_HASH = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh session: `token` is the cookie's value and is shown nowhere else."""

    token: str
    csrf: str
    account: Account


def add_account(
    platform: Platform,
    *,
    name: str,
    role: AccountRole,
    group: ReviewGroup | None = None,
    password: str | None = None,
    actor: str,
) -> Account:
    """Add an account. Raises `UsageError` for a weak password or a reviewer without a group."""
    if not name.strip() or len(name) > 64:
        raise UsageError("an account name has 1 to 64 characters")
    if (role is AccountRole.REVIEWER) != (group is not None):
        raise UsageError("a reviewer speaks for a group, and nobody else does; give `--group`")
    password_hash = None if password is None else _hash(password)
    account = Account(name=SubjectId(name), role=role, group=group)
    with unit_of_work(platform) as work:
        accounts.add_account(work.session, account, password_hash=password_hash, at=work.at)
        work.record("account_added", actor=actor, subject=name, role=role.value)
    return account


def set_password(platform: Platform, name: str, password: str, *, actor: str) -> None:
    """Replace a password and end the account's sessions. Raises `NotFoundError`, `UsageError`."""
    password_hash = _hash(password)
    with unit_of_work(platform) as work:
        if accounts.find_account(work.session, name) is None:
            raise NotFoundError(f"no account `{name}`")
        accounts.set_password_hash(work.session, name, password_hash)
        work.record("password_set", actor=actor, subject=name)


def list_accounts(platform: Platform) -> tuple[Account, ...]:
    """List the accounts by name."""
    with platform.database.read() as session:
        return accounts.list_accounts(session)


def make_sign_in_link(platform: Platform, name: str, *, actor: str) -> str:
    """Make a one-time token that signs `name` in within 30 minutes. Raises `NotFoundError`."""
    token = secrets.token_urlsafe(32)
    with unit_of_work(platform) as work:
        if accounts.find_account(work.session, name) is None:
            raise NotFoundError(f"no account `{name}`")
        expires = rfc3339(platform.clock.now() + _LINK_LIFETIME)
        accounts.add_link(work.session, token=_digest(token), account=name, expires_at=expires)
        work.record("sign_in_link", actor=actor, subject=name)
    return token


def sign_in_by_link(platform: Platform, token: str) -> SignedIn:
    """Spend a one-time link. Raises `ForbiddenError` where it is unknown, spent or expired."""
    now = rfc3339(platform.clock.now())
    with unit_of_work(platform) as work:
        name = accounts.use_link(work.session, token=_digest(token), now=now)
        stored = None if name is None else accounts.find_account(work.session, name)
        if stored is None or stored.disabled:
            raise ForbiddenError(
                "this sign-in link is spent or expired; ask for another: "
                "`policy-service accounts link NAME`"
            )
        work.record("sign_in", actor=stored.account.name, subject=stored.account.name, by="link")
        return _open_session(platform, work.session, stored.account)


def sign_in_by_password(platform: Platform, name: str, password: str) -> SignedIn:
    """Sign in. Raises `ForbiddenError` with the same words whatever is wrong."""
    with platform.database.read() as session:
        stored = accounts.find_account(session, name)
    known = stored is not None and stored.password_hash is not None and not stored.disabled
    password_hash = (stored and stored.password_hash) or _NO_ACCOUNT_HASH
    if not _verified(password_hash, password) or not known or stored is None:
        raise ForbiddenError("name or password is wrong")
    with unit_of_work(platform) as work:
        work.record("sign_in", actor=name, subject=name, by="password")
        return _open_session(platform, work.session, stored.account)


def find_session(platform: Platform, token: str) -> SignedIn | None:
    """Find who a session cookie belongs to; none where it is unknown or has ended."""
    now = rfc3339(platform.clock.now())
    with platform.database.read() as session:
        stored = accounts.find_session(session, token=_digest(token), now=now)
        account = None if stored is None else accounts.find_account(session, stored.account)
    if stored is None or account is None or account.disabled:
        return None
    return SignedIn(token=token, csrf=stored.csrf, account=account.account)


def sign_out(platform: Platform, token: str) -> None:
    """End a session."""
    with platform.database.write() as session:
        accounts.end_session(session, token=_digest(token))


def make_api_token(platform: Platform, name: str, *, label: str) -> tuple[str, str]:
    """Make an API token for an account; return its id and its secret, shown once."""
    secret = f"pst_{secrets.token_urlsafe(32)}"
    stored = accounts.StoredToken(
        id=platform.make_id("tok"),
        account=name,
        label=label,
        expires_at=rfc3339(platform.clock.now() + _TOKEN_LIFETIME),
        revoked=False,
    )
    with unit_of_work(platform) as work:
        if accounts.find_account(work.session, name) is None:
            raise NotFoundError(f"no account `{name}`")
        accounts.add_token(work.session, stored, token=_digest(secret))
        work.record("api_token", actor=name, subject=stored.id, label=label)
    return stored.id, secret


def list_api_tokens(platform: Platform, name: str) -> tuple[accounts.StoredToken, ...]:
    """List an account's API tokens, without secrets."""
    with platform.database.read() as session:
        return accounts.list_tokens(session, name)


def revoke_api_token(platform: Platform, token_id: str, *, account: str) -> None:
    """Revoke one of the account's own tokens. Raises `NotFoundError`."""
    with unit_of_work(platform) as work:
        if not accounts.revoke_token(work.session, token_id, account=account, at=work.at):
            raise NotFoundError(f"no live token `{token_id}`")
        work.record("api_token_revoked", actor=account, subject=token_id)


def account_of_token(platform: Platform, secret: str) -> Account | None:
    """Find whose API token this is; none where it is unknown, expired or revoked."""
    now = rfc3339(platform.clock.now())
    with platform.database.read() as session:
        name = accounts.find_token(session, token=_digest(secret), now=now)
        stored = None if name is None else accounts.find_account(session, name)
    return None if stored is None or stored.disabled else stored.account


def _open_session(platform: Platform, session: WriteSession, account: Account) -> SignedIn:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    expires = rfc3339(platform.clock.now() + _SESSION_LIFETIME)
    stored = accounts.StoredSession(account=account.name, csrf=csrf, expires_at=expires)
    accounts.add_session(session, token=_digest(token), stored=stored)
    return SignedIn(token=token, csrf=csrf, account=account)


def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise UsageError(f"a password has {MIN_PASSWORD} characters at least")
    return _hasher.hash(password)


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _digest(token: str) -> Sha256Hex:
    return Sha256Hex(sha256_text(token))
