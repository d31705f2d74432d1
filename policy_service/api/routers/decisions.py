"""Recorded decisions, and the way from each back to the clauses."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from policy_service.api.access import Reader, ServicesOf
from policy_service.api.answers import show_decision, show_trace
from policy_service.api.schemas import DecisionShown, TraceShown
from policy_service.workflows.reading import find_decision, newest_decisions
from policy_service.workflows.trace import trace

router = APIRouter()
DecisionPath = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$", examples=["dec_4k2w…"])]


@router.get(
    "/decisions", operation_id="list_decisions", summary="List decisions", tags=["decisions"]
)
def get_decisions(
    services: ServicesOf, caller: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[DecisionShown]:
    """Newest first."""
    return [show_decision(one) for one in newest_decisions(services.platform, limit)]


@router.get(
    "/decisions/{decision_id}",
    operation_id="get_decision",
    summary="Show a decision",
    tags=["decisions"],
)
def get_decision(decision_id: DecisionPath, services: ServicesOf, caller: Reader) -> DecisionShown:
    """Return it as the audit log keeps it."""
    return show_decision(find_decision(services.platform, decision_id))


@router.get(
    "/traces/{decision_id}", operation_id="get_trace", summary="Trace a decision", tags=["traces"]
)
def get_trace(decision_id: DecisionPath, services: ServicesOf, caller: Reader) -> TraceShown:
    """Decision → rules → approvals → draft → clauses, with its proof in the audit log."""
    return show_trace(trace(services.platform, decision_id))
