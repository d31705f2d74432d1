"""One scan: a source in, a catalogue of classified assets out.

Orders the steps of this stage: open, inspect and sample, infer keys, classify all tables
together, then finish one table after the other: profile, privacy. The catalogue
holds counts, shapes and categories only; the sampled values are dropped when this function
returns. An interrupted scan goes on at the table where it stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policy_service.catalog.checkpoint import Checkpoint, NoCheckpoint, SavedScan, Step
from policy_service.catalog.classification.classify import (
    Classification,
    ClassifiedTable,
    Classifier,
)
from policy_service.catalog.foreign_keys import infer_keys
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.opening import open_source
from policy_service.catalog.privacy.assess import TablePrivacy, assess_privacy
from policy_service.catalog.profile import profile_column
from policy_service.catalog.source import Source
from policy_service.domain.asset import Catalog, Column, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError, EmptySourceError, NotFoundError
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.identifiers import AssetId, Sha256Hex, asset_id
from policy_service.domain.progress import Progress
from policy_service.kit.clock import Clock, rfc3339

_COMBINED_ROWS = 20_000
_NO_CHECKPOINT = NoCheckpoint()


def scan_source(
    *,
    url: str,
    source: str,
    schema: str | None,
    sample_rows: int,
    classifier: Classifier,
    categories: CategoryTable,
    clock: Clock,
    progress: Progress,
    checkpoint: Checkpoint = _NO_CHECKPOINT,
) -> Catalog:
    """Scan every table of one schema, reading at most `sample_rows` rows of each.

    `schema` None is the source's usual one. What `checkpoint` holds of the same scan is not
    done again; whoever hands it in sees to it that it is the same, and forgets it when the
    catalogue is stored. Raises `SourceUnreachableError` where the source cannot be opened or
    read, `EmptySourceError` where it has no tables, `CatalogError` for a source name that is
    empty or fewer than one sample row.
    """
    if not source.strip():
        raise CatalogError("a source needs a name, such as `bank`")
    if sample_rows < 1:
        raise CatalogError(f"`{sample_rows}` sample rows are too few; ask for at least 1")
    with open_source(url, schema) as opened:
        scan = _Scan(
            opened=opened,
            source=source,
            sample_rows=sample_rows,
            classifier=classifier,
            categories=categories,
            saved=SavedScan(checkpoint),
            progress=progress,
        )
        tables = scan.tables()
        dialect = opened.dialect
    return seal_catalog(
        source=source, dialect=dialect, tables=tables, scanned_at=rfc3339(clock.now())
    )


def seal_catalog(*, source: str, dialect: str, tables: Sequence[Table], scanned_at: str) -> Catalog:
    """Put tables together, in order of id, with the hash of everything but the time."""
    catalog = Catalog(
        source=source,
        dialect=dialect,
        tables=tuple(sorted(tables, key=lambda table: table.id)),
        scanned_at=scanned_at,
        sha256=Sha256Hex(""),
    )
    return replace(catalog, sha256=catalog_sha256(catalog))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """One run over an open source."""

    opened: Source
    source: str
    sample_rows: int
    classifier: Classifier
    categories: CategoryTable
    saved: SavedScan
    progress: Progress

    def tables(self) -> list[Table]:
        """Classify all tables, or remember how they were; then finish one after the other."""
        names = self.opened.table_names()
        steps, read = self.saved.steps(), dict[str, ObservedTable]()
        if {self._id(name) for name in names} != set(steps):
            steps, read = self._classify(names)
        found = []
        for done, (table, step) in enumerate(steps.items()):
            self.progress("classify", done, len(steps))
            finished = self.saved.table(table) or self._finish(step, read.pop(table, None))
            if finished is not None:
                found.append(finished)
        self.progress("classify", len(steps), len(steps))
        return found

    def _classify(self, names: Sequence[str]) -> tuple[dict[str, Step], dict[str, ObservedTable]]:
        self.saved.clear()
        observed = infer_keys(self.opened, tuple(self._read(names)))
        if not observed:
            raise EmptySourceError("every table was dropped during the scan; scan again")
        self.progress("classify", 0, len(observed))
        classified = self.classifier.classify(observed)
        steps = {table.id: Step.of(table, classified[table.id]) for table in observed}
        self.saved.keep_steps(tuple(steps.values()))
        return steps, {table.id: table for table in observed}

    def _read(self, names: Sequence[str]) -> Iterator[ObservedTable]:
        for done, name in enumerate(names):
            self.progress("scan", done, len(names))
            table = self._observe(name)
            if table is not None:
                yield table
        self.progress("scan", len(names), len(names))

    def _observe(self, name: str) -> ObservedTable | None:
        """Read one table; None where it was dropped since it was listed."""
        try:
            return self.opened.read_table(name, source=self.source, sample_rows=self.sample_rows)
        except NotFoundError:
            return None

    def _finish(self, step: Step, table: ObservedTable | None) -> Table | None:
        """Profile one table; where it was classified before an interruption, read it again."""
        if table is None:
            again = self._observe(step.name)
            table = None if again is None else step.again(again)
            if again is not None and table is None:
                self.saved.clear()
                raise CatalogError(
                    f"table `{step.name}` changed since the scan was interrupted; scan again"
                )
        if table is None:
            return None
        try:
            privacy = self._privacy(table, step.found)
        except NotFoundError:
            return None
        finished = _table(table, self.source, step.found, privacy, self.categories)
        self.saved.keep_table(finished)
        return finished

    def _privacy(self, table: ObservedTable, found: ClassifiedTable) -> TablePrivacy:
        """Assess a table about people in more rows than were sampled: in few rows all differ."""
        if not found.topic.linked:
            return TablePrivacy()
        named = {
            column.name: (one.category, *one.reveals)
            for column, one in zip(table.columns, found.columns, strict=True)
        }
        most = max(self.sample_rows, _COMBINED_ROWS)
        return assess_privacy(
            table,
            named,
            read=lambda columns: self.opened.read_rows(table, columns, most=most),
        )

    def _id(self, name: str) -> AssetId:
        return asset_id(self.source, self.opened.shown_schema, name)


def _table(
    table: ObservedTable,
    source: str,
    found: ClassifiedTable,
    privacy: TablePrivacy,
    categories: CategoryTable,
) -> Table:
    keys = sorted(table.foreign_keys, key=lambda key: (key.column, key.references_table))
    return Table(
        id=AssetId(table.id),
        schema=table.schema,
        name=table.name,
        row_count=table.row_count,
        columns=tuple(
            _column(table, source, column, one, categories)
            for column, one in zip(table.columns, found.columns, strict=True)
        ),
        foreign_keys=tuple(keys),
        quasi_identifiers=privacy.quasi_identifiers,
        coarsened=privacy.coarsened,
        inference_risks=privacy.inference_risks,
        data_subject=found.topic.subject,
    )


def _column(
    table: ObservedTable,
    source: str,
    column: ObservedColumn,
    found: Classification,
    categories: CategoryTable,
) -> Column:
    return Column(
        id=asset_id(source, table.schema, table.name, column.name),
        name=column.name,
        data_type=column.data_type,
        nullable=column.nullable,
        primary_key=column.primary_key,
        profile=profile_column(column, row_count=table.row_count),
        category=found.category,
        sensitivity=categories.sensitivity(found.category, found.reveals),
        confidence=found.confidence,
        reveals=found.reveals,
        legal_classes=categories.legal_classes(found.category, found.reveals),
        evidence=found.evidence,
    )
