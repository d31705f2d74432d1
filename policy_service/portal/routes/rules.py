"""The rule page: why, what, who; and the forms a verdict is given with."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import RuleId
from policy_service.domain.provision import Provision
from policy_service.domain.review import Account
from policy_service.portal.draft_view import titles_of
from policy_service.portal.guard import Desk, DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.portal.routes.drafts import DraftPath
from policy_service.portal.rule_view import (
    allowed_candidates,
    next_waiting,
    view_rule,
)
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import DraftReading, find_provision, read_draft
from policy_service.workflows.relevance import marks_of

router = APIRouter(prefix="/drafts")
RulePath = Annotated[str, Path(max_length=32, pattern=r"^[\w-]+$")]


@router.get("/{draft_id}/rules/{rule_id}")
def get_rule(
    request: Request, draft_id: DraftPath, rule_id: RulePath, desk: DeskOf, account: Reader
) -> Response:
    """Show one rule."""
    reading = read_draft(desk.platform, draft_id)
    return rule_page(request, desk, reading, RuleId(rule_id), account)


def rule_page(
    request: Request,
    desk: Desk,
    reading: DraftReading,
    rule_id: RuleId,
    account: Account,
    *,
    status_code: int = 200,
    error: str = "",
    reason: str = "",
) -> Response:
    """Render the page; `reason` is what was typed already, so that a refusal loses nothing."""
    rule = reading.view.draft.rule(rule_id)
    if rule is None:
        raise NotFoundError(f"draft `{reading.view.row.id}` has no rule `{rule_id}`")

    def find(provision_id: str) -> Provision | None:
        try:
            return find_provision(desk.platform, provision_id)
        except NotFoundError:
            return None

    reviews = may(account, Permission.REVIEW) and reading.reviewable
    return render(
        request,
        "rule.html",
        status_code=status_code,
        error=error,
        reason=reason,
        view=view_rule(reading, rule, find, desk.platform.categories),
        row=reading.view.row,
        draft=reading.view.draft,
        titles=titles_of(reading),
        labels=desk.platform.categories.label,
        allowed=allowed_candidates(rule),
        reviews=reviews,
        can_mark=may(account, Permission.REVIEW),
        marks=marks_of(desk.platform, rule.sentence, reviewer=account.name),
        may_approve=reviews and reading.case.may_approve(rule_id, account.name),
        next_waiting=next_waiting(reading, rule_id, account.name) if reviews else None,
        verified=reading.verification is not None,
        live=reading.live,
    )
