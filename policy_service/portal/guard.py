"""The portal's guard: session cookie, CSRF tokens, origin, attempts to sign in.

Forms carry the session's CSRF token, and browsers that say where a form comes from
are believed when it is not here (Fetch Metadata; OWASP CSRF prevention).
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import FormData

from policy_service.domain.errors import ForbiddenError, PolicyServiceError
from policy_service.domain.review import Account
from policy_service.workflows.accounts import SignedIn, find_session
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.permissions import Permission, require
from policy_service.workflows.platform import Platform

_BY_ADDRESS = RateLimitItemPerMinute(20)
_BY_ACCOUNT = RateLimitItemPerMinute(5, 5)  # five in five minutes
_NEW_TOKENS = RateLimitItemPerHour(20)
_FROM_HERE = frozenset({"same-origin", "none"})
StatusOf = Callable[[PolicyServiceError], tuple[int, str]]


class SignInNeededError(PolicyServiceError):
    """Nobody is signed in; the page asks for it and comes back."""


class Attempts:
    """Counts failed attempts to sign in, and new tokens, in memory."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, address: str, account: str) -> None:
        """Raise `ForbiddenError` after 20 a minute from one address or 5 on one account."""
        open_door = self._limiter.test(_BY_ADDRESS, "address", address)
        if not open_door or not self._limiter.test(_BY_ACCOUNT, "account", account):
            raise ForbiddenError("too many attempts; wait a few minutes and try again")

    def count(self, address: str, account: str) -> None:
        """Count a failed attempt."""
        self._limiter.hit(_BY_ADDRESS, "address", address)
        self._limiter.hit(_BY_ACCOUNT, "account", account)

    def count_new_token(self, account: str) -> None:
        """Count a token that `account` makes. Raises `ForbiddenError` after 20 an hour."""
        if not self._limiter.hit(_NEW_TOKENS, "new-token", account):
            raise ForbiddenError("too many new tokens; wait an hour")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the pages work with."""

    platform: Platform
    jobs: JobRunner
    decisions: DecisionDesk
    attempts: Attempts
    session_cookie: str
    https: bool
    status_of: StatusOf


def desk_of(request: Request) -> Desk:
    """Return what `create_portal` was given."""
    desk = request.app.state.desk
    if not isinstance(desk, Desk):
        raise TypeError("this application was not made by `create_portal`")
    return desk


DeskOf = Annotated[Desk, Depends(desk_of)]


def visitor(request: Request, desk: DeskOf) -> SignedIn:
    """Return who is signed in. Raises `SignInNeededError`."""
    token = request.cookies.get(desk.session_cookie)
    signed_in = None if token is None else find_session(desk.platform, token)
    if signed_in is None:
        raise SignInNeededError("sign in first")
    request.state.signed_in = signed_in
    return signed_in


Visitor = Annotated[SignedIn, Depends(visitor)]


def account_with(permission: Permission) -> Callable[[SignedIn], Account]:
    """Make a dependency that returns the account where it holds `permission`."""

    def account(signed_in: Visitor) -> Account:
        require(signed_in.account, permission)
        return signed_in.account

    return account


async def open_form(request: Request) -> FormData:
    """Read a form that was sent from this portal. Raises `ForbiddenError` for another origin."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = site is not None and site not in _FROM_HERE
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        foreign = True
    if foreign:
        raise ForbiddenError("this form was sent from another site; open the portal itself")
    return await request.form()


OpenForm = Annotated[FormData, Depends(open_form)]


def form_of(form: OpenForm, signed_in: Visitor) -> FormData:
    """Return a form that carries the session's CSRF token. Raises `ForbiddenError`."""
    if not hmac.compare_digest(field(form, "csrf").encode(), signed_in.csrf.encode()):
        raise ForbiddenError("this form is from an earlier session; reload the page and try again")
    return form


SafeForm = Annotated[FormData, Depends(form_of)]


def field(form: FormData, name: str) -> str:
    """Return a text field of a form; empty where it is not given."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def fields(form: FormData, name: str) -> tuple[str, ...]:
    """Return every value of a repeated text field."""
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def see_other(path: str, **query: str) -> RedirectResponse:
    """Send a browser on after a form: post, redirect, get."""
    question = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return RedirectResponse(f"{path}?{question}" if question else path, status_code=303)


def local_path(path: str) -> str:
    """Return a path of this portal to go back to; the first page for anything else."""
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if local and "\\" not in path else "/"


def address_of(request: Request) -> str:
    """Return the client's address, to count attempts by."""
    return request.client.host if request.client else "unknown"


Reader = Annotated[Account, Depends(account_with(Permission.READ))]
Reviewer = Annotated[Account, Depends(account_with(Permission.REVIEW))]
Publisher = Annotated[Account, Depends(account_with(Permission.PUBLISH))]
Checker = Annotated[Account, Depends(account_with(Permission.VERIFY))]
Trainer = Annotated[Account, Depends(account_with(Permission.REFINE))]
AuditReader = Annotated[Account, Depends(account_with(Permission.READ_AUDIT))]
Administrator = Annotated[Account, Depends(account_with(Permission.ADMINISTER))]
