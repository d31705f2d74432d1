"""Signing in, by password or one-time link, and out."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.domain.errors import ForbiddenError
from policy_service.portal.guard import (
    Desk,
    DeskOf,
    OpenForm,
    SafeForm,
    Visitor,
    address_of,
    field,
    local_path,
    see_other,
)
from policy_service.portal.pages import render
from policy_service.workflows.accounts import (
    SignedIn,
    sign_in_by_link,
    sign_in_by_password,
    sign_out,
)

router = APIRouter()
LinkToken = Annotated[str, Path(max_length=200, pattern=r"^[\w-]+$")]


@router.get("/sign-in")
def get_sign_in(request: Request) -> Response:
    """Show the form."""
    back = local_path(request.query_params.get("next", "/"))
    return render(request, "sign_in.html", back=back, name="")


@router.post("/sign-in")
def post_sign_in(request: Request, desk: DeskOf, form: OpenForm) -> Response:
    """Check name and password; failed attempts are counted."""
    name, back = field(form, "name"), local_path(field(form, "next") or "/")
    password = form.get("password", "")
    address = address_of(request)
    try:
        desk.attempts.check(address, name)
        signed_in = sign_in_by_password(
            desk.platform, name, password if isinstance(password, str) else ""
        )
    except ForbiddenError as error:
        desk.attempts.count(address, name)
        return render(
            request,
            "sign_in.html",
            status_code=403,
            back=back,
            name=name,
            error=f"{error.message.capitalize()}.",
        )
    return _with_session(see_other(back), signed_in, desk)


@router.get("/sign-in/{token}")
def get_link(request: Request, token: LinkToken) -> Response:
    """Ask before the link is spent: whoever previews it must not use it up."""
    return render(request, "sign_in_link.html", token=token)


@router.post("/sign-in/{token}")
def post_link(request: Request, token: LinkToken, desk: DeskOf, form: OpenForm) -> Response:
    """Spend the link."""
    address = address_of(request)
    desk.attempts.check(address, "")
    try:
        signed_in = sign_in_by_link(desk.platform, token)
    except ForbiddenError:
        desk.attempts.count(address, token)
        raise
    return _with_session(see_other("/"), signed_in, desk)


@router.post("/sign-out")
def post_sign_out(desk: DeskOf, form: SafeForm, signed_in: Visitor) -> Response:
    """End the session here and on the server."""
    sign_out(desk.platform, signed_in.token)
    response = see_other("/sign-in", done="signed-out")
    response.delete_cookie(desk.session_cookie, path="/")
    return response


def _with_session(response: Response, signed_in: SignedIn, desk: Desk) -> Response:
    response.set_cookie(
        desk.session_cookie,
        signed_in.token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=desk.https,
    )
    return response
