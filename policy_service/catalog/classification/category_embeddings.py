"""Column names near the description of a data category, in an encoder's space.

A weak witness for names that no word list knows, and counted as one: on names of the labelled
connectors that the patterns leave open, a nearest personal category at this threshold is a
personal column half of the time, against an eighth of all of them. It names a candidate for
the reviewer and supports the name model; alone it decides nothing.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from policy_service.catalog.classification.topics import table_words
from policy_service.catalog.names.words import name_words
from policy_service.domain.asset import Evidence
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import DataCategory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policy_service.catalog.names.model import NameEncoder

DETECTOR = "description"
_NEAR = 0.65
_WEIGHT = 0.3

Nearby = Mapping[tuple[str, str], tuple[DataCategory, Evidence]]


class CategoryEmbeddings:
    """The descriptions of the personal categories, embedded once."""

    def __init__(self, *, encoder: "NameEncoder", categories: CategoryTable) -> None:
        entries = [one for one in categories.entries if one.category.startswith("user.")]
        self._encoder = encoder
        self._entries = entries
        self._described: NDArray[np.float32] = encoder.encode([one.label for one in entries])

    def near(self, columns: Sequence[tuple[str, str]]) -> Nearby:
        """Find the category that each `(table, column)` name is near to; those that are near."""
        told = {
            names: " ".join((*table_words(names[0]), *name_words(names[1]))) for names in columns
        }
        distinct = sorted(set(told.values()) - {""})
        if not distinct or not self._entries:
            return {}
        likeness = self._encoder.encode(distinct) @ self._described.T
        best = dict(zip(distinct, zip(likeness.argmax(axis=1), likeness.max(axis=1), strict=True),
                        strict=True))  # fmt: skip
        found = {}
        for names, text in told.items():
            place, cosine = best.get(text, (0, 0.0))
            if cosine >= _NEAR:
                entry = self._entries[int(place)]
                detail = f"its name is near to the description `{entry.label}` ({cosine:.2f})"
                piece = Evidence(detector=DETECTOR, detail=detail, weight=_WEIGHT)
                found[names] = (entry.category, piece)
        return found
