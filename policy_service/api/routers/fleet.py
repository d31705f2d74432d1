"""The fleet: what enforcement points fetch beside bundles, and what they report."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from policy_service.api.access import Asker, EnforcementPoint, Reader, ServicesOf
from policy_service.api.fleet_events import ChangeFeed
from policy_service.api.fleet_schemas import PointReported, PointShown, show_point
from policy_service.workflows.fleet import (
    DELTA_MEDIA_TYPE,
    FULL_MEDIA_TYPE,
    FleetDesk,
    Offer,
    list_points,
    save_report,
)
from policy_service.workflows.platform import Platform

router = APIRouter(prefix="/fleet", tags=["fleet"])
Since = Annotated[
    int, Query(ge=0, le=2**31 - 1, description="What the caller has; 0: nothing, or all anew")
]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]
DOCUMENT_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The signed document, or the difference to it where `since` is given",
        "content": {
            FULL_MEDIA_TYPE: {"schema": {"type": "object"}},
            DELTA_MEDIA_TYPE: {"schema": {"type": "object"}},
        },
    },
    304: {"description": "The document in `If-None-Match` is the live one"},
}


@dataclass(frozen=True, slots=True)
class FleetFace:
    """What the routes for enforcement points work with; one for an application."""

    desk: FleetDesk
    feed: ChangeFeed

    @classmethod
    def of(cls, platform: Platform) -> "FleetFace":
        """Make the face of a platform."""
        desk = FleetDesk(platform)
        return cls(desk, ChangeFeed(desk.standing))


def fleet_of(request: Request) -> FleetFace:
    """Return the face that `create_api` made."""
    face = request.app.state.fleet
    if not isinstance(face, FleetFace):
        raise TypeError("this application was not made by `create_api`")
    return face


FleetOf = Annotated[FleetFace, Depends(fleet_of)]


@router.get("", operation_id="list_points", summary="List the enforcement points")
def get_points(services: ServicesOf, caller: Reader) -> list[PointShown]:
    """Each as it last reported: which revision it enforces, since when, and how it is."""
    return [show_point(one) for one in list_points(services.platform)]


@router.post("/reports", operation_id="report_point", summary="Report a point", status_code=204)
def post_report(body: PointReported, services: ServicesOf, caller: EnforcementPoint) -> None:
    """Keep the report in the place of the one before it."""
    save_report(services.platform, body.report(), account=caller.name)


@router.get(
    "/directory",
    operation_id="get_directory",
    summary="Fetch the people",
    response_class=Response,
    responses=DOCUMENT_ANSWERS,
)
def get_directory(
    fleet: FleetOf, caller: EnforcementPoint, since: Since = 0, if_none_match: IfNoneMatch = None
) -> Response:
    """Return who holds which roles, signed, or the difference to the edition `since`."""
    return offered(fleet.desk.directory(since=since), if_none_match)


@router.get("/keysets", operation_id="get_keysets", summary="Fetch the trusted keys")
def get_keysets(fleet: FleetOf, caller: Asker, after: Since = 0) -> Response:
    """Return the versions after one, oldest first; each is signed by the one before it."""
    return Response(fleet.desk.keysets(after=after), media_type=FULL_MEDIA_TYPE)


def offered(offer: Offer, if_none_match: str | None) -> Response:
    """Answer with what is offered, or 304 where the caller has it."""
    headers = {
        "ETag": f'"{offer.etag}"',
        "Cache-Control": "private, no-cache",
    }
    if if_none_match is not None and _names(if_none_match, offer.etag):
        return Response(status_code=304, headers=headers)
    return Response(offer.content, media_type=offer.media_type, headers=headers)


def _names(if_none_match: str, etag: str) -> bool:
    """Tell whether a header's list of tags has this one; RFC 9110, section 13.1.2."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{etag}"' in tags
