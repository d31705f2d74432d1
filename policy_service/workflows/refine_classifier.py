"""Refine the classifier: corrections → a new version of what is known of names, if the gates hold.

The lessons are cut and the gates stand in `refinement`; what is learned of names is
`catalog`'s. This hands one to the other and writes the audit record.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from policy_service.domain.asset import Catalog
from policy_service.domain.correction import CategoryCorrection, CorrectionState
from policy_service.domain.identifiers import AssetId, DataCategory, ModelVersion
from policy_service.domain.learning import ClassifierCard
from policy_service.domain.progress import Progress
from policy_service.refinement.classifier_lessons import ColumnLesson, NamedColumn
from policy_service.refinement.classifier_refine import ClassifierRefinement
from policy_service.refinement.classifier_refine import refine_classifier as train_and_gate
from policy_service.storage import corrections, sources
from policy_service.workflows.classifier import open_names
from policy_service.workflows.draft import DEFAULT_SEED
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import record_event

if TYPE_CHECKING:  # with numpy: only where it is used
    from policy_service.catalog.names.model import ColumnName, NameModel

# What the faces of the service are handed of the stage beneath.
__all__ = [
    "ClassifierRefinement",
    "collect_lessons",
    "list_classifiers",
    "refine_classifier",
    "roll_back_classifier",
]


def refine_classifier(
    platform: Platform, *, actor: str, progress: Progress, seed: int = DEFAULT_SEED
) -> ClassifierRefinement:
    """Learn from every correction that holds, register the version, promote it by its gates.

    The next scan uses it. Raises `RefinementError` where there is nothing to learn from, or
    the live version is damaged.
    """
    result = train_and_gate(
        collect_lessons(platform),
        bench=_Bench(),
        registry=platform.classifiers,
        sensitivity=platform.categories.sensitivity,
        clock=platform.clock,
        seed=seed,
        progress=progress,
    )
    card = result.card
    record_event(
        platform,
        "classifier_refinement",
        actor=actor,
        subject=card.version,
        parent=card.parent,
        lessons=card.lessons,
        lessons_sha256=card.lessons_sha256,
        weights_sha256=card.weights_sha256,
        promoted=card.promoted,
    )
    return result


def collect_lessons(platform: Platform) -> tuple[ColumnLesson, ...]:
    """Gather what holds of columns that are still there: nothing that waits teaches."""
    with platform.database.read() as session:
        held = [
            one
            for one in corrections.list_corrections(session)
            if one.state is CorrectionState.HOLDS
        ]
        found = [sources.newest_catalog(session, one.name) for one in sources.list_sources(session)]
    by_column = {one.column: one for one in held}
    return tuple(lesson for catalog in found if catalog for lesson in _lessons(catalog, by_column))


def list_classifiers(platform: Platform) -> tuple[ClassifierCard, ...]:
    """List the versions of the classifier, oldest first."""
    return platform.classifiers.cards()


def roll_back_classifier(platform: Platform, version: str, *, actor: str) -> ModelVersion:
    """Make an older promoted version, or `shipped-0`, the live one.

    Raises `RefinementError` for one that did not pass its gates or is damaged.
    """
    chosen = ModelVersion(version)
    platform.classifiers.promote(chosen)
    record_event(platform, "classifier_rollback", actor=actor, subject=chosen)
    return chosen


def _lessons(
    catalog: Catalog, said: Mapping[AssetId, CategoryCorrection]
) -> Sequence[ColumnLesson]:
    lessons = []
    for table in catalog.tables:
        siblings = tuple(column.name for column in table.columns)
        for column in table.columns:
            correction = said.get(column.id)
            if correction is not None and correction.category is not None:
                named = NamedColumn(
                    table=table.name,
                    name=column.name,
                    data_type=column.data_type,
                    siblings=siblings,
                )
                lessons.append(ColumnLesson(column=named, category=correction.category))
    return lessons


class _Bench:
    """The catalogue's name model, as refinement trains and asks it."""

    def train(self, lessons: Sequence[ColumnLesson]) -> bytes:
        """Teach what was shipped."""
        taught = [(_column_name(one.column), one.category) for one in lessons]
        return open_names(None).with_corrections(taught).to_bytes()

    def open(self, weights: bytes | None) -> "_NamedColumns":
        """Open a version."""
        return _NamedColumns(open_names(weights))


class _NamedColumns:
    """Answers with categories alone."""

    def __init__(self, model: "NameModel") -> None:
        self._model = model

    def categorise(self, columns: Sequence[NamedColumn]) -> Sequence[DataCategory]:
        """Return the category of each column by its names, in their order."""
        return [one.category for one in self._model.predict([_column_name(c) for c in columns])]


def _column_name(column: NamedColumn) -> "ColumnName":
    from policy_service.catalog.classification.learned import trained_type
    from policy_service.catalog.names.model import ColumnName

    return ColumnName(
        collection=column.table,
        path=column.name,
        data_type=trained_type(column.data_type),
        siblings=column.siblings,
    )
