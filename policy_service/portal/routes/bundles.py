"""Bundles: what is live, what was; publishing and rolling back, for administrators."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.errors import ConflictError, NotFoundError, PublicationError
from policy_service.domain.progress import silent
from policy_service.domain.review import Account, DraftState
from policy_service.portal.guard import Desk, DeskOf, Publisher, Reader, SafeForm, field, see_other
from policy_service.portal.pages import render
from policy_service.workflows.draft import list_drafts
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.publish import list_bundles, publish, roll_back

router = APIRouter(prefix="/bundles")


@router.get("")
def get_bundles(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List bundles and the drafts that could become one."""
    return _page(request, desk, account)


@router.post("")
def post_bundle(request: Request, desk: DeskOf, form: SafeForm, account: Publisher) -> Response:
    """Publish a draft; a refusal says what forbids it and changes nothing."""
    try:
        publish(desk.platform, field(form, "draft"), actor=account.name, progress=silent)
    except (ConflictError, NotFoundError, PublicationError) as error:
        return _refused(request, desk, account, error)
    return see_other("/bundles", done="published")


@router.post("/rollbacks")
def post_rollback(request: Request, desk: DeskOf, form: SafeForm, account: Publisher) -> Response:
    """Take the live bundle of a source back."""
    try:
        roll_back(desk.platform, field(form, "source"), actor=account.name)
    except (ConflictError, NotFoundError, PublicationError) as error:
        return _refused(request, desk, account, error)
    return see_other("/bundles", done="rolled-back")


def _refused(
    request: Request,
    desk: Desk,
    account: Account,
    error: ConflictError | NotFoundError | PublicationError,
) -> Response:
    status_code, title = desk.status_of(error)
    return _page(request, desk, account, status_code=status_code, error=f"{title}: {error.message}")


def _page(
    request: Request, desk: Desk, account: Account, *, status_code: int = 200, error: str = ""
) -> Response:
    bundles = list_bundles(desk.platform)
    # A source can be rolled back where another draft's policy was live before.
    live = {one.signed.bundle.source: one for one in bundles if one.state is DraftState.PUBLISHED}
    can_roll_back = {
        one.signed.bundle.source
        for one in bundles
        if one.state is DraftState.SUPERSEDED
        and one.signed.bundle.source in live
        and one.signed.bundle.draft != live[one.signed.bundle.source].signed.bundle.draft
    }
    return render(
        request,
        "bundles.html",
        status_code=status_code,
        error=error,
        live=sorted(live.values(), key=lambda one: one.signed.bundle.source),
        earlier=[one for one in bundles if one.state is not DraftState.PUBLISHED],
        approved=[row for row in list_drafts(desk.platform) if row.state is DraftState.APPROVED],
        can_publish=may(account, Permission.PUBLISH),
        can_roll_back=can_roll_back,
    )
