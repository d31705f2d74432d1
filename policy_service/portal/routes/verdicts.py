"""Verdicts given on the rule page: post, then on to the next rule that waits."""

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from policy_service.domain.control import Control
from policy_service.domain.draft import Amendment, Rule
from policy_service.domain.errors import (
    ConflictError,
    DraftingError,
    FourEyesError,
    NotFoundError,
    StaleApprovalError,
    UsageError,
)
from policy_service.domain.identifiers import RuleId, Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.domain.review import VerdictKind
from policy_service.portal.guard import DeskOf, Reviewer, SafeForm, field, see_other
from policy_service.portal.routes.drafts import DraftPath
from policy_service.portal.routes.rules import RulePath, rule_page
from policy_service.portal.rule_view import allowed_candidates, amendable, next_waiting
from policy_service.workflows.reading import DraftReading, read_draft
from policy_service.workflows.review import VerdictRequest, submit_verdict

router = APIRouter(prefix="/drafts")
_DONE = {
    VerdictKind.APPROVE: "approved",
    VerdictKind.AMEND: "amended",
    VerdictKind.REJECT: "rejected",
    VerdictKind.COMMENT: "commented",
}


@router.post("/{draft_id}/rules/{rule_id}/verdicts")
def post_verdict(
    request: Request,
    draft_id: DraftPath,
    rule_id: RulePath,
    *,
    desk: DeskOf,
    form: SafeForm,
    account: Reviewer,
) -> Response:
    """Take one verdict; a refusal shows the rule as it stands now, with what was typed."""
    reading = read_draft(desk.platform, draft_id)
    try:
        verdict = _request(reading, RuleId(rule_id), form)
        submit_verdict(desk.platform, draft_id, verdict, reviewer=account.name)
    except (ConflictError, FourEyesError, UsageError, DraftingError) as error:
        status_code, _ = desk.status_of(error)
        return rule_page(
            request,
            desk,
            read_draft(desk.platform, draft_id),
            RuleId(rule_id),
            account,
            status_code=status_code,
            error=_said(error),
            reason=field(form, "reason"),
        )
    return _onward(reading, verdict, account.name)


def _onward(reading: DraftReading, verdict: VerdictRequest, reviewer: str) -> Response:
    """Go to the next rule that waits; stay after a comment or an amendment."""
    here = f"/drafts/{reading.view.row.id}"
    done = _DONE[verdict.kind]
    stays = verdict.kind in (VerdictKind.COMMENT, VerdictKind.AMEND)
    following = verdict.rule if stays else next_waiting(reading, verdict.rule, reviewer)
    if following is None:
        return see_other(here, done=done)
    return see_other(f"{here}/rules/{following}", done=done, about=verdict.rule)


def _request(reading: DraftReading, rule_id: RuleId, form: FormData) -> VerdictRequest:
    rule = reading.view.draft.rule(rule_id)
    if rule is None:
        raise NotFoundError(f"draft `{reading.view.row.id}` has no rule `{rule_id}`")
    try:
        kind = VerdictKind(field(form, "kind"))
    except ValueError as error:
        raise UsageError("choose to approve, amend, reject or comment") from error
    return VerdictRequest(
        rule=rule_id,
        kind=kind,
        reason=field(form, "reason"),
        amendment=_amendment(rule, form)
        if kind in (VerdictKind.AMEND, VerdictKind.REJECT)
        else None,
        seen_sha256=Sha256Hex(field(form, "seen")),
    )


def _amendment(rule: Rule, form: FormData) -> Amendment | None:
    """Read the chosen control, or the settings that differ from what they are."""
    chosen = field(form, "control")
    if chosen:
        return Amendment(control=_control(rule, chosen))
    changed: dict[str, object] = {}
    for name, present in amendable(rule):
        given = field(form, f"setting-{name}")
        if not given or given == str(present):
            continue
        if isinstance(present, int):
            if not given.isdecimal() or len(given) > 9:
                raise UsageError(f"`{name.replace('_', ' ')}` must be a whole number")
            changed[name] = int(given)
        else:
            changed[name] = given
    return Amendment(settings=Parameters(changed)) if changed else None


def _control(rule: Rule, chosen: str) -> Control:
    for candidate in allowed_candidates(rule):
        if candidate.control.label == chosen:
            return candidate.control
    raise UsageError("choose one of the controls that were considered and that no floor forbids")


def _said(error: ConflictError | FourEyesError | UsageError | DraftingError) -> str:
    if isinstance(error, StaleApprovalError):
        return (
            "This rule has changed since you opened it, so your verdict was not taken. "
            "Below is what it says now: read it again, then decide."
        )
    message = error.message
    return f"{message[:1].upper()}{message[1:]}."
