"""Bundles: what is published; PEPs fetch the live one with its ETag."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from policy_service.api.access import Asker, Publisher, Reader, ServicesOf
from policy_service.api.answers import show_bundle
from policy_service.api.routers.fleet import (
    DOCUMENT_ANSWERS,
    FleetOf,
    IfNoneMatch,
    Since,
    offered,
)
from policy_service.api.routers.sources import SourceName
from policy_service.api.schemas import BundleSummary, PublishRequest
from policy_service.domain.progress import silent
from policy_service.domain.review import DraftState
from policy_service.workflows.publish import list_bundles, publish, roll_back

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
    response_class=Response,
    responses=DOCUMENT_ANSWERS,
)
def get_live(
    source: SourceName,
    fleet: FleetOf,
    caller: Asker,
    since: Since = 0,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the signed bundle, or the difference to revision `since`; verify it before use."""
    return offered(fleet.desk.bundle(source, since=since), if_none_match)


@router.get(
    "/{source}/events",
    operation_id="follow_bundles",
    summary="Follow changes by server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def get_events(
    source: SourceName,
    fleet: FleetOf,
    caller: Asker,
    last_event_id: Annotated[str, Header(max_length=200)] = "",
) -> StreamingResponse:
    """Send `change` when bundle, people or keys have changed, and a comment every 15 s."""
    await run_in_threadpool(fleet.desk.require_live, source)
    return StreamingResponse(
        fleet.feed.follow(source, last_event_id),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


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
