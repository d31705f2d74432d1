"""The first page: the drafts, and what waits in each."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.domain.review import DraftState
from policy_service.portal.guard import DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.workflows.reading import summarise_drafts

router = APIRouter()
_OPEN = (DraftState.DRAFTED, DraftState.IN_REVIEW, DraftState.CHANGES_REQUESTED)


@router.get("/")
def get_inbox(request: Request, desk: DeskOf, account: Reader) -> Response:
    """Drafts under review first, then approved ones, then the rest."""
    drafts = summarise_drafts(desk.platform)
    under_review = [one for one in drafts if one.row.state in _OPEN]
    waiting = sum(sum(one.waiting.values()) for one in under_review)
    return render(
        request,
        "inbox.html",
        under_review=under_review,
        approved=[one for one in drafts if one.row.state is DraftState.APPROVED],
        settled=[one for one in drafts if one.row.state not in (*_OPEN, DraftState.APPROVED)],
        waiting=waiting,
    )
