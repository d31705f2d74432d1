"""Bundles: what is published; PEPs fetch the live one with its ETag."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from policy_service.api.access import Publisher, Reader, ServicesOf
from policy_service.api.answers import show_bundle
from policy_service.api.routers.sources import SourceName
from policy_service.api.schemas import BundleSummary, PublishRequest
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import silent
from policy_service.domain.review import DraftState
from policy_service.workflows.publish import find_bundle, list_bundles, publish, roll_back

router = APIRouter(prefix="/bundles", tags=["bundles"])


@router.get("", operation_id="list_bundles", summary="List the bundles")
def get_bundles(services: ServicesOf, caller: Reader) -> list[BundleSummary]:
    """Newest first, with where each stands: published, superseded, rolled back."""
    return [show_bundle(one.signed, one.state) for one in list_bundles(services.platform)]


@router.post("", operation_id="publish_draft", summary="Publish a draft", status_code=201)
def post_bundle(
    body: PublishRequest, response: Response, services: ServicesOf, caller: Publisher
) -> BundleSummary:
    """Verify, sign and make live; 409 with the reason where something forbids it."""
    signed = publish(services.platform, body.draft, actor=caller.name, progress=silent)
    response.headers["Location"] = f"/api/v1/bundles/{signed.bundle.source}/live"
    return show_bundle(signed, DraftState.PUBLISHED)


@router.get(
    "/{source}/live",
    operation_id="get_live_bundle",
    summary="Fetch the live bundle",
    response_class=JSONResponse,
    responses={304: {"description": "The bundle in `If-None-Match` is the live one"}},
)
def get_live(
    source: SourceName,
    services: ServicesOf,
    caller: Reader,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Return the signed bundle; check its signature before you load it."""
    signed = find_bundle(services.platform, source)
    headers = {"ETag": f'"{signed.sha256}"', "Cache-Control": "private, no-cache"}
    if if_none_match is not None and _names(if_none_match, signed.sha256):
        return Response(status_code=304, headers=headers)
    return JSONResponse(to_plain(signed), headers=headers)


@router.post(
    "/{source}/rollbacks",
    operation_id="roll_back",
    summary="Take the live bundle back",
    status_code=201,
)
def post_rollback(source: SourceName, services: ServicesOf, caller: Publisher) -> BundleSummary:
    """Issue the policy before it again, newly signed, under a new revision."""
    signed = roll_back(services.platform, source, actor=caller.name)
    return show_bundle(signed, DraftState.PUBLISHED)


def _names(if_none_match: str, sha256: str) -> bool:
    """Tell whether a header's list of tags has this one; RFC 9110, section 13.1.2."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{sha256}"' in tags
