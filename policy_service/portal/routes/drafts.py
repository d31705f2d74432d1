"""One draft: its rules, filtered, what verification says, who gains and loses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.domain.draft import AccessRule, Risk, Rule
from policy_service.domain.errors import ForbiddenError
from policy_service.domain.identifiers import RuleId, Sha256Hex
from policy_service.domain.progress import Progress
from policy_service.domain.review import Account, RuleState
from policy_service.portal.draft_view import group_changes, group_rules, titles_of
from policy_service.portal.guard import (
    Checker,
    DeskOf,
    Reader,
    Reviewer,
    SafeForm,
    fields,
    see_other,
)
from policy_service.portal.pages import render
from policy_service.portal.rule_view import waiting_for
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import DraftReading, list_jobs, read_draft
from policy_service.workflows.review import approve_all
from policy_service.workflows.verify import verify

router = APIRouter(prefix="/drafts")
DraftPath = Annotated[str, Path(max_length=64, pattern=r"^[\w-]+$")]
_PAGE = 100  # rules a page


@dataclass(frozen=True, slots=True)
class _Filter:
    role: str = ""
    category: str = ""
    state: str = ""
    risk: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "_Filter":
        page = query.get("page", "1")
        return cls(
            role=query.get("role", ""),
            category=query.get("category", ""),
            state=query.get("state", ""),
            risk=query.get("risk", ""),
            page=max(int(page), 1) if page.isdecimal() and len(page) < 6 else 1,
        )

    def keeps(self, rule: Rule, reading: DraftReading, mine: frozenset[RuleId]) -> bool:
        if self.risk and rule.risk.value != self.risk:
            return False
        if self.state == "mine":
            if rule.id not in mine:
                return False
        elif self.state and reading.statuses[rule.id].state.value != self.state:
            return False
        if not self.role and not self.category:
            return True
        return isinstance(rule, AccessRule) and (
            rule.point.role == (self.role or rule.point.role)
            and rule.point.category == (self.category or rule.point.category)
        )


@router.get("/{draft_id}")
def get_draft(request: Request, draft_id: DraftPath, desk: DeskOf, account: Reader) -> Response:
    """Show the draft."""
    reading = read_draft(desk.platform, draft_id)
    return _page(request, desk, reading, account)


@router.post("/{draft_id}/approvals")
def post_approvals(
    request: Request, draft_id: DraftPath, desk: DeskOf, form: SafeForm, account: Reviewer
) -> Response:
    """Approve the ticked rules, or all low-risk ones shown, if they are still what was shown."""
    reading = read_draft(desk.platform, draft_id)
    chosen = fields(form, "shown" if form.get("all") else "rule")
    seen = dict(one.partition(":")[::2] for one in chosen)
    if not seen:
        return _page(
            request, desk, reading, account, status_code=400, error="Tick the rules to approve."
        )
    not_low = [one for one in reading.view.draft.rules if one.id in seen and one.risk != Risk.LOW]
    if not_low:
        raise ForbiddenError(f"`{not_low[0].id}` is not of low risk; judge it on its own page")
    wanted = {RuleId(rule): Sha256Hex(sha256) for rule, sha256 in seen.items()}
    outcome = approve_all(desk.platform, draft_id, reviewer=account.name, seen=wanted)
    return see_other(
        f"/drafts/{draft_id}", done="approved-many", n=str(len(outcome.verdicts)), state="mine"
    )


@router.post("/{draft_id}/verifications")
def post_verification(
    draft_id: DraftPath, desk: DeskOf, form: SafeForm, account: Checker
) -> Response:
    """Start a job that verifies the present content."""
    read_draft(desk.platform, draft_id)

    def work(progress: Progress) -> dict[str, object]:
        result = verify(desk.platform, draft_id, actor=account.name, progress=progress)
        return {"draft": draft_id, "publishable": result.publishable}

    desk.jobs.start("verify", work, requested_by=account.name)
    return see_other(f"/drafts/{draft_id}", done="verifying")


def _page(
    request: Request,
    desk: DeskOf,
    reading: DraftReading,
    account: Account,
    *,
    status_code: int = 200,
    error: str = "",
) -> Response:
    draft = reading.view.draft
    chosen = _Filter.of(request.query_params)
    reviews = may(account, Permission.REVIEW) and reading.reviewable
    waiting = waiting_for(reading, account.name) if reviews else ()
    mine = frozenset(waiting)
    kept = [rule for rule in draft.rules if chosen.keeps(rule, reading, mine)]
    pages = max(1, -(-len(kept) // _PAGE))
    number = min(chosen.page, pages)
    rules = kept[(number - 1) * _PAGE : number * _PAGE]
    verification = reading.verification
    states = [status.state for status in reading.statuses.values()]
    return render(
        request,
        "draft.html",
        status_code=status_code,
        error=error,
        reading=reading,
        draft=draft,
        row=reading.view.row,
        titles=titles_of(reading),
        labels=desk.platform.categories.label,
        groups=group_rules(rules, reading, desk.platform.categories),
        kept=len(kept),
        chosen=chosen,
        page=number,
        pages=pages,
        roles=sorted({one.point.role for one in draft.access}),
        categories=sorted({one.point.category for one in draft.access}),
        counts={state.value: states.count(state) for state in RuleState},
        waiting=waiting,
        quick={rule.id for rule in rules if rule.risk is Risk.LOW and rule.id in mine},
        verification=verification,
        changes=() if verification is None else group_changes(verification, reading),
        verifying=any(
            job.kind == "verify" and job.state.value in ("waiting", "running")
            for job in list_jobs(desk.platform)
        ),
        can_verify=may(account, Permission.VERIFY),
        can_publish=may(account, Permission.PUBLISH),
        number_done=request.query_params.get("n", ""),
    )
