"""Columns to data categories: the evidence of names, types, values, keys, neighbours and text.

Every detector adds weighted evidence for a category; weights of one category combine by
noisy-or, the strongest category wins, and its strength is calibrated to a probability. In two
passes: first what a column's own name and values say, then, knowing from `topics` which tables
are about people, what they mean there. The patterns are the floor: a name model that is handed
in may raise and refine what they found, and a person's correction outweighs both. Not a model
itself: it shows why it decided. No sampled value is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_service.catalog.classification.calibration import calibrated
from policy_service.catalog.classification.category_embeddings import CategoryEmbeddings
from policy_service.catalog.classification.corrections import (
    CONFIDENCE,
    Correction,
    Corrections,
    correction_evidence,
    find_correction,
)
from policy_service.catalog.classification.declared import declared_evidence
from policy_service.catalog.classification.evidence import (
    PLACES,
    Clues,
    Found,
    Weighed,
    context_clues,
    strongest,
    support,
)
from policy_service.catalog.classification.free_text import TextFinder, is_free_text, read_free_text
from policy_service.catalog.classification.learned import (
    NameClassifier,
    admit,
    learned_evidence,
    lowers,
    may_replace,
    predict_names,
)
from policy_service.catalog.classification.patterns import value_hits
from policy_service.catalog.classification.topics import (
    Topic,
    named_subject,
    read_topics,
    table_words,
)
from policy_service.catalog.names.words import Scope, is_key_name, name_hit
from policy_service.catalog.observation import ObservedColumn, ObservedTable, value_text
from policy_service.domain.asset import Evidence
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import AssetId, DataCategory, asset_id, asset_parts

# What shows that a row is a person: two of these in one table, or one proven by its values.
_OF_A_PERSON = (
    "user.name",
    "user.contact.email",
    "user.contact.phone_number",
    "user.demographic.date_of_birth",
    "user.demographic.gender",
    "user.government_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What one column was found to be, and why.

    `strength` is how much the evidence weighs together, `confidence` how often a category
    with such evidence is right.
    """

    category: DataCategory
    reveals: tuple[DataCategory, ...]
    strength: float
    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifiedTable:
    """One table's classification: `columns` in the table's order."""

    topic: Topic
    columns: tuple[Classification, ...]


class Classifier:
    """Classifies the columns of one database, all tables together.

    Everything but the patterns is optional: a finder of personal data in texts, a name model,
    embedded descriptions of categories, what people corrected. `categories` lets learned
    evidence settle what the patterns left open without ever lowering a sensitivity.
    """

    def __init__(
        self,
        *,
        text_finder: TextFinder | None,
        name_model: NameClassifier | None = None,
        descriptions: CategoryEmbeddings | None = None,
        corrections: Corrections | None = None,
        categories: CategoryTable | None = None,
    ) -> None:
        self._finder = text_finder
        self._model = name_model
        self._descriptions = descriptions
        self._corrections = corrections or {}
        self._categories = categories

    def classify(self, tables: Sequence[ObservedTable]) -> dict[str, ClassifiedTable]:
        """Classify every column; results by table id. Foreign keys must be known already."""
        learned = self._learned(tables)
        clues = {
            (table.id, column.name): self._own_clues(table, column, learned)
            for table in tables
            for column in table.columns
        }
        topics = read_topics(
            tables, people=_people(tables, clues), references=_references(tables, clues)
        )
        return {
            table.id: ClassifiedTable(
                topic=topics[table.id],
                columns=tuple(
                    self._decide(table, column, clues[table.id, column.name], topics)
                    for column in table.columns
                ),
            )
            for table in tables
        }

    def _learned(self, tables: Sequence[ObservedTable]) -> dict[tuple[str, str], Weighed]:
        """Ask the models about all names at once; evidence by table id and column name."""
        found: dict[tuple[str, str], list[tuple[DataCategory, Evidence]]] = {}
        if self._model is not None:
            for key, prediction in predict_names(self._model, tables).items():
                piece = learned_evidence(prediction)
                found[key] = [] if piece is None else [piece]
        if self._descriptions is not None:
            names = [(table, column.name) for table in tables for column in table.columns]
            near = self._descriptions.near([(table.name, column) for table, column in names])
            for table, column in names:
                if (table.name, column) in near:
                    found.setdefault((table.id, column), []).append(near[table.name, column])
        return {key: tuple(pieces) for key, pieces in found.items()}

    def _own_clues(
        self,
        table: ObservedTable,
        column: ObservedColumn,
        learned: Mapping[tuple[str, str], Weighed],
    ) -> Clues:
        texts = tuple(value_text(value) for value in column.present())
        words = table_words(table.name)
        prose = column.data_type == "text" and is_free_text(texts)
        return Clues(
            name=name_hit(column.name, words[-1] if words else ""),
            values=() if prose else value_hits(texts, column.data_type),
            text=read_free_text(texts, self._finder) if prose else None,
            filled=len(texts),
            learned=learned.get((table.id, column.name), ()),
            declared=declared_evidence(column),
            corrected=find_correction(self._corrections, _column_id(table, column)),
        )

    def _decide(
        self,
        table: ObservedTable,
        column: ObservedColumn,
        clues: Clues,
        topics: Mapping[str, Topic],
    ) -> Classification:
        found = context_clues(table, column, clues, topics)
        category = self._settle(found, clues, topics[table.id])
        strength, evidence = support(found.evidence, category)
        confidence = calibrated(category, strength, evidence, filled=bool(clues.filled))
        if clues.corrected is not None and clues.corrected.category == category:
            confidence = max(confidence, CONFIDENCE)
        elif not clues.filled:
            said = "no rows" if not table.row_count else "no values"
            unseen = Evidence(detector="sample", detail=f"{said}: name and type only", weight=0.0)
            evidence = (*evidence, unseen)
        reveals = found.reveals if category.startswith("user") else ()
        return Classification(
            category=category,
            reveals=tuple(sorted({one for one in reveals if one != category})),
            strength=round(strength, 4),
            confidence=round(confidence, 4),
            evidence=evidence,
        )

    def _settle(self, found: Found, clues: Clues, topic: Topic) -> DataCategory:
        """Choose the category: a person's word, else the strongest evidence above the floor.

        INVARIANT: neither learned evidence, nor what is declared, nor a word that does not bind
        ever takes a column below what the patterns established.
        """
        established = strongest(found.evidence)
        if clues.corrected is not None and self._counts(clues.corrected, established):
            found.evidence.append((clues.corrected.category, correction_evidence(clues.corrected)))
            return clues.corrected.category
        if not clues.learned and not clues.declared:
            return established
        found.evidence.extend(admit(clues.learned, of_places=topic.kind in PLACES))
        found.evidence.extend(clues.declared)
        category = strongest(found.evidence)
        if category == established or may_replace(established, category, self._categories):
            return category
        return established

    def _counts(self, correction: Correction, established: DataCategory) -> bool:
        if correction.binding:
            return True
        return self._categories is not None and not lowers(
            established, correction.category, self._categories
        )


def _column_id(table: ObservedTable, column: ObservedColumn) -> AssetId:
    return asset_id(*asset_parts(AssetId(table.id)), column.name)


_AllClues = Mapping[tuple[str, str], Clues]


def _people(tables: Sequence[ObservedTable], clues: _AllClues) -> dict[str, str]:
    """Name the tables whose columns show that a row is a person, with the reason."""
    found: dict[str, str] = {}
    for table in tables:
        kinds: set[str] = set()
        for column in table.columns:
            own = clues[table.id, column.name]
            if any(hit.proves for hit in own.values):
                found[table.id] = f"column `{column.name}` holds national identifiers"
            kinds |= {kind for kind in map(_of_a_person, own.categories()) if kind}
        if len(kinds) >= 2:
            listed = ", ".join(sorted(kinds))
            found.setdefault(table.id, f"its columns describe a person ({listed})")
    return found


def _of_a_person(category: DataCategory) -> str:
    return next((kind for kind in _OF_A_PERSON if category.startswith(kind)), "")


def _references(tables: Sequence[ObservedTable], clues: _AllClues) -> dict[str, str]:
    """Name the tables with a column that names a person, such as `customer_id`."""
    found: dict[str, str] = {}
    for table in tables:
        for column in table.columns:
            hit = clues[table.id, column.name].name
            if (
                hit is not None
                and hit.scope is Scope.ALWAYS
                and hit.category == "user.unique_id"
                and is_key_name(column.name)
            ):
                best = found.get(table.id)
                if best is None or named_subject(best) in ("", "employee"):
                    found[table.id] = column.name
    return found
