"""Evidence for one column: gathered from its clues and its table, weighed, combined.

The weights are judgements, checked by the tests on a real bank; their order matters more
than their third digit. Combination is noisy-or over independent clues of one category.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policy_service.catalog.classification.corrections import Correction
from policy_service.catalog.classification.free_text import TextFindings
from policy_service.catalog.classification.neighbours import neighbour_witness
from policy_service.catalog.classification.topics import Kind, Topic, singular, table_words
from policy_service.catalog.classification.value_hit import ValueHit
from policy_service.catalog.names.languages import CHILDREN
from policy_service.catalog.names.words import (
    NameHit,
    Scope,
    is_key_name,
    is_opaque,
    name_words,
)
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.domain.asset import Evidence
from policy_service.domain.identifiers import DataCategory, category_covers

PRIOR = "table"  # what a table's topic lets expect; gives way to any evidence of the column itself
_OPERATIONS = DataCategory("system.operations")
_PERSON_ID = DataCategory("user.unique_id")
_PSEUDONYM = DataCategory("user.unique_id.pseudonymous")
_HEALTH = DataCategory("user.health_and_medical")
_PRIVATE = DataCategory("user.content.private")
_CARD = DataCategory("user.financial.credit_card")
_CHILDREN = DataCategory("user.childrens")
_SIGN_IN = DataCategory("user.authorization.credentials")
# Sensitive authentication data: what proves the card at a payment (PCI DSS 3.3).
_PROVES_CARD = re.compile(r"\bcv[vc]\d?\b|\bcid\b|security code|track ?[12]|pin ?block")
PLACES = (Kind.PLACE, Kind.ORGANISATION)  # their own facts are no one's
# Categories whose values are text in any sane schema.
_TEXTUAL = ("user.contact", "user.name", "user.job_title", "user.content", "user.device.ip")
# Facts that a yes or no tells whole: consent, a disability, a conviction.
_YES_OR_NO = ("user.privacy_preferences", "user.health_and_medical", "user.criminal_history")
_SHAPED = {
    "user.contact.email": "email",
    "user.financial.credit_card": "luhn",
    "user.device.ip_address": "ip",
}
# Facts beside a card's number that have no check digit: expiry, security code.
_BESIDE_NUMBER = re.compile(r"\b(exp|valid|cv|month|year)")
# Facts of a person that, in a table of places or organisations, are statistics.
_STATISTICS = ("user.financial", "user.demographic", "user.health_and_medical", "user.criminal")
_VERSIONS = frozenset({"version", "build", "release", "firmware", "revision"})
# What the form of values says only where rows lead to a person.
_NEEDS_PEOPLE = (
    "user.contact.address", "user.demographic", "user.government_id.vehicle",
    "user.location",
)  # fmt: skip
Weighed = Sequence[tuple[DataCategory, Evidence]]
# What a fact without a meaning of its own is, in a table about people.
_DEFAULTS: Mapping[Kind, tuple[str, float]] = {
    Kind.PERSON: ("system.operations", 0.45),
    Kind.FINANCE: ("user.financial", 0.6),
    Kind.HEALTH: ("user.health_and_medical", 0.5),
    Kind.WORK: ("user.workplace", 0.5),
    Kind.MESSAGE: ("system.operations", 0.5),
    Kind.UNKNOWN: ("system.operations", 0.45),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What a column's own name and values say, what models, tags and people say of it.

    `filled` counts the values that are not null.
    """

    name: NameHit | None
    values: tuple[ValueHit, ...]
    text: TextFindings | None
    filled: int
    learned: Weighed = ()
    declared: Weighed = ()
    corrected: Correction | None = None

    def categories(self) -> tuple[DataCategory, ...]:
        """Return what the name surely means and what the values say; a person's word first.

        A word that binds stands alone; another takes nothing away from what was found.
        """
        said = () if self.corrected is None else (self.corrected.category,)
        if self.corrected is not None and self.corrected.binding:
            return said
        named = self.name is not None and self.name.scope is not Scope.PERSON
        own = (self.name.category,) if named and self.name is not None else ()
        surely = (hit for hit in self.values if hit.weight >= 0.7 and not hit.shared)
        tagged = (category for category, piece in self.declared if piece.weight >= 0.7)
        return (*said, *own, *tagged, *(hit.category for hit in surely))


@dataclass(slots=True)
class Found:
    """Weighed evidence, category by category, and what the values reveal beside it."""

    evidence: list[tuple[DataCategory, Evidence]] = field(default_factory=list)
    reveals: list[DataCategory] = field(default_factory=list)

    def add(self, category: str, detector: str, detail: str, weight: float) -> None:
        """Add one piece of evidence."""
        piece = Evidence(detector=detector, detail=detail, weight=round(weight, 4))
        self.evidence.append((DataCategory(category), piece))


def context_clues(
    table: ObservedTable, column: ObservedColumn, clues: Clues, topics: Mapping[str, Topic]
) -> Found:
    """Weigh a column's clues in the light of its table and of the tables it refers to."""
    topic = topics[table.id]
    found = Found()
    _add_default(found, column, clues, topic)
    _add_values(found, column, clues, topic)
    if clues.text is not None:
        _add_text(found, clues.text, topic)
    if not _add_keys(found, table, column, topics) and clues.text is None:
        _add_name(found, column, clues, topic)
    _add_neighbours(found, table, column, topic)
    _add_children(found, table, column, topic)
    return found


def strongest(found: Weighed) -> DataCategory:
    """Return the category with the highest noisy-or; it gains from evidence for a wider one."""
    keys = sorted({category for category, _ in found})
    scores = {key: _noisy_or(found, key) for key in keys}
    return max(keys, key=lambda key: (round(scores[key], 6), key.count("."), key))


def support(found: Weighed, best: DataCategory) -> tuple[float, tuple[Evidence, ...]]:
    """Return how strongly the evidence speaks for `best`, 0-1, and the evidence that does.

    A rival lowers the strength, unless it is only what the table lets expect.
    """
    keys = sorted({category for category, _ in found})
    own = [(category, piece) for category, piece in found if piece.detector != PRIOR]
    rivals = [
        _noisy_or(own, key)
        for key in keys
        if not category_covers(key, best) and not category_covers(best, key)
    ]
    strength = _noisy_or(found, best) * (1 - 0.5 * max(rivals, default=0.0))
    evidence = [piece for category, piece in found if category_covers(category, best)]
    evidence.sort(key=lambda piece: (-piece.weight, piece.detector, piece.detail))
    return min(strength, 0.999), tuple(evidence)


def _noisy_or(found: Weighed, key: DataCategory) -> float:
    missing = 1.0
    for category, piece in found:
        if category_covers(category, key):
            missing *= 1 - piece.weight
    return 1 - missing


def _add_default(found: Found, column: ObservedColumn, clues: Clues, topic: Topic) -> None:
    if not topic.linked or topic.kind in PLACES:
        found.add(_OPERATIONS, PRIOR, f"not about a person: {topic.reason}", 0.6)
        if clues.filled >= 20 and not clues.values and clues.text is None:
            detail = f"nothing personal in the form of {clues.filled} values"
            found.add(_OPERATIONS, "values", detail, 0.4)
        return
    category, weight = _DEFAULTS[topic.kind]
    opaque = is_opaque(column.name)
    if topic.kind is Kind.FINANCE and not topic.banking:
        category, weight = _DEFAULTS[Kind.MESSAGE]
    elif topic.kind is Kind.UNKNOWN and topic.subject == "patient":
        category, weight = _DEFAULTS[Kind.HEALTH]
    elif topic.kind is Kind.PERSON and topic.subject == "employee":
        category, weight = "user.workplace", 0.45
    if opaque and category == _OPERATIONS:
        category, weight = "user", 0.4  # what nobody can read is not waved through
    said = ", and its name says nothing" if opaque else ""
    found.add(category, PRIOR, f"in a {_told(topic.kind)} table: {topic.reason}{said}", weight)


def _told(kind: Kind) -> str:
    return "plain" if kind is Kind.UNKNOWN else kind.value


def _add_values(found: Found, column: ObservedColumn, clues: Clues, topic: Topic) -> None:
    versions = _VERSIONS.intersection(name_words(column.name))
    medical = topic.kind is Kind.HEALTH or topic.subject == "patient"
    for hit in clues.values:
        weight = hit.weight
        if topic.kind in PLACES and hit.category.startswith(("user.contact", "user.demographic")):
            weight *= 0.4 if hit.category != "user.contact.email" else 0.7
        elif not topic.linked and (hit.shared or hit.category.startswith(_NEEDS_PEOPLE)):
            weight *= 0.4
        if (hit.detector == "ip" and versions) or (hit.detector == "icd" and not medical):
            weight *= 0.3
        found.add(hit.category, hit.detector, hit.detail, weight)
        found.reveals.extend(hit.reveals)


def _add_text(found: Found, text: TextFindings, topic: Topic) -> None:
    held = text.categories
    found.reveals.extend(held)
    medical = topic.kind is Kind.HEALTH or topic.subject == "patient"
    if topic.linked and (medical or text.health >= 0.2 * text.texts):
        detail = f"{text.health} of {text.texts} texts use words of illness or treatment"
        detail += ", in a table about health" if medical else ""
        found.add(_HEALTH, "free-text", detail, 0.85)
        found.reveals.append(_HEALTH)
    elif held:
        detail = f"free text that holds {', '.join(held)} (in {text.texts} texts looked at)"
        found.add(_PRIVATE, "free-text", detail, 0.8)
    elif topic.linked:
        found.add(_PRIVATE, "free-text", "free text about a person", 0.65)


def _add_name(found: Found, column: ObservedColumn, clues: Clues, topic: Topic) -> None:
    hit = clues.name
    if hit is None:
        return
    weight, doubt, category = hit.weight, "", hit.category
    if category == _PRIVATE and topic.kind is Kind.HEALTH:
        category = _HEALTH  # a remark on someone's health
    if hit.category.startswith("user"):
        share, doubt = _doubt(hit, column, clues, topic)
        weight *= share
        if share < 1 and topic.kind in PLACES:
            found.add(_OPERATIONS, "name", "said of a place or an organisation", 0.5)
    if category == _CARD and _PROVES_CARD.search(" ".join(name_words(column.name))):
        found.reveals.append(_SIGN_IN)
    found.add(category, "name", f"the name `{column.name}` says {hit.category}{doubt}", weight)


def _doubt(hit: NameHit, column: ObservedColumn, clues: Clues, topic: Topic) -> tuple[float, str]:
    """Return the share of a name's weight that the column's type, values and table leave."""
    category = hit.category
    if column.data_type == "boolean" and not category.startswith(_YES_OR_NO):
        return 0.2, ", but it only holds yes or no"
    if column.data_type in {"decimal", "timestamp", "date"} and category.startswith(_TEXTUAL):
        return 0.2, f", but it holds {column.data_type} values"
    if topic.kind in PLACES:
        share = _share_in_place(hit)
        return share, ", of a place or an organisation" if share < 1 else ""
    if hit.scope is Scope.PERSON and not topic.linked:
        return 0.55, ", in a table that is not known to be about people"
    denied = _denied(column.name, category, clues)
    return (0.5, ", but the values do not look like it") if denied else (1.0, "")


def _share_in_place(hit: NameHit) -> float:
    if hit.scope is not Scope.ALWAYS:
        return 0.4 if hit.scope is Scope.CONTACT else 0.2
    statistics = hit.category.startswith(_STATISTICS)
    return 0.3 if statistics and hit.category != "user.financial.bank_account" else 1.0


def _denied(name: str, category: str, clues: Clues) -> bool:
    """Tell whether the values contradict a name that promises a checkable form."""
    detector = _SHAPED.get(category)
    words = " ".join(name_words(name))
    if detector is None or clues.filled < 20 or _BESIDE_NUMBER.search(words):
        return False
    return all(hit.detector != detector for hit in clues.values)


def _add_keys(
    found: Found, table: ObservedTable, column: ObservedColumn, topics: Mapping[str, Topic]
) -> bool:
    """Add what a key says; tell whether the column is one, so that its name says no more."""
    topic = topics[table.id]
    key = next((one for one in table.foreign_keys if one.column == column.name), None)
    if key is not None and key.references_table in topics:
        _add_reference(found, topics[key.references_table], key.references_table, topic)
        return True
    if not _is_own_key(table, column):
        return False
    if not topic.linked:
        found.add(_OPERATIONS, "key", "numbers the rows of a table that is not about people", 0.9)
    elif topic.kind is Kind.PERSON:
        found.add(_PERSON_ID, "key", "numbers the people of this table", 0.9)
    else:
        found.add(_PSEUDONYM, "key", "an internal number that leads to a person", 0.88)
    return True


def _add_reference(found: Found, target: Topic, target_id: str, topic: Topic) -> None:
    name = target_id.rsplit(".", 1)[-1]
    if target.kind is Kind.PERSON:
        found.add(_PERSON_ID, "foreign-key", f"refers to a person in `{name}`", 0.95)
    elif target.linked:
        detail = f"an internal number that refers to `{name}`, which leads to a person"
        found.add(_PSEUDONYM, "foreign-key", detail, 0.9)
    elif topic.linked and target.kind is Kind.PLACE:
        detail = f"refers to a place in `{name}`, from a table that leads to a person"
        found.add("user.location.imprecise", "foreign-key", detail, 0.88)
    elif not topic.linked:
        found.add(_OPERATIONS, "foreign-key", f"refers to `{name}`, not about people", 0.85)


def _is_own_key(table: ObservedTable, column: ObservedColumn) -> bool:
    """Tell whether a column numbers its own table's rows and means nothing beyond it."""
    if column.data_type not in {"integer", "text", "other"}:
        return False
    words = name_words(column.name)
    if not words:
        return False
    own = words[:-1] == () or " ".join(map(singular, words[:-1])) in " ".join(
        table_words(table.name)
    )
    named = is_key_name(column.name) and own
    if column.primary_key:
        return named or column.data_type == "integer"
    return named and (column.unique or not column.values)


def _add_neighbours(
    found: Found, table: ObservedTable, column: ObservedColumn, topic: Topic
) -> None:
    witness = neighbour_witness(table, column, topic)
    if witness is not None:
        category, detail, weight = witness
        found.add(category, "neighbour", detail, weight)


def _add_children(found: Found, table: ObservedTable, column: ObservedColumn, topic: Topic) -> None:
    """Say that facts of children are children's data, where a name says that they are."""
    if not topic.linked:
        return
    named = (table_words(table.name), name_words(table.name), name_words(column.name))
    if not all(map(CHILDREN.isdisjoint, named)):
        found.reveals.append(_CHILDREN)
