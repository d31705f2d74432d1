"""Marks of reviewers: does a provision answer a question? Lessons for the retriever."""

from fastapi import APIRouter

from policy_service.api.access import Reader, Reviewer, ServicesOf
from policy_service.api.learning_schemas import MarkRequest, MarkShown
from policy_service.api.schemas import shown
from policy_service.workflows.relevance import list_marks, mark_relevance

router = APIRouter(prefix="/corpus/marks", tags=["corpus"])


@router.get("", operation_id="list_marks", summary="List the marks on answers")
def get_marks(services: ServicesOf, caller: Reader) -> list[MarkShown]:
    """In the order they were given; of one reviewer and pair only the last is kept."""
    return [shown(MarkShown, one) for one in list_marks(services.platform)]


@router.post(
    "", operation_id="mark_relevance", summary="Say whether a provision fits", status_code=201
)
def post_mark(body: MarkRequest, services: ServicesOf, caller: Reviewer) -> MarkShown:
    """Your last word on a question and provision counts; it changes no answer by itself."""
    made = mark_relevance(
        services.platform,
        query=body.query,
        provision=body.provision,
        relevant=body.relevant,
        reviewer=caller.name,
    )
    return shown(MarkShown, made)
