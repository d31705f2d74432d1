"""Drift: two catalogues of one source in, what changed between them out.

Compares what a policy depends on: which tables and columns there are, their types,
categories, sensitivity and legal classes, and whether a table grew or shrank by a factor.
Not the profiles: they differ a little whenever rows do, and no rule is about them.
"""

from collections.abc import Iterator

from policy_service.domain.asset import Catalog, Column, Table
from policy_service.domain.drift import Change, ChangeKind, Drift
from policy_service.domain.identifiers import AssetId

_FACTOR = 2.0
_FEWEST_ROWS = 100  # growth of smaller tables is no news


def compare_catalogs(before: Catalog, after: Catalog, *, factor: float = _FACTOR) -> Drift:
    """Compare two catalogues of one source; `factor` (> 1) is what counts as growth of rows."""
    changes = sorted(
        _tables(before, after, factor), key=lambda change: (change.asset, change.kind.value)
    )
    return Drift(
        source=after.source,
        before_sha256=before.sha256,
        after_sha256=after.sha256,
        before_at=before.scanned_at,
        after_at=after.scanned_at,
        changes=tuple(changes),
    )


def _tables(before: Catalog, after: Catalog, factor: float) -> Iterator[Change]:
    old = {table.id: table for table in before.tables}
    new = {table.id: table for table in after.tables}
    for table in old.keys() - new.keys():
        yield _gone(ChangeKind.TABLE_REMOVED, table, f"{len(old[table].columns)} columns")
    for table in new.keys() - old.keys():
        yield _come(ChangeKind.TABLE_ADDED, table, f"{len(new[table].columns)} columns")
        for column in new[table].columns:
            yield _come(ChangeKind.COLUMN_ADDED, column.id, _told(column))
    for table in old.keys() & new.keys():
        yield from _rows(old[table], new[table], factor)
        yield from _columns(old[table], new[table])


def _columns(before: Table, after: Table) -> Iterator[Change]:
    old = {column.id: column for column in before.columns}
    new = {column.id: column for column in after.columns}
    for column in old.keys() - new.keys():
        yield _gone(ChangeKind.COLUMN_REMOVED, column, _told(old[column]))
    for column in new.keys() - old.keys():
        yield _come(ChangeKind.COLUMN_ADDED, column, _told(new[column]))
    for column in old.keys() & new.keys():
        yield from _facts(old[column], new[column])


def _facts(before: Column, after: Column) -> Iterator[Change]:
    """Compare one column fact by fact. What no longer is personal still calls for a look."""
    facts = (
        (ChangeKind.TYPE_CHANGED, before.data_type, after.data_type, True),
        (ChangeKind.NULLABILITY_CHANGED, _null(before), _null(after), False),
        (ChangeKind.CATEGORY_CHANGED, before.category, after.category, True),
        (
            ChangeKind.SENSITIVITY_CHANGED,
            before.sensitivity.value,
            after.sensitivity.value,
            after.sensitivity.rank > before.sensitivity.rank,
        ),
        (
            ChangeKind.LEGAL_CLASSES_CHANGED,
            ", ".join(before.legal_classes),
            ", ".join(after.legal_classes),
            bool(set(after.legal_classes) - set(before.legal_classes)),
        ),
    )
    for kind, old, new, uncovered in facts:
        if old != new:
            yield Change(kind=kind, asset=after.id, before=old, after=new, uncovered=uncovered)


def _rows(before: Table, after: Table, factor: float) -> Iterator[Change]:
    old, new = before.row_count, after.row_count
    if max(old, new) < _FEWEST_ROWS:
        return
    if new > factor * old:
        kind = ChangeKind.ROWS_GREW
    elif old > factor * new:
        kind = ChangeKind.ROWS_SHRANK
    else:
        return
    yield Change(kind=kind, asset=after.id, before=str(old), after=str(new), uncovered=False)


def _come(kind: ChangeKind, asset: AssetId, told: str) -> Change:
    return Change(kind=kind, asset=asset, before="", after=told, uncovered=True)


def _gone(kind: ChangeKind, asset: AssetId, told: str) -> Change:
    return Change(kind=kind, asset=asset, before=told, after="", uncovered=False)


def _told(column: Column) -> str:
    return f"{column.data_type}, {column.category}"


def _null(column: Column) -> str:
    return "may be null" if column.nullable else "never null"
