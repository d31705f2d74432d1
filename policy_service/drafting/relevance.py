"""Which tables the duties of a role reach, and why: by name, by likeness, along references.

Linear in roles × tables: words are looked up in an index of table names, phrases
are compared to distinct table names in one matrix product. Whatever is not
reached here is denied by default and never becomes a decision point.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.asset import Catalog, Table
from policy_service.domain.identifiers import AssetId, DataCategory, category_covers
from policy_service.drafting.duties import Coverage, DutyProfile
from policy_service.drafting.duty_words import (
    CATEGORY_WORDS,
    NO_THING,
    PERSON_WORDS,
    STAFF_WORDS,
    STOP_WORDS,
)
from policy_service.drafting.graph import TableGraph, own_columns
from policy_service.drafting.words import human, name_words, same_thing

_ALIKE = 0.62  # cosine from which a phrase and a table name are the same thing
_RARE_COLUMN = 3  # a column word in more tables than this (or 2 % of them) points nowhere
_LINK_COLUMNS = 2  # a table with no more columns of its own only links others
_MAX_ALIKE = 12  # tables one phrase may reach by likeness
_IDENTIFYING = ("user.name", "user.government_id", "user.contact", "user.demographic")
_STAFF_SUBJECTS = frozenset({"employee", "contractor", "job_applicant"})
_KINDS = {"person", "individual", "people"}


class TextEncoder(Protocol):
    """Turns texts into L2-normalised rows."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed `texts`: one row each, in their order."""
        ...


class Reach(StrEnum):
    """Why a table is within a role's reach; the nearest reason comes first."""

    NAMED = "named"  # the duties name it
    ALIKE = "alike"  # the duties name something like it
    PERSON = "person"  # it holds the persons the duties speak of
    COVERED = "covered"  # the duties reach everything, or everything personal
    LINK = "link"  # it only links tables within reach
    NEIGHBOUR = "neighbour"  # an investigation follows references to it
    LOOKUP = "lookup"  # it explains codes of tables within reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """One table within reach. `because` names the word or table that leads there."""

    table: AssetId
    reach: Reach
    because: str


def is_personal(category: DataCategory) -> bool:
    """Tell whether a category is personal data: everything under `user`."""
    return category_covers(DataCategory("user"), category)


def holds_personal(table: Table) -> bool:
    """Tell whether a table has a column with personal data."""
    return any(is_personal(column.category) for column in table.columns)


class RelevanceFinder:
    """Finds the tables within reach of a role, over one catalogue."""

    def __init__(self, *, catalog: Catalog, graph: TableGraph, encoder: TextEncoder) -> None:
        self._catalog = catalog
        self._graph = graph
        self._encoder = encoder
        self._personal = {table.id for table in catalog.tables if holds_personal(table)}
        self._persons = _person_tables(catalog)
        self._staff = tuple(
            table.id for table in catalog.tables if table.data_subject in _STAFF_SUBJECTS
        )
        self._by_name = _index((table.id, name_words(table.name)) for table in catalog.tables)
        columns = _index(
            (table.id, [word for column in table.columns for word in name_words(column.name)])
            for table in catalog.tables
        )
        rare = max(_RARE_COLUMN, len(catalog.tables) // 50)
        self._by_column = {word: tables for word, tables in columns.items() if len(tables) <= rare}
        self._labels = _labels(catalog)
        self._label_vectors = encoder.encode(list(self._labels))
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def prime(self, phrases: Iterable[str]) -> None:
        """Embed phrases in one batch, so that later look-ups need not."""
        new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._encoder.encode(new), strict=True))

    def find(self, profile: DutyProfile) -> dict[AssetId, Relevance]:
        """List the tables within reach of one role, in the order of the catalogue."""
        excluded = self.excluded(profile)
        found: dict[AssetId, Relevance] = {}
        self._add_coverage(profile, found)
        for noun in profile.nouns:
            self._add(found, self._named(noun), Reach.NAMED, noun)
        named = set(found)
        self._add_alike(profile, found)
        self._add_columns(profile, found)
        self._add_persons(profile, found, excluded)
        if profile.investigates:
            for table in sorted(named & self._personal):
                self._add(found, self._alongside(table), Reach.NEIGHBOUR, human_name(table))
        self._add_links(found)
        self._add_lookups(found)
        hidden = self._hidden_staff(profile, found) | excluded.keys()
        order = [table.id for table in self._catalog.tables]
        return {table: found[table] for table in order if table in found and table not in hidden}

    def excluded(self, profile: DutyProfile) -> dict[AssetId, str]:
        """List the tables that the duties keep the role away from, with the words that do."""
        found: dict[AssetId, str] = {}
        for clause in profile.exclusions:
            for phrase in clause.phrases:
                head = _head(phrase)
                tables = self._named(head) or self._alike([phrase]).get(phrase, ())
                for table in tables:
                    found.setdefault(table, phrase)
        positive = {table for noun in profile.nouns for table in self._by_name.get(noun, ())}
        return {
            table: word
            for table, word in found.items()
            # `no loans` keeps away from loans even where the title says loan.
            if table not in positive or _head(word) in name_words(self._graph.table(table).name)
        }

    def tables_named(self, nouns: Iterable[str]) -> frozenset[AssetId]:
        """List the tables that any of the stems names, by name or by likeness."""
        found: set[AssetId] = set()
        for noun in nouns:
            found.update(self._named(noun) or self._alike([noun]).get(noun, ()))
        return frozenset(found)

    def unmatched(self, profile: DutyProfile) -> tuple[str, ...]:
        """List the phrases of the duties for which no table or column was found."""
        if profile.coverage is not Coverage.MENTIONED:
            return ()
        alike = self._alike(profile.phrases)
        return tuple(
            phrase
            for phrase in profile.phrases
            if phrase not in alike and not any(self._known(word) for word in phrase.split())
        )

    def _known(self, word: str) -> bool:
        """Tell whether a word finds a table or column, or is none to look for."""
        spoken = word in PERSON_WORDS or word in STAFF_WORDS or word in CATEGORY_WORDS
        manner = word in NO_THING or word.endswith("ed")
        return spoken or manner or word in self._by_column or bool(self._named(word))

    def persons(self) -> tuple[AssetId, ...]:
        """List the tables with one row for each person."""
        return self._persons

    def _hidden_staff(
        self, profile: DutyProfile, found: dict[AssetId, Relevance]
    ) -> frozenset[AssetId]:
        """List tables about staff that only likeness leads to, where no duty speaks of staff."""
        if STAFF_WORDS & set(profile.nouns):
            return frozenset()
        sure = (Reach.NAMED, Reach.COVERED)
        return frozenset(
            one for one in self._staff if one in found and found[one].reach not in sure
        )

    def _named(self, noun: str) -> tuple[AssetId, ...]:
        return tuple(
            table
            for word, tables in self._by_name.items()
            if same_thing(noun, word) or _same_people(noun, word)
            for table in tables
        )

    def _add_coverage(self, profile: DutyProfile, found: dict[AssetId, Relevance]) -> None:
        if profile.coverage is Coverage.ALL:
            tables = [table.id for table in self._catalog.tables]
            self._add(found, tables, Reach.COVERED, "every table")
        elif profile.coverage is Coverage.PERSONAL:
            tables = [table.id for table in self._catalog.tables if table.id in self._personal]
            self._add(found, tables, Reach.COVERED, "all personal data")

    def _add_alike(self, profile: DutyProfile, found: dict[AssetId, Relevance]) -> None:
        asked = [
            phrase
            for phrase in profile.phrases
            if not any(self._named(word) for word in phrase.split())
        ]
        for phrase, tables in self._alike(asked).items():
            self._add(found, tables, Reach.ALIKE, phrase)

    def _add_columns(self, profile: DutyProfile, found: dict[AssetId, Relevance]) -> None:
        for noun in profile.nouns:
            if noun not in NO_THING and not self._named(noun):
                self._add(found, self._by_column.get(noun, ()), Reach.ALIKE, noun)

    def _add_persons(
        self, profile: DutyProfile, found: dict[AssetId, Relevance], excluded: Iterable[AssetId]
    ) -> None:
        """Reach the table of the persons that the duties speak of, and the way to it."""
        words = [one for one in profile.nouns if one in PERSON_WORDS and not self._named(one)]
        persons = frozenset(self._persons) - frozenset(self._staff) - frozenset(excluded)
        if not words or not persons:
            return
        for start in sorted(found):
            if found[start].reach is not Reach.NAMED or start in excluded:
                continue
            if start not in self._personal:
                continue  # whoever shares a district has nothing else in common
            path = self._graph.path(
                start, persons.__contains__, through=self._personal.__contains__
            )
            for join in path or ():
                reach = Reach.PERSON if join.references_table in persons else Reach.LINK
                self._add(found, [join.references_table], reach, words[0])

    def _alongside(self, table: AssetId) -> list[AssetId]:
        """List the tables that refer to a table and are about the same kind of person."""
        subject = self._graph.table(table).data_subject
        return [
            one
            for one in self._graph.children(table)
            if self._graph.table(one).data_subject == subject
        ]

    def _add_links(self, found: dict[AssetId, Relevance]) -> None:
        reached = set(found)
        for table in self._catalog.tables:
            ends = reached.intersection(self._graph.parents(table.id))
            if len(ends) > 1 and len(own_columns(table)) <= _LINK_COLUMNS:
                self._add(found, [table.id], Reach.LINK, human_name(sorted(ends)[0]))

    def _add_lookups(self, found: dict[AssetId, Relevance]) -> None:
        for table in sorted(found):
            lookups = [one for one in self._graph.parents(table) if one not in self._personal]
            self._add(found, lookups, Reach.LOOKUP, human_name(table))

    def _alike(self, phrases: Sequence[str]) -> dict[str, tuple[AssetId, ...]]:
        """Match phrases to table names by cosine; the nearest tables only."""
        asked = [phrase for phrase in dict.fromkeys(phrases) if phrase not in _KINDS]
        if not asked:
            return {}
        self.prime(asked)
        likeness = np.stack([self._vectors[phrase] for phrase in asked]) @ self._label_vectors.T
        labels = list(self._labels)
        found: dict[str, tuple[AssetId, ...]] = {}
        for phrase, row in zip(asked, likeness, strict=True):
            best = float(row.max())
            near = sorted(
                (place for place in range(len(labels)) if row[place] >= max(_ALIKE, best - 0.05)),
                key=lambda place: (-round(float(row[place]), 6), place),
            )
            tables = [table for place in near for table in self._labels[labels[place]]]
            if tables:
                found[phrase] = tuple(tables[:_MAX_ALIKE])
        return found

    @staticmethod
    def _add(
        found: dict[AssetId, Relevance], tables: Iterable[AssetId], reach: Reach, because: str
    ) -> None:
        for table in tables:
            found.setdefault(table, Relevance(table=table, reach=reach, because=because))


def human_name(table: AssetId) -> str:
    """Write a table's own name as people would."""
    return human(table.rsplit(".", 1)[-1])


def _head(phrase: str) -> str:
    """Take the word that a phrase is about: the last one that is no filler."""
    return next((word for word in reversed(phrase.split()) if word not in STOP_WORDS), phrase)


def _same_people(noun: str, word: str) -> bool:
    """Tell whether both are words for staff: an employee table is what `staff` means."""
    return noun in STAFF_WORDS and word in STAFF_WORDS


def _index(entries: Iterable[tuple[AssetId, Iterable[str]]]) -> dict[str, tuple[AssetId, ...]]:
    found: dict[str, dict[AssetId, None]] = defaultdict(dict)
    for table, words in entries:
        for word in words:
            if len(word) > 2:
                found[word][table] = None
    return {word: tuple(tables) for word, tables in found.items()}


def _labels(catalog: Catalog) -> dict[str, tuple[AssetId, ...]]:
    found: dict[str, list[AssetId]] = defaultdict(list)
    for table in catalog.tables:
        found[human(table.name)].append(table.id)
    return {label: tuple(tables) for label, tables in found.items()}


def _person_tables(catalog: Catalog) -> tuple[AssetId, ...]:
    """Find the tables with one row for each person: identified, and no mere detail of another."""
    identified = {table.id: table for table in catalog.tables if _is_identified(table)}
    return tuple(
        table.id
        for table in identified.values()
        if not any(
            key.references_table in identified and key.references_table != table.id
            for key in table.foreign_keys
        )
    )


def _is_identified(table: Table) -> bool:
    identifying = any(
        category_covers(DataCategory(one), column.category)
        for column in table.columns
        for one in _IDENTIFYING
    )
    keyed = any(column.primary_key for column in table.columns)
    return bool(table.data_subject) and keyed and identifying
