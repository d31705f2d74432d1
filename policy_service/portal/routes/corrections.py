"""Corrections at the catalogue: a reviewer says what a column holds, another confirms it."""

from fastapi import APIRouter
from starlette.responses import Response

from policy_service.domain.correction import CorrectionState
from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.portal.guard import DeskOf, Reviewer, SafeForm, field, see_other
from policy_service.portal.routes.catalog import SourcePath
from policy_service.workflows.corrections import (
    confirm_correction,
    correct_category,
    find_correction,
    withdraw_correction,
)

router = APIRouter(prefix="/catalog/{source}/corrections")
_DONE = {
    CorrectionState.HOLDS: "corrected",
    CorrectionState.WAITING: "correction-waits",
    CorrectionState.ENDED: "correction-withdrawn",
}


@router.post("")
def post_correction(
    source: SourcePath, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Keep what a reviewer says of one column."""
    column = AssetId(field(form, "column"))
    if asset_parts(column)[0] != source:
        raise NotFoundError(f"source `{source}` has no column `{column}`")
    said = correct_category(
        desk.platform,
        column=column,
        category=field(form, "category"),
        reason=field(form, "reason"),
        by=account.name,
    )
    return see_other(f"/catalog/{source}", done=_DONE[said.state])


@router.post("/confirmation")
def post_confirmation(
    source: SourcePath, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Confirm exactly the correction that the page showed."""
    shown = find_correction(desk.platform, source, field(form, "correction"))
    said = confirm_correction(desk.platform, shown.id, by=account.name)
    return see_other(f"/catalog/{source}", done=_DONE[said.state])


@router.post("/withdrawal")
def post_withdrawal(
    source: SourcePath, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Take back the correction that the page showed."""
    shown = find_correction(desk.platform, source, field(form, "correction"))
    said = withdraw_correction(
        desk.platform, shown.id, reason=field(form, "reason"), by=account.name
    )
    return see_other(f"/catalog/{source}", done=_DONE[said.state])
