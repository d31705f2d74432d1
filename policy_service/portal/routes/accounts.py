"""Everybody's own API tokens; accounts and sign-in links, for administrators."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.errors import ConflictError, UsageError
from policy_service.domain.review import Account, AccountRole, ReviewGroup
from policy_service.portal.guard import (
    Administrator,
    Desk,
    DeskOf,
    Reader,
    SafeForm,
    field,
    see_other,
)
from policy_service.portal.pages import render
from policy_service.workflows import accounts

router = APIRouter()


@router.get("/me")
def get_me(request: Request, desk: DeskOf, account: Reader) -> Response:
    """Show one's own account and tokens."""
    return _me(request, desk, account)


@router.post("/me/tokens")
def post_token(request: Request, desk: DeskOf, form: SafeForm, account: Reader) -> Response:
    """Make a token; its secret is on the answering page and nowhere else."""
    label = field(form, "label")
    if not 0 < len(label) <= 100:
        raise UsageError("say in 1 to 100 characters what the token is for")
    desk.attempts.count_new_token(account.name)
    _, secret = accounts.make_api_token(desk.platform, account.name, label=label)
    return _me(request, desk, account, secret=secret)


@router.post("/me/tokens/revocations")
def post_revocation(desk: DeskOf, form: SafeForm, account: Reader) -> Response:
    """Revoke one of one's own tokens."""
    accounts.revoke_api_token(desk.platform, field(form, "token"), account=account.name)
    return see_other("/me", done="revoked")


@router.get("/accounts")
def get_accounts(request: Request, desk: DeskOf, account: Administrator) -> Response:
    """List the accounts."""
    return _accounts(request, desk)


@router.post("/accounts")
def post_account(
    request: Request, desk: DeskOf, form: SafeForm, account: Administrator
) -> Response:
    """Add an account and show its first sign-in link."""
    name, group = field(form, "name"), field(form, "group")
    try:
        accounts.add_account(
            desk.platform,
            name=name,
            role=AccountRole(field(form, "role")),
            group=ReviewGroup(group) if group else None,
            actor=account.name,
        )
    except (UsageError, ConflictError) as error:
        return _accounts(request, desk, status_code=400, error=f"{error.message}.")
    except ValueError:
        return _accounts(request, desk, status_code=400, error="Choose a role and a group.")
    return _with_link(request, desk, name, account)


@router.post("/accounts/links")
def post_link(request: Request, desk: DeskOf, form: SafeForm, account: Administrator) -> Response:
    """Make a one-time sign-in link for an account."""
    return _with_link(request, desk, field(form, "name"), account)


def _with_link(request: Request, desk: Desk, name: str, account: Account) -> Response:
    token = accounts.make_sign_in_link(desk.platform, name, actor=account.name)
    link = f"{str(request.base_url).rstrip('/')}/sign-in/{token}"
    return _accounts(request, desk, link=link, link_for=name)


def _accounts(
    request: Request,
    desk: Desk,
    *,
    status_code: int = 200,
    error: str = "",
    link: str = "",
    link_for: str = "",
) -> Response:
    return render(
        request,
        "accounts.html",
        status_code=status_code,
        error=error,
        accounts=accounts.list_accounts(desk.platform),
        roles=tuple(AccountRole),
        groups=tuple(ReviewGroup),
        link=link,
        link_for=link_for,
    )


def _me(request: Request, desk: Desk, account: Account, *, secret: str = "") -> Response:
    tokens = accounts.list_api_tokens(desk.platform, account.name)
    return render(request, "me.html", tokens=tokens, secret=secret)
