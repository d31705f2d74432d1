"""Accounts, sign-in links, sessions and API tokens, as stored.

Secrets never arrive here: passwords come as argon2id hashes, links, sessions
and tokens as SHA-256 of 256 random bits.
"""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.review import Account
from policy_service.storage import tables
from policy_service.storage.bodies import dump, load
from policy_service.storage.sessions import ReadSession, WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """An account with its password hash, if it has one."""

    account: Account
    password_hash: str | None
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A signed-in browser. `csrf` is the token its forms must carry."""

    account: str
    csrf: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """An API token without its secret."""

    id: str
    account: str
    label: str
    expires_at: str
    revoked: bool


def add_account(
    session: WriteSession, account: Account, *, password_hash: str | None, at: str
) -> None:
    """Add an account. Raises `ConflictError` where the name is taken."""
    session.write(
        insert(tables.accounts).values(
            name=account.name,
            body=dump(account),
            password_hash=password_hash,
            disabled=0,
            created_at=at,
        )
    )


def set_password_hash(session: WriteSession, name: str, password_hash: str) -> None:
    """Replace an account's password hash and end its sessions."""
    change = update(tables.accounts).where(tables.accounts.c.name == name)
    session.write(change.values(password_hash=password_hash))
    session.write(delete(tables.sessions).where(tables.sessions.c.account == name))


def find_account(session: ReadSession, name: str) -> StoredAccount | None:
    """Find an account by its name."""
    row = session.first(select(tables.accounts).where(tables.accounts.c.name == name))
    if row is None:
        return None
    return StoredAccount(
        account=load(Account, row.body),
        password_hash=row.password_hash,
        disabled=bool(row.disabled),
    )


def list_accounts(session: ReadSession) -> tuple[Account, ...]:
    """List the accounts by name."""
    query = select(tables.accounts.c.body).order_by(tables.accounts.c.name)
    return tuple(load(Account, row.body) for row in session.rows(query))


def add_link(session: WriteSession, *, token: Sha256Hex, account: str, expires_at: str) -> None:
    """Add a one-time sign-in link."""
    session.write(
        insert(tables.sign_in_links).values(
            token_sha256=token, account=account, expires_at=expires_at
        )
    )


def use_link(session: WriteSession, *, token: Sha256Hex, now: str) -> str | None:
    """Spend a link and return its account; none where it is unknown, spent or expired."""
    links = tables.sign_in_links
    fresh = (links.c.token_sha256 == token) & links.c.used_at.is_(None) & (links.c.expires_at > now)
    account = session.value(select(links.c.account).where(fresh))
    if account is None or session.write(update(links).where(fresh).values(used_at=now)) != 1:
        return None
    return str(account)


def add_session(session: WriteSession, *, token: Sha256Hex, stored: StoredSession) -> None:
    """Sign a browser in."""
    session.write(
        insert(tables.sessions).values(
            token_sha256=token,
            account=stored.account,
            csrf=stored.csrf,
            expires_at=stored.expires_at,
        )
    )


def find_session(session: ReadSession, *, token: Sha256Hex, now: str) -> StoredSession | None:
    """Find a session that has not ended."""
    query = select(tables.sessions).where(
        tables.sessions.c.token_sha256 == token, tables.sessions.c.expires_at > now
    )
    row = session.first(query)
    if row is None:
        return None
    return StoredSession(account=row.account, csrf=row.csrf, expires_at=row.expires_at)


def end_session(session: WriteSession, *, token: Sha256Hex) -> None:
    """Sign a browser out."""
    session.write(delete(tables.sessions).where(tables.sessions.c.token_sha256 == token))


def add_token(session: WriteSession, stored: StoredToken, *, token: Sha256Hex) -> None:
    """Add an API token."""
    session.write(
        insert(tables.api_tokens).values(
            id=stored.id,
            token_sha256=token,
            account=stored.account,
            label=stored.label,
            expires_at=stored.expires_at,
        )
    )


def find_token(session: ReadSession, *, token: Sha256Hex, now: str) -> str | None:
    """Return the account of a token that is neither expired nor revoked."""
    query = select(tables.api_tokens.c.account).where(
        tables.api_tokens.c.token_sha256 == token,
        tables.api_tokens.c.expires_at > now,
        tables.api_tokens.c.revoked_at.is_(None),
    )
    return session.value(query)


def revoke_token(session: WriteSession, token_id: str, *, account: str, at: str) -> bool:
    """Revoke one of an account's tokens; tell whether there was one to revoke."""
    tokens = tables.api_tokens
    live = (tokens.c.id == token_id) & (tokens.c.account == account) & tokens.c.revoked_at.is_(None)
    return session.write(update(tokens).where(live).values(revoked_at=at)) == 1


def list_tokens(session: ReadSession, account: str) -> tuple[StoredToken, ...]:
    """List an account's tokens by label."""
    query = (
        select(tables.api_tokens)
        .where(tables.api_tokens.c.account == account)
        .order_by(tables.api_tokens.c.label, tables.api_tokens.c.id)
    )
    return tuple(
        StoredToken(
            id=row.id,
            account=row.account,
            label=row.label,
            expires_at=row.expires_at,
            revoked=row.revoked_at is not None,
        )
        for row in session.rows(query)
    )
