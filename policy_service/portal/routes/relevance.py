"""Marks of reviewers: whether a cited clause fits its rule, or an answer its question."""

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from policy_service.domain.errors import UsageError
from policy_service.portal.guard import DeskOf, Reviewer, SafeForm, field, see_other
from policy_service.portal.routes.drafts import DraftPath
from policy_service.portal.routes.rules import RulePath
from policy_service.workflows.relevance import mark_citation, mark_relevance

router = APIRouter()


@router.post("/drafts/{draft_id}/rules/{rule_id}/marks")
def post_citation_mark(
    draft_id: DraftPath, rule_id: RulePath, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Keep whether a cited clause fits the rule; the rule's sentence is the question."""
    mark_citation(
        desk.platform,
        draft_id,
        rule_id,
        provision=field(form, "provision"),
        relevant=_fits(form),
        reviewer=account.name,
    )
    return see_other(f"/drafts/{draft_id}/rules/{rule_id}", done="marked")


@router.post("/corpus/marks")
def post_answer_mark(desk: DeskOf, form: SafeForm, account: Reviewer) -> Response:
    """Keep whether an answer fits the question it was found for."""
    question = field(form, "q")
    mark_relevance(
        desk.platform,
        query=question,
        provision=field(form, "provision"),
        relevant=_fits(form),
        reviewer=account.name,
    )
    return see_other("/corpus", q=question, done="marked")


def _fits(form: FormData) -> bool:
    said = field(form, "fits")
    if said not in ("yes", "no"):
        raise UsageError("say whether it fits")
    return said == "yes"
