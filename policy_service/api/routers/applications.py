"""Application policies: submit a file, approve what somebody else submitted, publish it."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from policy_service.api.access import Author, Publisher, Reader, Reviewer, ServicesOf
from policy_service.api.answers import show_bundle
from policy_service.api.application_schemas import (
    ApplicationApproval,
    ApplicationRejection,
    ApplicationRequest,
    ApplicationShown,
    ApplicationTextShown,
)
from policy_service.api.schemas import BundleSummary, shown
from policy_service.domain.plain import to_plain
from policy_service.domain.review import DraftState
from policy_service.workflows.application_publication import publish_application
from policy_service.workflows.applications import (
    approve_application,
    find_application,
    list_applications,
    reject_application,
    submit_application,
)

router = APIRouter(prefix="/applications", tags=["applications"])
SubmissionId = Annotated[str, Path(max_length=100, pattern=r"^app_\w+$")]


@router.get("", operation_id="list_applications", summary="List the submissions")
def get_applications(services: ServicesOf, caller: Reader) -> list[ApplicationShown]:
    """Newest first, of every application, with where each stands."""
    return [shown(ApplicationShown, one) for one in list_applications(services.platform)]


@router.post("", operation_id="submit_application", summary="Submit a policy file", status_code=201)
def post_application(
    body: ApplicationRequest, response: Response, services: ServicesOf, caller: Author
) -> ApplicationShown:
    """It is checked first: grounds, names, tests, two engines. A wrong line is named."""
    row = submit_application(services.platform, body.text, file=body.file, actor=caller.name)
    response.headers["Location"] = f"/api/v1/applications/{row.id}"
    return shown(ApplicationShown, row)


@router.get("/{submission}", operation_id="get_application", summary="Show a submission")
def get_application(
    submission: SubmissionId, services: ServicesOf, caller: Reader
) -> ApplicationTextShown:
    """Return the file as it was submitted, with the clauses its rules stand on."""
    view = find_application(services.platform, submission)
    plain = to_plain(view.row)
    fields = plain if isinstance(plain, dict) else {}
    return ApplicationTextShown.model_validate({**fields, "text": view.text})


@router.post(
    "/{submission}/approval", operation_id="approve_application", summary="Approve a submission"
)
def post_approval(
    submission: SubmissionId, body: ApplicationApproval, services: ServicesOf, caller: Reviewer
) -> ApplicationShown:
    """Never yours to approve what you submitted; 409 where the content is another."""
    row = approve_application(
        services.platform, submission, seen_sha256=body.sha256, actor=caller.name
    )
    return shown(ApplicationShown, row)


@router.post(
    "/{submission}/rejection",
    operation_id="reject_application",
    summary="Turn a submission down",
)
def post_rejection(
    submission: SubmissionId, body: ApplicationRejection, services: ServicesOf, caller: Reviewer
) -> ApplicationShown:
    """With the reason, for its author."""
    row = reject_application(services.platform, submission, reason=body.reason, actor=caller.name)
    return shown(ApplicationShown, row)


@router.post(
    "/{submission}/publication",
    operation_id="publish_application",
    summary="Publish an approved submission",
    status_code=201,
)
def post_publication(
    submission: SubmissionId, services: ServicesOf, caller: Publisher
) -> BundleSummary:
    """Checked again, signed, and live at once; a live one is renewed."""
    signed = publish_application(services.platform, submission, actor=caller.name)
    return show_bundle(signed, DraftState.PUBLISHED)
