"""The table from data categories to sensitivity and to the classes of the laws.

Categories are keys of the fideslang taxonomy; the table itself is the product's
own (`policies/data_categories.yaml`). What it does not list, it inherits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policy_service.domain.asset import LegalClass, Sensitivity
from policy_service.domain.identifiers import DataCategory, category_ancestors

# The provisions of the corpus that make each class: where a reader finds its duties.
LEGAL_BASES: Mapping[LegalClass, tuple[str, ...]] = MappingProxyType(
    {
        LegalClass.PERSONAL_DATA: ("gdpr/art-4/1",),
        LegalClass.SPECIAL_CATEGORY: ("gdpr/art-9/1",),
        LegalClass.CRIMINAL_OFFENCE: ("gdpr/art-10",),
        LegalClass.NATIONAL_IDENTIFIER: ("gdpr/art-87",),
        LegalClass.PHI: ("hipaa-privacy/164.514/b/2/i",),
        LegalClass.CARDHOLDER_DATA: ("pci-dss/3.4.1", "pci-dss/3.5.1"),
        LegalClass.NPI: ("reg-p/1016.3/p/1", "reg-p/1016.3/q/1"),
        LegalClass.CREDENTIALS: ("pci-dss/3.3.1", "pci-dss/8.3.2"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEntry:
    """One row of the table; `label` is what people call the category."""

    category: DataCategory
    sensitivity: Sensitivity
    legal_classes: tuple[LegalClass, ...]
    label: str
    identifying: bool = False  # singles out a person by itself


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """The whole table. A category nobody lists is confidential, never public."""

    entries: tuple[CategoryEntry, ...]

    def entry(self, category: DataCategory) -> CategoryEntry:
        """Find the nearest listed category, the given one or one above it."""
        by_key = {entry.category: entry for entry in self.entries}
        for wider in category_ancestors(category):
            if wider in by_key:
                return by_key[wider]
        return CategoryEntry(
            category=category,
            sensitivity=Sensitivity.CONFIDENTIAL,
            legal_classes=(),
            label=category,
        )

    def sensitivity(
        self, category: DataCategory, reveals: tuple[DataCategory, ...] = ()
    ) -> Sensitivity:
        """Return the highest sensitivity of the category and of what its values reveal."""
        found = (self.entry(one).sensitivity for one in (category, *reveals))
        return max(found, key=lambda sensitivity: sensitivity.rank)

    def legal_classes(
        self, category: DataCategory, reveals: tuple[DataCategory, ...] = ()
    ) -> tuple[LegalClass, ...]:
        """Return every legal class of the category and of what its values reveal, sorted."""
        return tuple(
            sorted({one for key in (category, *reveals) for one in self.entry(key).legal_classes})
        )

    def label(self, category: DataCategory) -> str:
        """Return what people call the category."""
        return self.entry(category).label
