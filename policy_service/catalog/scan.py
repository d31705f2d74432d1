"""One scan: a database in, a catalogue of classified assets out.

Orders the steps of this stage: open, inspect and sample, infer keys, classify, profile,
find quasi-identifiers. The catalogue holds counts, shapes and categories only; the
sampled values are dropped when this function returns.
"""

from collections.abc import Sequence
from dataclasses import replace

from policy_service.catalog.classify import Classification, ClassifiedTable, Classifier
from policy_service.catalog.foreign_keys import infer_keys
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.profile import profile_column
from policy_service.catalog.quasi_identifiers import find_quasi_identifiers, quasi_columns
from policy_service.catalog.sampling import read_rows, read_tables
from policy_service.catalog.source import Source, open_source
from policy_service.domain.asset import Catalog, Column, QuasiIdentifier, Table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.errors import CatalogError
from policy_service.domain.hashes import catalog_sha256
from policy_service.domain.identifiers import AssetId, Sha256Hex, asset_id
from policy_service.domain.progress import Progress
from policy_service.kit.clock import Clock, rfc3339

_COMBINED_ROWS = 20_000


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
) -> Catalog:
    """Scan every table of one schema, reading at most `sample_rows` rows of each.

    `schema` None is `public`. Raises `SourceUnreachableError` where the database cannot be
    opened or read, `EmptySourceError` where it has no tables, `CatalogError` for a source
    name that is empty or fewer than one sample row.
    """
    if not source.strip():
        raise CatalogError("a source needs a name, such as `bank`")
    if sample_rows < 1:
        raise CatalogError(f"`{sample_rows}` sample rows are too few; ask for at least 1")
    with open_source(url, schema) as opened:
        read = read_tables(opened, name=source, sample_rows=sample_rows, progress=progress)
        observed = infer_keys(opened, read)
        progress("classify", 0, len(observed))
        classified = classifier.classify(observed)
        tables = []
        for done, table in enumerate(observed, start=1):
            found = classified[table.id]
            combined = _combinations(opened, table, found, sample_rows)
            tables.append(_table(table, source, found, combined, categories))
            progress("classify", done, len(observed))
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


def _combinations(
    opened: Source, table: ObservedTable, found: ClassifiedTable, sample_rows: int
) -> tuple[QuasiIdentifier, ...]:
    """Look for quasi-identifiers in more rows than were sampled: in few rows all differ."""
    if not found.topic.linked:
        return ()
    named = {
        column.name: (one.category, *one.reveals)
        for column, one in zip(table.columns, found.columns, strict=True)
    }
    columns = quasi_columns(table, named)
    if len(columns) < 2:
        return ()
    most = max(sample_rows, _COMBINED_ROWS)
    return find_quasi_identifiers(columns, read_rows(opened, table, columns, most=most))


def _table(
    table: ObservedTable,
    source: str,
    found: ClassifiedTable,
    combined: tuple[QuasiIdentifier, ...],
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
        quasi_identifiers=combined,
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
        profile=profile_column(column),
        category=found.category,
        sensitivity=categories.sensitivity(found.category, found.reveals),
        confidence=found.confidence,
        reveals=found.reveals,
        legal_classes=categories.legal_classes(found.category, found.reveals),
        evidence=found.evidence,
    )
