"""Who is calling: an API token, or the portal's session cookie with its CSRF token.

The table of who may do what is `workflows.permissions`; here it becomes a dependency.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from policy_service.api.problems import TooManyRequestsError, UnauthenticatedError
from policy_service.domain.errors import ForbiddenError
from policy_service.domain.review import Account
from policy_service.workflows.accounts import account_of_token, find_session
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner
from policy_service.workflows.permissions import Permission, require
from policy_service.workflows.platform import Platform

SESSION_COOKIE = "policy_service_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WRONG_TOKENS = RateLimitItemPerMinute(20)  # by client address
_NEW_TOKENS = RateLimitItemPerHour(20)  # by account

_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="An API token, `pst_…`")
_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description=f"The portal's session; methods that change state also need `{CSRF_HEADER}`",
)


class Limits:
    """Counts attempts in memory: enough for one process, which is what runs here."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check_address(self, address: str) -> None:
        """Raise `TooManyRequestsError` after 20 wrong tokens a minute from one address."""
        if not self._limiter.test(_WRONG_TOKENS, "token", address):
            raise TooManyRequestsError("too many wrong tokens; wait a minute", retry_after_s=60)

    def count_wrong_token(self, address: str) -> None:
        """Count a wrong token against an address."""
        self._limiter.hit(_WRONG_TOKENS, "token", address)

    def count_new_token(self, account: str) -> None:
        """Count a token that `account` makes. Raises `TooManyRequestsError` after 20 an hour."""
        if not self._limiter.hit(_NEW_TOKENS, "new-token", account):
            raise TooManyRequestsError("too many new tokens; wait an hour", retry_after_s=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the routers work with."""

    platform: Platform
    jobs: JobRunner
    desk: DecisionDesk
    limits: Limits
    public_url: str | None  # how clients reach the service; none: as the request did


def services_of(request: Request) -> Services:
    """Return the services that `create_api` was given."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("this application was not made by `create_api`")
    return services


ServicesOf = Annotated[Services, Depends(services_of)]


def authenticate(
    request: Request,
    services: ServicesOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    session: Annotated[str | None, Depends(_cookie)],
) -> Account:
    """Return who is calling. Raises `UnauthenticatedError`, `ForbiddenError` without CSRF token."""
    if bearer is not None:
        return _by_token(services, bearer.credentials, _address(request))
    if session is None:
        raise UnauthenticatedError(
            "no valid API token; send `Authorization: Bearer pst_…` (the portal makes tokens)"
        )
    signed_in = find_session(services.platform, session)
    if signed_in is None:
        raise UnauthenticatedError("the session has ended; sign in again")
    given = request.headers.get(CSRF_HEADER, "")
    fits = hmac.compare_digest(given.encode(), signed_in.csrf.encode())
    if request.method not in _SAFE and not fits:
        raise ForbiddenError(f"send the session's CSRF token in `{CSRF_HEADER}`")
    return signed_in.account


def needs(permission: Permission) -> Callable[[Account], Account]:
    """Make a dependency that returns the caller where they hold `permission`."""

    def caller(account: Annotated[Account, Depends(authenticate)]) -> Account:
        require(account, permission)
        return account

    return caller


def _by_token(services: Services, secret: str, address: str) -> Account:
    services.limits.check_address(address)
    account = account_of_token(services.platform, secret)
    if account is None:
        services.limits.count_wrong_token(address)
        raise UnauthenticatedError("the API token is unknown, expired or revoked; make another")
    return account


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


Reader = Annotated[Account, Depends(needs(Permission.READ))]
Asker = Annotated[Account, Depends(needs(Permission.DECIDE))]
EnforcementPoint = Annotated[Account, Depends(needs(Permission.ENFORCE))]
Scanner = Annotated[Account, Depends(needs(Permission.SCAN))]
Author = Annotated[Account, Depends(needs(Permission.DRAFT))]
Checker = Annotated[Account, Depends(needs(Permission.VERIFY))]
Reviewer = Annotated[Account, Depends(needs(Permission.REVIEW))]
Publisher = Annotated[Account, Depends(needs(Permission.PUBLISH))]
Trainer = Annotated[Account, Depends(needs(Permission.REFINE))]
AuditReader = Annotated[Account, Depends(needs(Permission.READ_AUDIT))]
Administrator = Annotated[Account, Depends(needs(Permission.ADMINISTER))]
