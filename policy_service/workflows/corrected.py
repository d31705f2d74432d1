"""A catalogue with what people said put into it, without a scan. Pure: nothing is stored."""

from collections.abc import Sequence
from dataclasses import replace

from policy_service.catalog.classification.corrections import (
    CONFIDENCE,
    Correction,
    correction_evidence,
)
from policy_service.domain.asset import Catalog, Column
from policy_service.domain.categories import CategoryTable
from policy_service.domain.correction import (
    CategoryCorrection,
    CorrectionState,
    FoundCategory,
    loosens,
)
from policy_service.domain.hashes import catalog_sha256


def corrected_catalog(
    catalog: Catalog, said: Sequence[CategoryCorrection], categories: CategoryTable
) -> Catalog:
    """Put corrections that hold into a catalogue; one of another column changes nothing."""
    by_column = {one.column: one for one in said if one.state is CorrectionState.HOLDS}
    tables = tuple(
        replace(
            table,
            columns=tuple(
                _corrected(column, by_column[column.id], categories)
                if column.id in by_column
                else column
                for column in table.columns
            ),
        )
        for table in catalog.tables
    )
    changed = replace(catalog, tables=tables)
    return replace(changed, sha256=catalog_sha256(changed))


def corrected_category(column: Column, said: CategoryCorrection) -> FoundCategory:
    """Classify a column as a person says; without a category, as detectors did."""
    if said.category is None:
        return said.found
    reveals = said.found.reveals if said.category.startswith("user") else ()
    word = Correction(category=said.category, by=said.by, at=said.at)
    kept = said.found.evidence if said.found.category == said.category else ()
    return FoundCategory(
        category=said.category,
        confidence=max(CONFIDENCE, column.confidence if kept else 0.0),
        reveals=tuple(one for one in reveals if one != said.category),
        evidence=(correction_evidence(word), *kept),
    )


def spoken_during(
    catalog: Catalog, said: Sequence[CategoryCorrection], categories: CategoryTable
) -> Catalog:
    """Put what people said while a scan ran into what it found.

    What nobody confirmed, and would lower what this scan found, is left to the next one. So is
    a column that was given back: the scan knew it as corrected.
    """
    counting = []
    for one in said:
        column = catalog.find_column(one.column)
        if column is None or one.category is None:
            continue
        after = corrected_category(column, one)
        now, then = (column.category, column.reveals), (after.category, after.reveals)
        if one.confirmed or not loosens(categories, now, then):
            counting.append(one)
    return corrected_catalog(catalog, counting, categories) if counting else catalog


def _corrected(column: Column, said: CategoryCorrection, categories: CategoryTable) -> Column:
    found = corrected_category(column, said)
    return replace(
        column,
        category=found.category,
        confidence=found.confidence,
        reveals=found.reveals,
        evidence=found.evidence,
        sensitivity=categories.sensitivity(found.category, found.reveals),
        legal_classes=categories.legal_classes(found.category, found.reveals),
    )
