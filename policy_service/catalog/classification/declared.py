"""What people declared of a column where its data is described, as evidence.

dbt, OpenMetadata, DataHub and Fides files carry tags and descriptions. A tag says outright
what a column holds; a short description supports what its words would mean as a name. Like
what is learned, it only adds: that a column is declared not to be personal is not heard,
and nothing declared lowers what words, keys, values and check digits established.
"""

from collections.abc import Iterator, Sequence

from policy_service.catalog.names.words import name_hit
from policy_service.catalog.observation import ObservedColumn
from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import DataCategory

DETECTOR = "declared"
_TAGGED, _DESCRIBED = 0.85, 0.3
_SHORT = 8  # words; a longer description speaks of more than the column


def declared_evidence(
    column: ObservedColumn,
) -> Sequence[tuple[DataCategory, Evidence]]:
    """Weigh a column's tags and description; nothing where neither says that people are meant."""
    return [
        (category, Evidence(detector=DETECTOR, detail=detail, weight=weight))
        for category, detail, weight in _said(column)
        if category.startswith("user")
    ]


def _said(column: ObservedColumn) -> Iterator[tuple[DataCategory, str, float]]:
    for category in column.declared:
        yield category, f"declared as {category} where the data is described", _TAGGED
    if 0 < len(column.description.split()) <= _SHORT:
        hit = name_hit(column.description)
        if hit is not None:
            yield hit.category, f"its description speaks of {hit.category}", _DESCRIBED
