"""The clauses: the instruments, search in them, and one provision with what it requires."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from policy_service.domain.progress import silent
from policy_service.portal.guard import DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.workflows.corpus import search_corpus
from policy_service.workflows.reading import find_provision, list_instruments

router = APIRouter(prefix="/corpus")
ProvisionPath = Annotated[str, Path(max_length=300)]


@router.get("")
def get_corpus(
    request: Request,
    desk: DeskOf,
    account: Reader,
    q: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """List the instruments, and what a question found."""
    question = q.strip()
    return render(
        request,
        "corpus.html",
        question=question,
        passages=search_corpus(desk.platform, question, limit=10, progress=silent)
        if question
        else (),
        instruments=list_instruments(desk.platform),
        titles={one.id: one.title for one in list_instruments(desk.platform)},
    )


@router.get("/{provision_id:path}")
def get_provision(
    request: Request, provision_id: ProvisionPath, desk: DeskOf, account: Reader
) -> Response:
    """Show one provision."""
    provision = find_provision(desk.platform, provision_id)
    instrument = next(
        one for one in list_instruments(desk.platform) if one.id == provision.instrument
    )
    return render(
        request,
        "provision.html",
        provision=provision,
        instrument=instrument,
        labels=desk.platform.categories.label,
    )
