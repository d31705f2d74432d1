"""Scan: a source → a classified catalogue, stored under the source's name, and its drift."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from policy_service import __version__
from policy_service.catalog.checkpoint import scan_sha256
from policy_service.catalog.drift import compare_catalogs
from policy_service.catalog.scan import scan_source
from policy_service.domain.asset import Catalog
from policy_service.domain.correction import CategoryCorrection
from policy_service.domain.drift import Drift
from policy_service.domain.errors import NotFoundError, StorageError
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.progress import Progress
from policy_service.kit.clock import rfc3339
from policy_service.storage import corrections, scan_parts, sources
from policy_service.workflows.classifier import classifier_for
from policy_service.workflows.corrected import spoken_during
from policy_service.workflows.platform import Platform
from policy_service.workflows.sealing import seal, unseal
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work

_CONTINUED_WITHIN = timedelta(days=1)  # an older interruption tells of data as it was


def scan(
    platform: Platform,
    *,
    url: str,
    source: str,
    schema: str | None,
    sample_rows: int,
    actor: str,
    progress: Progress,
    fresh: bool = False,
) -> Catalog:
    """Scan the source at `url` and store what was found as `source`, and what changed.

    Goes on where the same scan was interrupted within a day, but for `fresh`. No catalogue is
    stored when the scan fails. Raises `CatalogError`.
    """
    classify = classifier_for(platform, source)
    checkpoint = _StoredCheckpoint(
        platform=platform,
        source=source,
        scan=scan_sha256(
            url=url,
            schema=schema,
            sample_rows=sample_rows,
            version=f"{__version__} {classify.sha256}",
        ),
    )
    if fresh:
        checkpoint.clear()
    catalog = scan_source(
        url=url,
        source=source,
        schema=schema,
        sample_rows=sample_rows,
        classifier=classify.classifier,
        categories=platform.categories,
        clock=platform.clock,
        progress=progress,
        checkpoint=checkpoint,
    )
    catalog = replace(catalog, classifier=classify.version)
    catalog = replace(catalog, sha256=catalog_sha256(catalog))
    return _store(platform, catalog, url=url, schema=schema, actor=actor, known=classify.said)


def rescan(
    platform: Platform, *, source: str, sample_rows: int, actor: str, progress: Progress
) -> Drift:
    """Scan a known source again at its stored address and return what changed.

    Raises `NotFoundError` for a source that was never scanned, `CatalogError`.
    """
    stored = _find_source(platform, source)
    scan(
        platform,
        url=unseal(platform.keyring, stored.sealed_url, owner=source),
        source=source,
        schema=stored.schema,
        sample_rows=sample_rows,
        actor=actor,
        progress=progress,
    )
    return find_drift(platform, source)


def find_drift(platform: Platform, source: str) -> Drift:
    """Return how the last scan of `source` differs from the one before.

    Nothing changed where there is only one. Raises `NotFoundError`.
    """
    catalog = find_catalog(platform, source)
    with platform.database.read() as session:
        drift = sources.newest_drift(session, source)
    if drift is None or drift.after_sha256 != catalog.sha256:
        return compare_catalogs(catalog, catalog)
    return drift


def _store(
    platform: Platform,
    catalog: Catalog,
    *,
    url: str,
    schema: str | None,
    actor: str,
    known: Collection[CategoryCorrection],
) -> Catalog:
    """Store the catalogue, its drift and the address in one; forget the checkpoint.

    What people said since the scan began is put into it first; the scan knew only those in `known`.
    """
    source = catalog.source
    with unit_of_work(platform) as work:
        said = corrections.list_corrections(work.session, source)
        news = [one for one in said if one not in known]
        catalog = spoken_during(catalog, news, platform.categories)
        stored = sources.StoredSource(
            name=source,
            sealed_url=seal(platform.keyring, url, owner=source),
            schema=schema,
            added_at=work.at,
        )
        before = _before(work, source)
        sources.save_source(work.session, stored)
        sources.save_catalog(work.session, catalog)
        scan_parts.forget_parts(work.session, source)
        work.record(
            "scan",
            actor=actor,
            subject=source,
            catalog_sha256=catalog.sha256,
            tables=len(catalog.tables),
            dialect=catalog.dialect,
        )
        if before is not None:
            keep_drift(work, compare_catalogs(before, catalog), actor=actor)
    return catalog


def _before(work: UnitOfWork, source: str) -> Catalog | None:
    """Find the newest catalogue; one that another version wrote must not stop a new scan."""
    try:
        return sources.newest_catalog(work.session, source)
    except StorageError:
        return None


def keep_drift(work: UnitOfWork, drift: Drift, *, actor: str) -> None:
    """Keep every comparison, so that the newest one is that of the newest scan."""
    sources.save_drift(work.session, drift, at=work.at)
    if drift.changes:
        work.record(
            "drift",
            actor=actor,
            subject=drift.source,
            before_sha256=drift.before_sha256,
            after_sha256=drift.after_sha256,
            changes=len(drift.changes),
            uncovered=len(drift.uncovered),
        )


def source_url(platform: Platform, source: str) -> str:
    """Return the address of a scanned source. Raises `NotFoundError`."""
    return unseal(platform.keyring, _find_source(platform, source).sealed_url, owner=source)


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


def _find_source(platform: Platform, source: str) -> sources.StoredSource:
    with platform.database.read() as session:
        stored = sources.find_source(session, source)
    if stored is None:
        raise NotFoundError(_scan_first("source", source))
    return stored


def _scan_first(what: str, source: str) -> str:
    return f"no {what} `{source}`; scan it: `policy-service catalog scan --url … --source {source}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredCheckpoint:
    """A scan's checkpoint in the state database: each part is durable when `save` returns."""

    platform: Platform
    source: str
    scan: str

    def load(self, part: str) -> str | None:
        """Return a part of this very scan that is not too old."""
        since = rfc3339(self.platform.clock.now() - _CONTINUED_WITHIN)
        with self.platform.database.read() as session:
            return scan_parts.find_part(
                session, source=self.source, scan_sha256=self.scan, part=part, since=since
            )

    def save(self, part: str, text: str) -> None:
        """Keep a part."""
        kept = scan_parts.ScanPart(
            source=self.source,
            scan_sha256=self.scan,
            part=part,
            saved_at=rfc3339(self.platform.clock.now()),
            body=text,
        )
        with self.platform.database.write() as session:
            scan_parts.save_part(session, kept)

    def clear(self) -> None:
        """Forget what was kept of any scan of this source."""
        with self.platform.database.write() as session:
            scan_parts.forget_parts(session, self.source)
