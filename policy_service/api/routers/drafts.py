"""Drafts: their rules, verification and export; drafting and verifying are jobs."""

from io import BytesIO
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Annotated
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fastapi import APIRouter, Path, Query, Response

from policy_service.api.access import Author, Checker, Reader, ServicesOf
from policy_service.api.answers import plain_object, rule_kind, show_draft, show_rule, show_summary
from policy_service.api.draft_schemas import (
    DraftRequest,
    DraftShown,
    DraftSummaryShown,
    RuleShown,
    VerificationShown,
)
from policy_service.api.jobs import accepted
from policy_service.api.schemas import JobShown
from policy_service.domain.draft import AccessRule, Risk
from policy_service.domain.errors import NotFoundError, OrganisationError
from policy_service.domain.identifiers import RuleId
from policy_service.domain.organisation import Organisation
from policy_service.domain.progress import Progress
from policy_service.domain.review import RuleState
from policy_service.workflows.draft import draft, find_draft, read_organisation_file, write_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.reading import newest_verification, read_draft, summarise_drafts
from policy_service.workflows.scan import find_catalog
from policy_service.workflows.verify import verify

router = APIRouter(prefix="/drafts", tags=["drafts"])
DraftPath = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$", examples=["dra_4k2w…"])]
RulePath = Annotated[str, Path(max_length=32, pattern=r"^[\w-]+$", examples=["R-0117"])]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's own; the same draft gives the same archive


@router.get("", operation_id="list_drafts", summary="List the drafts")
def get_drafts(services: ServicesOf, caller: Reader) -> list[DraftSummaryShown]:
    """Newest first, with what waits in each."""
    return [show_summary(one) for one in summarise_drafts(services.platform)]


@router.post("", operation_id="start_draft", summary="Draft a policy", status_code=202)
def post_draft(
    body: DraftRequest, response: Response, services: ServicesOf, caller: Author
) -> JobShown:
    """Start a job that drafts for `source`; a wrong organisation file is refused at once."""
    organisation = _read_organisation(services.platform, body.organisation)
    find_catalog(services.platform, body.source)

    def work(progress: Progress) -> dict[str, object]:
        made = draft(
            services.platform,
            organisation=organisation,
            source=body.source,
            author=caller.name,
            seed=body.seed,
            progress=progress,
        )
        return {"draft": made.id, "rules": len(made.rules)}

    return accepted(response, services.jobs.start("draft", work, requested_by=caller.name))


@router.get("/{draft_id}", operation_id="get_draft", summary="Show a draft")
def get_draft(draft_id: DraftPath, services: ServicesOf, caller: Reader) -> DraftShown:
    """Return the draft without its rules."""
    return show_draft(read_draft(services.platform, draft_id))


@router.get("/{draft_id}/rules", operation_id="list_rules", summary="List a draft's rules")
def get_rules(
    draft_id: DraftPath,
    services: ServicesOf,
    caller: Reader,
    *,
    role: Annotated[str | None, Query(max_length=200)] = None,
    category: Annotated[str | None, Query(max_length=200)] = None,
    state: RuleState | None = None,
    risk: Risk | None = None,
    kind: Annotated[str | None, Query(max_length=20)] = None,
) -> list[RuleShown]:
    """Filters narrow the list; `role` and `category` keep access rules only."""
    reading = read_draft(services.platform, draft_id)
    rules = [
        rule
        for rule in reading.view.draft.rules
        if (risk is None or rule.risk is risk)
        and (state is None or reading.statuses[rule.id].state is state)
        and (kind is None or rule_kind(rule) == kind)
        and (role is None or (isinstance(rule, AccessRule) and rule.point.role == role))
        and (category is None or (isinstance(rule, AccessRule) and rule.point.category == category))
    ]
    return [show_rule(rule, reading.statuses[rule.id]) for rule in rules]


@router.get("/{draft_id}/rules/{rule_id}", operation_id="get_rule", summary="Show a rule")
def get_rule(
    draft_id: DraftPath, rule_id: RulePath, services: ServicesOf, caller: Reader
) -> RuleShown:
    """`sha256` is what a verdict on the rule must repeat as `seen_sha256`."""
    reading = read_draft(services.platform, draft_id)
    rule = reading.view.draft.rule(RuleId(rule_id))
    if rule is None:
        raise NotFoundError(f"draft `{draft_id}` has no rule `{rule_id}`")
    return show_rule(rule, reading.statuses[rule.id])


@router.get(
    "/{draft_id}/verification",
    operation_id="get_verification",
    summary="Show what verification says",
)
def get_verification(
    draft_id: DraftPath, services: ServicesOf, caller: Reader
) -> VerificationShown:
    """Findings, policy tests, and who gains or loses, for exactly the present content."""
    result = newest_verification(services.platform, draft_id)
    return VerificationShown.model_validate(
        {**plain_object(result), "publishable": result.publishable}
    )


@router.post(
    "/{draft_id}/verifications",
    operation_id="start_verification",
    summary="Verify a draft",
    status_code=202,
)
def post_verification(
    draft_id: DraftPath, response: Response, services: ServicesOf, caller: Checker
) -> JobShown:
    """Start a job that verifies the present content."""
    find_draft(services.platform, draft_id)

    def work(progress: Progress) -> dict[str, object]:
        result = verify(services.platform, draft_id, actor=caller.name, progress=progress)
        return {
            "draft": draft_id,
            "publishable": result.publishable,
            "findings": len(result.findings),
        }

    return accepted(response, services.jobs.start("verify", work, requested_by=caller.name))


@router.get(
    "/{draft_id}/export.zip",
    operation_id="export_draft",
    summary="Download a draft as files",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}},
)
def get_export(draft_id: DraftPath, services: ServicesOf, caller: Reader) -> Response:
    """What `draft --out` writes: Casbin model and policy, settings, tests, prose, citations."""
    archive = BytesIO()
    with TemporaryDirectory() as temporary, ZipFile(archive, "w", ZIP_DEFLATED) as zipped:
        folder = FilePath(temporary) / draft_id
        write_draft(services.platform, draft_id, folder)
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                info = ZipInfo(f"{draft_id}/{file.relative_to(folder).as_posix()}", _EPOCH)
                zipped.writestr(info, file.read_bytes(), ZIP_DEFLATED)
    return Response(
        archive.getvalue(),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{draft_id}.zip"'},
    )


def _read_organisation(platform: Platform, text: str) -> Organisation:
    with TemporaryDirectory() as temporary:
        file = FilePath(temporary) / "organisation.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            return read_organisation_file(platform, file)[0]
        except OrganisationError as error:
            # The path of a temporary file says nothing to who sent the text.
            message = error.message.replace(str(file), file.name)
            raise OrganisationError(message, key=error.key, line=error.line) from error
