"""Sources and their catalogues; a scan is a job."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from policy_service.api.access import Reader, Scanner, ServicesOf
from policy_service.api.jobs import accepted
from policy_service.api.schemas import CatalogShown, JobShown, shown
from policy_service.api.source_schemas import DriftShown, ScanRequest, SourceShown
from policy_service.domain.progress import Progress
from policy_service.workflows.scan import find_catalog, find_drift, list_sources, scan

router = APIRouter(prefix="/sources", tags=["sources"])
SourceName = Annotated[str, Path(max_length=200, pattern=r"^[\w-]+$", examples=["bank"])]


@router.get("", operation_id="list_sources", summary="List the scanned sources")
def get_sources(services: ServicesOf, caller: Reader) -> list[SourceShown]:
    """Their addresses are sealed and not shown."""
    return [
        SourceShown(name=one.name, added_at=one.added_at) for one in list_sources(services.platform)
    ]


@router.get("/{source}/catalog", operation_id="get_catalog", summary="Show what a scan found")
def get_catalog(source: SourceName, services: ServicesOf, caller: Reader) -> CatalogShown:
    """Return the newest scan: tables, columns, categories, and the evidence for them."""
    return shown(CatalogShown, find_catalog(services.platform, source))


@router.get(
    "/{source}/drift", operation_id="get_drift", summary="Show what changed since the scan before"
)
def get_drift(source: SourceName, services: ServicesOf, caller: Reader) -> DriftShown:
    """Return the differences between the last two scans; none where there was only one."""
    return shown(DriftShown, find_drift(services.platform, source))


@router.post(
    "/{source}/scans", operation_id="start_scan", summary="Scan a database", status_code=202
)
def post_scan(
    source: SourceName,
    body: ScanRequest,
    response: Response,
    services: ServicesOf,
    caller: Scanner,
) -> JobShown:
    """Start a job that scans the database and stores the catalogue under the source's name."""

    def work(progress: Progress) -> dict[str, object]:
        catalog = scan(
            services.platform,
            url=body.url,
            source=source,
            schema=body.database_schema,
            sample_rows=body.sample_rows,
            actor=caller.name,
            progress=progress,
            fresh=body.fresh,
        )
        return {"source": source, "sha256": catalog.sha256}

    return accepted(response, services.jobs.start("scan", work, requested_by=caller.name))
