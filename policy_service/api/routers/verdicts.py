"""Verdicts of reviewers on a draft's rules. Law 4: bound to the content they looked at."""

from fastapi import APIRouter

from policy_service.api.access import Reader, Reviewer, ServicesOf
from policy_service.api.answers import plain_object
from policy_service.api.draft_schemas import (
    AmendmentRequest,
    OutcomeShown,
    VerdictShown,
    VerdictSubmission,
)
from policy_service.api.routers.drafts import DraftPath
from policy_service.api.schemas import shown
from policy_service.domain.control import Control, Operator
from policy_service.domain.draft import Amendment
from policy_service.domain.errors import UsageError
from policy_service.domain.identifiers import RuleId, Sha256Hex
from policy_service.domain.parameters import Parameters
from policy_service.domain.review import VerdictKind
from policy_service.workflows.reading import read_draft
from policy_service.workflows.review import VerdictRequest, submit_verdict

router = APIRouter(prefix="/drafts/{draft_id}/verdicts", tags=["verdicts"])


@router.get("", operation_id="list_verdicts", summary="List the verdicts on a draft")
def get_verdicts(draft_id: DraftPath, services: ServicesOf, caller: Reader) -> list[VerdictShown]:
    """In the order they were given; none is ever changed or taken away."""
    reading = read_draft(services.platform, draft_id)
    return [shown(VerdictShown, verdict) for verdict in reading.case.verdicts]


@router.post("", operation_id="give_verdict", summary="Judge a rule", status_code=201)
def post_verdict(
    draft_id: DraftPath, body: VerdictSubmission, services: ServicesOf, caller: Reviewer
) -> OutcomeShown:
    """Approve, amend, reject or comment; 409 where the rule has changed since it was read."""
    request = VerdictRequest(
        rule=RuleId(body.rule),
        kind=VerdictKind(body.kind),
        reason=body.reason,
        amendment=None if body.amendment is None else _amendment(body.amendment),
        seen_sha256=Sha256Hex(body.seen_sha256),
    )
    outcome = submit_verdict(services.platform, draft_id, request, reviewer=caller.name)
    return OutcomeShown.model_validate(plain_object(outcome))


def _amendment(given: AmendmentRequest) -> Amendment:
    control = given.control
    try:
        return Amendment(
            control=None
            if control is None
            else Control(
                operator=Operator(control.operator), parameters=Parameters(control.parameters)
            ),
            settings=Parameters(given.settings),
        )
    except ValueError as error:
        known = ", ".join(Operator)
        raise UsageError(f"`amendment.control.operator` must be one of {known}") from error
