"""Columns to data categories: the evidence of names, types, values, keys, neighbours and text.

Every detector adds weighted evidence for a category; weights of one category combine by
noisy-or, and the strongest category wins. In two passes: first what a column's own name and
values say, then, knowing from `topics` which tables are about people, what they mean there.
Not a model: the encoder-free floor, which shows why it decided. No sampled value is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_service.catalog.evidence import Clues, combine, context_clues
from policy_service.catalog.free_text import TextFinder, is_free_text, read_free_text
from policy_service.catalog.observation import ObservedColumn, ObservedTable, value_text
from policy_service.catalog.patterns import value_hits
from policy_service.catalog.topics import Topic, named_subject, read_topics, table_words
from policy_service.catalog.words import Scope, is_key_name, name_hit
from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import DataCategory

# What shows that a row is a person: two of these in one table, or one proven by its values.
_OF_A_PERSON = (
    "user.name",
    "user.contact.email",
    "user.contact.phone_number",
    "user.demographic.date_of_birth",
    "user.demographic.gender",
    "user.government_id",
)
_PROVEN = ("birth-number",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What one column was found to be, and why."""

    category: DataCategory
    reveals: tuple[DataCategory, ...]
    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifiedTable:
    """One table's classification: `columns` in the table's order."""

    topic: Topic
    columns: tuple[Classification, ...]


class Classifier:
    """Classifies the columns of one database, all tables together."""

    def __init__(self, *, text_finder: TextFinder | None) -> None:
        self._finder = text_finder

    def classify(self, tables: Sequence[ObservedTable]) -> dict[str, ClassifiedTable]:
        """Classify every column; results by table id. Foreign keys must be known already."""
        clues = {
            (table.id, column.name): self._own_clues(table, column)
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

    def _own_clues(self, table: ObservedTable, column: ObservedColumn) -> Clues:
        texts = tuple(value_text(value) for value in column.present())
        words = table_words(table.name)
        prose = column.data_type == "text" and is_free_text(texts)
        return Clues(
            name=name_hit(column.name, words[-1] if words else ""),
            values=() if prose else value_hits(texts, column.data_type),
            text=read_free_text(texts, self._finder) if prose else None,
            filled=len(texts),
        )

    def _decide(
        self,
        table: ObservedTable,
        column: ObservedColumn,
        clues: Clues,
        topics: Mapping[str, Topic],
    ) -> Classification:
        found = context_clues(table, column, clues, topics)
        category, confidence, evidence = combine(found.evidence)
        if not clues.filled:
            confidence *= 0.8
            said = "no rows" if not table.row_count else "no values"
            evidence = (
                *evidence,
                Evidence(detector="sample", detail=f"{said}: name and type only", weight=0.0),
            )
        reveals = found.reveals if category.startswith("user") else ()
        return Classification(
            category=category,
            reveals=tuple(sorted({one for one in reveals if one != category})),
            confidence=round(confidence, 4),
            evidence=evidence,
        )


_AllClues = Mapping[tuple[str, str], Clues]


def _people(tables: Sequence[ObservedTable], clues: _AllClues) -> dict[str, str]:
    """Name the tables whose columns show that a row is a person, with the reason."""
    found: dict[str, str] = {}
    for table in tables:
        kinds: set[str] = set()
        for column in table.columns:
            own = clues[table.id, column.name]
            if any(hit.detector in _PROVEN for hit in own.values):
                found[table.id] = f"column `{column.name}` holds birth numbers"
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
