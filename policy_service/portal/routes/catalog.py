"""The catalogue: what a scan found in each source, column by column, with its evidence."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from policy_service.portal.guard import DeskOf, Reader
from policy_service.portal.pages import render
from policy_service.workflows.scan import find_catalog, list_sources

router = APIRouter(prefix="/catalog")
SourcePath = Annotated[str, Path(max_length=200, pattern=r"^[\w-]+$")]


@router.get("")
def get_sources(request: Request, desk: DeskOf, account: Reader) -> Response:
    """List the sources; with one source, its catalogue stands right below."""
    sources = list_sources(desk.platform)
    catalog = find_catalog(desk.platform, sources[0].name) if len(sources) == 1 else None
    return render(
        request,
        "catalog.html",
        sources=sources,
        catalog=catalog,
        labels=desk.platform.categories.label,
    )


@router.get("/{source}")
def get_catalog(request: Request, source: SourcePath, desk: DeskOf, account: Reader) -> Response:
    """Show one source's catalogue."""
    return render(
        request,
        "catalog.html",
        sources=list_sources(desk.platform),
        catalog=find_catalog(desk.platform, source),
        labels=desk.platform.categories.label,
    )
