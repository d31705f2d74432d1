"""Corrections: what people say of a column's category, when it holds, and who agreed.

A record is never changed but for its state, so that all of them are the column's history.
Not here: what a classifier makes of them, or what they teach.
"""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.asset import Column, Evidence
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import AssetId, DataCategory, SubjectId


class CorrectionState(StrEnum):
    """Where a correction stands. At most one of a column waits, and at most one holds."""

    WAITING = "waiting"  # it would lower protection: a second person must confirm it
    HOLDS = "holds"
    ENDED = "ended"  # withdrawn, or another took its place


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCategory:
    """What a column was classified as, without what people said of it."""

    category: DataCategory
    confidence: float
    reveals: tuple[DataCategory, ...]
    evidence: tuple[Evidence, ...]

    @staticmethod
    def of(column: Column) -> "FoundCategory":
        """Take down how a column is classified."""
        return FoundCategory(
            category=column.category,
            confidence=column.confidence,
            reveals=column.reveals,
            evidence=column.evidence,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCorrection:
    """One person's word on one column.

    `category` None gives the column back to the detectors. `found` is what they said when a
    person first corrected it. INVARIANT: who confirmed is not who said it.
    """

    id: str
    column: AssetId
    category: DataCategory | None
    found: FoundCategory
    reason: str
    by: SubjectId
    at: str  # RFC 3339
    state: CorrectionState
    confirmed_by: SubjectId | None = None
    confirmed_at: str = ""
    ended_by: SubjectId | None = None
    ended_at: str = ""

    @property
    def confirmed(self) -> bool:
        """Tell whether a second person agreed."""
        return self.confirmed_by is not None


def loosens(
    categories: CategoryTable,
    before: tuple[DataCategory, tuple[DataCategory, ...]],
    after: tuple[DataCategory, tuple[DataCategory, ...]],
) -> bool:
    """Tell whether going from one category to another lowers protection.

    Each with what its values reveal. A lower sensitivity does, and so does a legal class that
    is lost, or that the column no longer singles out a person.
    """
    lower = categories.sensitivity(*after).rank < categories.sensitivity(*before).rank
    lost = set(categories.legal_classes(*before)) - set(categories.legal_classes(*after))
    named = categories.entry(before[0]).identifying and not categories.entry(after[0]).identifying
    return lower or bool(lost) or named
