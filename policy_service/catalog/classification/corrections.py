"""What people said of columns: a correction outweighs every detector, and says who and when.

Not stored here: the caller reads them and hands them to the classifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import AssetId, DataCategory

DETECTOR = "person"
CONFIDENCE = 0.99  # people err too; nothing that was measured is as sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A person's word on one column: `by` whom and `at` which time (RFC 3339), where known.

    `binding`: it counts even where detectors find something more sensitive. One person alone
    must not decide that.
    """

    category: DataCategory
    by: str = ""
    at: str = ""
    binding: bool = True


Corrections = Mapping[AssetId, "Correction | DataCategory"]


def find_correction(corrections: Corrections, column: AssetId) -> Correction | None:
    """Return what a person said of a column, if anyone did."""
    found = corrections.get(column)
    if found is None or isinstance(found, Correction):
        return found
    return Correction(category=found)


def correction_evidence(correction: Correction) -> Evidence:
    """Write a correction as evidence."""
    who = f" `{correction.by}`" if correction.by else ""
    when = f" at {correction.at}" if correction.at else ""
    detail = f"set to {correction.category} by a person{who}{when}"
    return Evidence(detector=DETECTOR, detail=detail, weight=CONFIDENCE)
