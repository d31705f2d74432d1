"""Accounts, and everybody's own API tokens. Signing in is the portal's."""

from typing import Annotated

from fastapi import APIRouter, Path

from policy_service.api.access import Administrator, Reader, ServicesOf
from policy_service.api.schemas import (
    AccountRequest,
    AccountShown,
    LinkShown,
    NewTokenShown,
    TokenRequest,
    TokenShown,
    shown,
)
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.workflows import accounts

router = APIRouter(prefix="/accounts", tags=["accounts"])
AccountPath = Annotated[str, Path(max_length=64, examples=["reviewer-1"])]
TokenPath = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$", examples=["tok_4k2w…"])]


@router.get("/me", operation_id="get_me", summary="Show who you are")
def get_me(caller: Reader) -> AccountShown:
    """Return the account that the token or session belongs to."""
    return shown(AccountShown, caller)


@router.get("/me/tokens", operation_id="list_tokens", summary="List your API tokens")
def get_tokens(services: ServicesOf, caller: Reader) -> list[TokenShown]:
    """Without their secrets, which are not kept."""
    found = accounts.list_api_tokens(services.platform, caller.name)
    return [shown(TokenShown, token) for token in found]


@router.post("/me/tokens", operation_id="make_token", summary="Make an API token", status_code=201)
def post_token(body: TokenRequest, services: ServicesOf, caller: Reader) -> NewTokenShown:
    """The secret is shown this once; it ends after 90 days."""
    services.limits.count_new_token(caller.name)
    made, secret = accounts.make_api_token(services.platform, caller.name, label=body.label)
    return NewTokenShown(id=made, secret=secret)


@router.delete(
    "/me/tokens/{token_id}",
    operation_id="revoke_token",
    summary="Revoke an API token",
    status_code=204,
)
def delete_token(token_id: TokenPath, services: ServicesOf, caller: Reader) -> None:
    """It ends at once."""
    accounts.revoke_api_token(services.platform, token_id, account=caller.name)


@router.get("", operation_id="list_accounts", summary="List the accounts")
def get_accounts(services: ServicesOf, caller: Administrator) -> list[AccountShown]:
    """By name."""
    return [shown(AccountShown, one) for one in accounts.list_accounts(services.platform)]


@router.post("", operation_id="add_account", summary="Add an account", status_code=201)
def post_account(body: AccountRequest, services: ServicesOf, caller: Administrator) -> AccountShown:
    """A reviewer speaks for a group; nobody else has one."""
    account = accounts.add_account(
        services.platform,
        name=body.name,
        role=AccountRole(body.role),
        group=None if body.group is None else ReviewGroup(body.group),
        actor=caller.name,
    )
    return shown(AccountShown, account)


@router.post(
    "/{name}/sign-in-links",
    operation_id="make_sign_in_link",
    summary="Make a one-time sign-in link",
    status_code=201,
)
def post_link(name: AccountPath, services: ServicesOf, caller: Administrator) -> LinkShown:
    """It signs its account in once, within 30 minutes; hand it over in person."""
    token = accounts.make_sign_in_link(services.platform, name, actor=caller.name)
    return LinkShown(path=f"/sign-in/{token}")
