"""Application policies: read a submission with its clauses, approve it, publish it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.domain.errors import ConflictError, FourEyesError, UsageError
from policy_service.domain.review import Account
from policy_service.portal.guard import (
    Desk,
    DeskOf,
    Publisher,
    Reader,
    Reviewer,
    SafeForm,
    field,
    see_other,
)
from policy_service.portal.pages import render
from policy_service.storage.applications import ApplicationState
from policy_service.workflows.application_publication import publish_application
from policy_service.workflows.applications import (
    approve_application,
    find_application,
    list_applications,
    reject_application,
)
from policy_service.workflows.permissions import Permission, may

router = APIRouter(prefix="/applications")
SubmissionPath = Annotated[str, Path(max_length=100, pattern=r"^app_\w+$")]


@router.get("")
def get_applications(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List every submission, newest first, and what is live."""
    rows = list_applications(desk.platform)
    live = [row for row in rows if row.state is ApplicationState.LIVE]
    return render(request, "applications.html", rows=rows, live=live)


@router.get("/{submission}")
def get_application(
    submission: SubmissionPath, request: Request, desk: DeskOf, account: Reader
) -> Response:
    """Show the rules in words, each with the clauses it stands on, and the file."""
    return _page(request, desk, account, submission)


@router.post("/{submission}/approval")
def post_approval(
    submission: SubmissionPath, request: Request, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Approve exactly the content that the page showed."""
    try:
        approve_application(
            desk.platform, submission, seen_sha256=field(form, "sha256"), actor=account.name
        )
    except (ConflictError, FourEyesError) as error:
        return _refused(request, desk, account, submission, error)
    return see_other(f"/applications/{submission}", done="approved")


@router.post("/{submission}/rejection")
def post_rejection(
    submission: SubmissionPath, request: Request, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Turn a submission down, with the reason."""
    try:
        reject_application(
            desk.platform, submission, reason=field(form, "reason"), actor=account.name
        )
    except (ConflictError, UsageError) as error:
        return _refused(request, desk, account, submission, error)
    return see_other(f"/applications/{submission}", done="turned-down")


@router.post("/{submission}/publication")
def post_publication(
    submission: SubmissionPath, request: Request, desk: DeskOf, form: SafeForm, account: Publisher
) -> Response:
    """Publish it; a refusal says what forbids it and changes nothing."""
    try:
        publish_application(desk.platform, submission, actor=account.name)
    except ConflictError as error:
        return _refused(request, desk, account, submission, error)
    return see_other(f"/applications/{submission}", done="published")


def _refused(
    request: Request,
    desk: Desk,
    account: Account,
    submission: str,
    error: ConflictError | FourEyesError | UsageError,
) -> Response:
    status_code, title = desk.status_of(error)
    said = f"{title}: {error.message}"
    return _page(request, desk, account, submission, status_code=status_code, error=said)


def _page(
    request: Request,
    desk: Desk,
    account: Account,
    submission: str,
    *,
    status_code: int = 200,
    error: str = "",
) -> Response:
    view = find_application(desk.platform, submission)
    row = view.row
    waits = row.state is ApplicationState.WAITING
    is_open = waits or row.state is ApplicationState.APPROVED
    reviews = may(account, Permission.REVIEW)
    publishes = may(account, Permission.PUBLISH)
    return render(
        request,
        "application.html",
        status_code=status_code,
        error=error,
        row=row,
        policy=view.policy,
        text=view.text,
        cited={one.rule: one.citations for one in row.cited},
        can_approve=waits and reviews and account.name != row.author,
        can_reject=is_open and reviews,
        can_publish=publishes and row.state in (ApplicationState.APPROVED, ApplicationState.LIVE),
    )
