"""Learned evidence beside the patterns: a name model's predictions, and how far they may go.

A model sees names only and was trained on other people's databases, so it is one witness
more. It can find a person where the patterns saw none, and refine or settle what they left
open; it cannot lower what words, keys, values and check digits established. Not the model: that
is `catalog.names.model`, handed in.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from policy_service.catalog.observation import ObservedTable
from policy_service.domain.asset import Evidence
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import DataCategory, category_covers

if TYPE_CHECKING:
    from policy_service.catalog.names.model import ColumnName, NamePrediction

DETECTOR = "name-model"
_SHARE = 0.85  # of the model's own confidence: it shares words with the patterns
_LEAST = 0.3
_OF_PLACES = 0.4  # what others call a person's telephone is a branch's here
# The model was trained on the types of API descriptions.
_TYPES = {"text": "string", "decimal": "float", "timestamp": "string", "date": "string"}

Weighed = Sequence[tuple[DataCategory, Evidence]]
Predictions = dict[tuple[str, str], "NamePrediction"]


class NameClassifier(Protocol):
    """Judges columns by their names; `NameModel` fits."""

    def predict(self, columns: "Sequence[ColumnName]") -> "Sequence[NamePrediction]":
        """Return one prediction for each column, in their order."""
        ...


def predict_names(model: NameClassifier, tables: Sequence[ObservedTable]) -> Predictions:
    """Ask the model about every column at once; predictions by table id and column name."""
    from policy_service.catalog.names.model import ColumnName  # with numpy: only where it is used

    keys, asked = [], []
    for table in tables:
        siblings = tuple(column.name for column in table.columns)
        for column in table.columns:
            keys.append((table.id, column.name))
            asked.append(
                ColumnName(
                    collection=table.name,
                    path=column.name,
                    data_type=trained_type(column.data_type),
                    siblings=siblings,
                )
            )
    return dict(zip(keys, model.predict(asked), strict=True))


def trained_type(data_type: str) -> str:
    """Name a column's type as the model was trained on it."""
    return _TYPES.get(data_type, data_type)


def learned_evidence(prediction: "NamePrediction") -> tuple[DataCategory, Evidence] | None:
    """Write a prediction as evidence; None where the model does not commit itself."""
    if prediction.confidence < _LEAST:
        return None
    reasons = f": {', '.join(prediction.reasons)}" if prediction.reasons else ""
    detail = f"names elsewhere like this one are {prediction.category}{reasons}"
    weight = round(_SHARE * min(prediction.confidence, 1.0), 4)
    return prediction.category, Evidence(detector=DETECTOR, detail=detail, weight=weight)


def admit(learned: Weighed, *, of_places: bool) -> Weighed:
    """Return the learned evidence that counts: what finds a person, less so in tables of places.

    That a model sees nobody is not heard: it says so of every name that it does not know, such
    as those of other languages, and then it would only unsettle what the patterns do know.
    """
    share = _OF_PLACES if of_places else 1.0
    return [
        (category, replace(piece, weight=round(piece.weight * share, 4)))
        for category, piece in learned
        if category.startswith("user")
    ]


def may_replace(
    established: DataCategory, learned: DataCategory, categories: CategoryTable | None
) -> bool:
    """Tell whether a learned category may take the place of an established one.

    Never where it is less sensitive; without a table of sensitivities only where it
    refines the established category or finds a person where none was seen.
    """
    if category_covers(established, learned):
        return categories is None or not lowers(established, learned, categories)
    personal = learned.startswith("user")
    if established.startswith("user"):
        return personal and categories is not None and not lowers(established, learned, categories)
    return personal


def lowers(before: DataCategory, after: DataCategory, categories: CategoryTable) -> bool:
    """Tell whether a category is less sensitive than another, or lacks one of its classes."""
    lower = categories.sensitivity(after).rank < categories.sensitivity(before).rank
    lost = set(categories.legal_classes(before)) - set(categories.legal_classes(after))
    return lower or bool(lost)
