"""The catalogue: what a scan found in each source, column by column, with its evidence."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.domain.correction import CorrectionState
from policy_service.domain.review import Account
from policy_service.portal.guard import Desk, DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.portal.privacy_view import PICTURES
from policy_service.workflows.corrections import list_corrections
from policy_service.workflows.permissions import Permission, may
from policy_service.workflows.scan import find_catalog, find_drift, list_sources

router = APIRouter(prefix="/catalog")
SourcePath = Annotated[str, Path(max_length=200, pattern=r"^[\w-]+$")]


@router.get("")
def get_sources(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the sources; with one source, its catalogue stands right below."""
    sources = list_sources(desk.platform)
    return _page(request, desk, account, sources[0].name if len(sources) == 1 else "")


@router.get("/{source}")
def get_catalog(request: Request, source: SourcePath, desk: DeskOf, account: Reader) -> Response:
    """Show one source's catalogue."""
    return _page(request, desk, account, source)


def _page(request: Request, desk: Desk, account: Account, source: str) -> Response:
    """Show the sources and, where one is chosen, what was found in it and what people said."""
    said = list_corrections(desk.platform, source) if source else ()
    return render(
        request,
        "catalog.html",
        sources=list_sources(desk.platform),
        catalog=find_catalog(desk.platform, source) if source else None,
        drift=find_drift(desk.platform, source) if source else None,
        labels=desk.platform.categories.label,
        categories=desk.platform.categories.entries,
        waiting={one.column: one for one in said if one.state is CorrectionState.WAITING},
        holding={one.column: one for one in said if one.state is CorrectionState.HOLDS},
        can_correct=may(account, Permission.REVIEW),
        pictures=PICTURES,
    )
