"""Drift: what changed in a source between two scans. Names, types and counts, never a value."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.identifiers import AssetId, Sha256Hex


class ChangeKind(StrEnum):
    """What happened to a table or a column."""

    TABLE_ADDED = "table_added"
    TABLE_REMOVED = "table_removed"
    COLUMN_ADDED = "column_added"
    COLUMN_REMOVED = "column_removed"
    TYPE_CHANGED = "type_changed"
    NULLABILITY_CHANGED = "nullability_changed"
    CATEGORY_CHANGED = "category_changed"
    SENSITIVITY_CHANGED = "sensitivity_changed"
    LEGAL_CLASSES_CHANGED = "legal_classes_changed"
    ROWS_GREW = "rows_grew"
    ROWS_SHRANK = "rows_shrank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `before` and `after` are empty where there was or is nothing.

    `uncovered` when a policy made for the older catalogue does not speak of it: the asset
    is new, or means something else than the policy was written for.
    """

    kind: ChangeKind
    asset: AssetId
    before: str
    after: str
    uncovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What changed between two catalogues of one source, in order of asset and kind."""

    source: str
    before_sha256: Sha256Hex
    after_sha256: Sha256Hex
    before_at: str  # RFC 3339, when the older catalogue was scanned
    after_at: str
    changes: tuple[Change, ...]

    @property
    def uncovered(self) -> tuple[Change, ...]:
        """Return the changes that call for a new draft."""
        return tuple(change for change in self.changes if change.uncovered)
