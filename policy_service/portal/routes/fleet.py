"""Enforcement points: which revision each runs, how it is, and which keys they trust."""

from collections import Counter

from fastapi import APIRouter, Request
from starlette.responses import Response

from policy_service.enforcement.trusted_keys import open_keyset
from policy_service.portal.guard import Desk, DeskOf, Publisher, Reader, SafeForm, field, see_other
from policy_service.portal.pages import render
from policy_service.workflows.fleet import PointState, forget_point, list_points
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.trusted_keys import trusted_keys

router = APIRouter(prefix="/fleet")


@router.get("")
def get_fleet(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the points; those that need somebody come first."""
    points = list_points(desk.platform)
    order = list(PointState)
    counts = Counter(one.state for one in points)
    return render(
        request,
        "fleet.html",
        points=sorted(points, key=lambda one: order.index(one.state)),
        current=counts[PointState.CURRENT],
        counts=[(state, counts[state]) for state in order if counts[state]],
        keyset=_keys(desk),
        can_forget=may(account, Permission.PUBLISH),
    )


@router.post("/forgotten")
def post_forgotten(request: Request, desk: DeskOf, form: SafeForm, account: Publisher) -> Response:
    """Take a point that is gone off the list."""
    forget_point(desk.platform, field(form, "name"), actor=account.name)
    return see_other("/fleet", done="forgotten")


def _keys(desk: Desk) -> object:
    return open_keyset(trusted_keys(desk.platform)).keyset
