"""Names near a category's description, with a small encoder of our own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.classification.category_embeddings import CategoryEmbeddings
from policy_service.catalog.classification.classify import Classifier
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.asset import Sensitivity
from policy_service.domain.categories import CategoryEntry, CategoryTable
from policy_service.domain.identifiers import DataCategory


class _Letters:
    """Embeds a text by its letters; counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        rows = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], float)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _table(*labels: str) -> CategoryTable:
    return CategoryTable(
        tuple(
            CategoryEntry(
                category=DataCategory(key),
                sensitivity=Sensitivity.CONFIDENTIAL,
                legal_classes=(),
                label=label,
            )
            for key, _, label in (one.partition("=") for one in labels)
        )
    )


def test_a_name_near_a_description_is_evidence() -> None:
    """The same letters are the same direction: the category is named with its likeness."""
    near = CategoryEmbeddings(
        encoder=_Letters(), categories=_table("user.social=social data", "user.name=xyz")
    ).near([("social", "data"), ("qq", "jj")])
    assert set(near) == {("social", "data")}
    category, piece = near["social", "data"]
    assert category == "user.social"
    assert piece.detector == "description"
    assert "`social data` (1.00)" in piece.detail


def test_equal_names_are_embedded_once_and_nothing_is_asked_of_no_names() -> None:
    """Deduplicated; a table without personal categories and an empty source need no encoder."""
    letters = _Letters()
    described = CategoryEmbeddings(encoder=letters, categories=_table("user.social=social data"))
    described.near([("a", "b"), ("a", "b"), ("A", "B")])
    assert letters.asked == ["social data", "a b"]
    assert described.near([]) == {}


def test_likeness_supports_and_alone_decides_nothing() -> None:
    """In a table about nobody, a near description is shown and operations stay operations."""
    table = ObservedTable(
        id="s.public.social",
        schema="public",
        name="social",
        row_count=0,
        columns=(ObservedColumn(name="data", data_type="text"),),
    )
    described = CategoryEmbeddings(encoder=_Letters(), categories=_table("user.social=social data"))
    plain = Classifier(text_finder=None).classify([table])[table.id].columns[0]
    found = Classifier(text_finder=None, descriptions=described).classify([table])
    column = found[table.id].columns[0]
    assert column.category == plain.category == "system.operations"
    assert column.confidence < plain.confidence
