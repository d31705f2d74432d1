"""What people said of columns: remembered word for word, and carried over to alike ones.

A second Gaussian process on what the model got wrong (kernel ridge regression of the
residuals; Rasmussen and Williams, 2006, section 2.2), so that a correction reaches as far as
the columns are alike and nothing else moves. Whether to use it is decided by a gate elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.names.features import ColumnName, NameFeatures
from policy_service.catalog.names.kernel import Anchors, NameEncoder, anchors_of, likeness
from policy_service.catalog.names.weights import is_personal
from policy_service.domain.identifiers import DataCategory

Correction = tuple[ColumnName, DataCategory]
_NOISE = 0.1  # people contradict one another, and names repeat


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrections:
    """Corrections as given, what they say word for word, and what they teach."""

    given: tuple[Correction, ...]
    exact: Mapping[tuple[str, str], DataCategory]  # by collection and path; the last one counts
    categories: tuple[DataCategory, ...]  # the model's, then those that only people named
    anchors: Anchors
    weights: NDArray[np.float64]  # anchors × (1 + categories)

    def shift(
        self, features: Sequence[NameFeatures], encoder: NameEncoder | None
    ) -> NDArray[np.float64]:
        """Return what corrections add to the scores of columns."""
        return likeness(features, self.anchors, encoder=encoder) @ self.weights


def exact_key(column: ColumnName) -> tuple[str, str]:
    """Return what a column is remembered by."""
    return column.collection, column.path


def learn_corrections(
    given: Sequence[Correction],
    *,
    features: Sequence[NameFeatures],
    scores: NDArray[np.float64],
    categories: Sequence[DataCategory],
    encoder: NameEncoder | None,
) -> Corrections:
    """Learn from corrections, where the model scored their columns with `scores`.

    `features` and `scores` (columns × (1 + categories)) are in the order of `given`.
    """
    exact = {exact_key(column): category for column, category in given}
    added = sorted({one for one in exact.values() if is_personal(one)} - set(categories))
    known = (*categories, *added)
    column = {category: 1 + number for number, category in enumerate(known)}
    wrong = -with_columns(scores, len(known))
    for row, (name, _) in enumerate(given):
        said = exact[exact_key(name)]
        if is_personal(said):
            wrong[row, 0] += 1
            wrong[row, column[said]] += 1
    anchors = anchors_of(features, encoder=encoder)
    kernel = likeness(features, anchors, encoder=encoder).astype(np.float64)
    kernel[np.diag_indices(len(given))] += _NOISE
    return Corrections(
        given=tuple(given),
        exact=exact,
        categories=known,
        anchors=anchors,
        weights=np.asarray(np.linalg.solve(kernel, wrong), dtype=np.float64),
    )


def with_columns(scores: NDArray[np.float64], categories: int) -> NDArray[np.float64]:
    """Return scores with a zero column for each category that only people named."""
    missing = 1 + categories - scores.shape[1]
    return np.hstack([scores, np.zeros((len(scores), missing))])
