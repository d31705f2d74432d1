"""Decisions, and the way from each back to its clauses."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.portal.guard import DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.workflows.reading import newest_decisions
from policy_service.workflows.trace import trace

router = APIRouter(prefix="/decisions")
DecisionPath = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$")]


@router.get("")
def get_decisions(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the newest decisions."""
    return render(request, "decisions.html", decisions=newest_decisions(desk.platform, 100))


@router.get("/{decision_id}")
def get_trace(
    request: Request, decision_id: DecisionPath, desk: DeskOf, account: Reader
) -> Response:
    """Trace one decision."""
    return render(request, "trace.html", trace=trace(desk.platform, decision_id))
