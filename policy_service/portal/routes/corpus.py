"""The clauses: the instruments, search in them, and one provision with what it requires."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from policy_service.domain.identifiers import is_accepted_proposal
from policy_service.domain.progress import silent
from policy_service.portal.guard import DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.workflows.corpus import read_text, search_corpus
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.reading import find_provision, list_instruments
from policy_service.workflows.relevance import marks_of

router = APIRouter(prefix="/corpus")
ProvisionPath = Annotated[str, Path(max_length=300)]


@router.get("")
def get_corpus(
    request: Request,
    desk: DeskOf,
    account: Reader,
    q: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """List the instruments, and what a question found; each text says what it is."""
    question = q.strip()
    instruments = list_instruments(desk.platform)
    return render(
        request,
        "corpus.html",
        question=question,
        can_mark=may(account, Permission.REVIEW),
        marks=marks_of(desk.platform, question, reviewer=account.name),
        passages=search_corpus(desk.platform, question, limit=10, progress=silent)
        if question
        else (),
        instruments=instruments,
        unreviewed=frozenset(one.id for one in desk.platform.corpus.unlisted),
        titles={one.id: one.title for one in instruments},
    )


@router.get("/{provision_id:path}")
def get_provision(
    request: Request, provision_id: ProvisionPath, desk: DeskOf, account: Reader
) -> Response:
    """Show one provision with what it is, its neighbours and the other texts under its id."""
    provision = find_provision(desk.platform, provision_id)
    found = read_text(desk.platform, provision.id)
    instrument = next(
        one for one in list_instruments(desk.platform) if one.id == provision.instrument
    )
    return render(
        request,
        "provision.html",
        provision=found.provision,
        before=found.before,
        after=found.after,
        edition=found.edition,
        others=found.others,
        accepted=frozenset(
            one.id for one in found.provision.obligations if is_accepted_proposal(one.id)
        ),
        instrument=instrument,
        labels=desk.platform.categories.label,
    )
