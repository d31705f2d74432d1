"""Scan: a database → a classified catalogue, stored under the source's name."""

from policy_service.catalog.classify import Classifier
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog
from policy_service.domain.errors import NotFoundError
from policy_service.domain.progress import Progress
from policy_service.storage import sources
from policy_service.workflows.platform import Platform
from policy_service.workflows.sealing import seal, unseal
from policy_service.workflows.unit_of_work import unit_of_work


def scan(
    platform: Platform,
    *,
    url: str,
    source: str,
    schema: str | None,
    sample_rows: int,
    actor: str,
    progress: Progress,
) -> Catalog:
    """Scan the database at `url` and store what was found as `source`.

    Nothing is stored when the scan fails. Raises `CatalogError`.
    """
    catalog = scan_source(
        url=url,
        source=source,
        schema=schema,
        sample_rows=sample_rows,
        classifier=Classifier(text_finder=platform.text_finder()),
        categories=platform.categories,
        clock=platform.clock,
        progress=progress,
    )
    with unit_of_work(platform) as work:
        stored = sources.StoredSource(
            name=source,
            sealed_url=seal(platform.keyring, url, owner=source),
            schema=schema,
            added_at=work.at,
        )
        sources.save_source(work.session, stored)
        sources.save_catalog(work.session, catalog)
        work.record(
            "scan",
            actor=actor,
            subject=source,
            catalog_sha256=catalog.sha256,
            tables=len(catalog.tables),
            dialect=catalog.dialect,
        )
    return catalog


def source_url(platform: Platform, source: str) -> str:
    """Return the address of a scanned source. Raises `NotFoundError`."""
    with platform.database.read() as session:
        stored = sources.find_source(session, source)
    if stored is None:
        raise NotFoundError(_scan_first("source", source))
    return unseal(platform.keyring, stored.sealed_url, owner=source)


def find_catalog(platform: Platform, source: str) -> Catalog:
    """Return what the last scan of `source` found. Raises `NotFoundError`."""
    with platform.database.read() as session:
        catalog = sources.newest_catalog(session, source)
    if catalog is None:
        raise NotFoundError(_scan_first("catalogue of", source))
    return catalog


def list_sources(platform: Platform) -> tuple[sources.StoredSource, ...]:
    """List the scanned sources by name."""
    with platform.database.read() as session:
        return sources.list_sources(session)


def _scan_first(what: str, source: str) -> str:
    return f"no {what} `{source}`; scan it: `policy-service catalog scan --url … --source {source}`"
