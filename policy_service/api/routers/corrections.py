"""Corrections: what people say a column holds; one that lowers protection needs two of them."""

from typing import Annotated

from fastapi import APIRouter, Path

from policy_service.api.access import Reader, Reviewer, ServicesOf
from policy_service.api.routers.sources import SourceName
from policy_service.api.schemas import shown
from policy_service.api.source_schemas import (
    CorrectionRequest,
    CorrectionShown,
    WithdrawalRequest,
)
from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.workflows.corrections import (
    confirm_correction,
    correct_category,
    find_correction,
    list_corrections,
    withdraw_correction,
)

router = APIRouter(prefix="/sources/{source}/corrections", tags=["sources"])
CorrectionId = Annotated[str, Path(max_length=100, pattern=r"^cor_\w+$")]


@router.get("", operation_id="list_corrections", summary="List what people said of columns")
def get_corrections(
    source: SourceName, services: ServicesOf, caller: Reader
) -> list[CorrectionShown]:
    """In the order they were given, those that have ended too."""
    return [shown(CorrectionShown, one) for one in list_corrections(services.platform, source)]


@router.post(
    "", operation_id="correct_category", summary="Say what a column holds", status_code=201
)
def post_correction(
    source: SourceName, body: CorrectionRequest, services: ServicesOf, caller: Reviewer
) -> CorrectionShown:
    """It holds at once, unless it lowers protection: then it waits for another reviewer."""
    if asset_parts(AssetId(body.column))[0] != source:
        raise NotFoundError(f"source `{source}` has no column `{body.column}`")
    made = correct_category(
        services.platform,
        column=body.column,
        category=body.category,
        reason=body.reason,
        by=caller.name,
    )
    return shown(CorrectionShown, made)


@router.post(
    "/{correction}/confirmation",
    operation_id="confirm_correction",
    summary="Agree with what another reviewer said",
)
def post_confirmation(
    source: SourceName, correction: CorrectionId, services: ServicesOf, caller: Reviewer
) -> CorrectionShown:
    """What waited holds from now on. Never yours to confirm what you said yourself."""
    find_correction(services.platform, source, correction)
    return shown(CorrectionShown, confirm_correction(services.platform, correction, by=caller.name))


@router.post(
    "/{correction}/withdrawal",
    operation_id="withdraw_correction",
    summary="Take a correction back",
)
def post_withdrawal(
    source: SourceName,
    correction: CorrectionId,
    body: WithdrawalRequest,
    services: ServicesOf,
    caller: Reviewer,
) -> CorrectionShown:
    """The column is what detectors find; where that lowers protection, another must confirm."""
    find_correction(services.platform, source, correction)
    ended = withdraw_correction(services.platform, correction, reason=body.reason, by=caller.name)
    return shown(CorrectionShown, ended)
