"""The corpus: instruments, provisions, search."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from policy_service.api.access import Reader, ServicesOf
from policy_service.api.schemas import (
    InstrumentShown,
    PassageShown,
    ProvisionShown,
    SearchQuery,
    shown,
)
from policy_service.domain.progress import silent
from policy_service.retrieval.filters import Filters
from policy_service.workflows.corpus import search_corpus
from policy_service.workflows.reading import find_provision, list_instruments

router = APIRouter(prefix="/corpus", tags=["corpus"])
ProvisionPath = Annotated[str, Path(max_length=300, examples=["gdpr/art-32/1/a"])]


@router.get("/instruments", operation_id="list_instruments", summary="List the instruments")
def get_instruments(services: ServicesOf, caller: Reader) -> list[InstrumentShown]:
    """Regulations, standards and internal policies, each in the version that is cited."""
    return [shown(InstrumentShown, one) for one in list_instruments(services.platform)]


@router.get(
    "/provisions/{provision_id:path}", operation_id="get_provision", summary="Show a provision"
)
def get_provision(
    provision_id: ProvisionPath, services: ServicesOf, caller: Reader
) -> ProvisionShown:
    """Show the text that drafts quote; `url` leads to the official source."""
    return shown(ProvisionShown, find_provision(services.platform, provision_id))


@router.get("/search", operation_id="search_corpus", summary="Search the corpus")
def get_search(
    services: ServicesOf, caller: Reader, query: Annotated[SearchQuery, Query()]
) -> list[PassageShown]:
    """Find the provisions nearest to a question, best first; several filters narrow together."""
    filters = Filters(
        instruments=frozenset(query.instrument) or None,
        jurisdiction=query.jurisdiction,
        sector=query.sector,
        kinds=frozenset(query.kind) or None,
        category=query.category,
        in_force=None if query.in_force is None else query.in_force.isoformat(),
        standings=frozenset(query.standing) or None,
    )
    found = search_corpus(
        services.platform, query.q, limit=query.limit, filters=filters, progress=silent
    )
    return [shown(PassageShown, one) for one in found]
