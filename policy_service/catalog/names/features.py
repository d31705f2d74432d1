"""What a column's names show: its own words, the object it stands in, the neighbours there.

A path such as `customer.emails.value` has a leaf (`value`) in an object (`emails`) of a
collection. Four sets of short strings describe a column, each compared by itself in
`kernel`. Nothing is learned here and no value is read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from policy_service.catalog.names.lexicon import canonical_words, word_kinds
from policy_service.catalog.names.words import name_hit, name_words


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnName:
    """A column as its names show it. `path` is dotted; `siblings` are its collection's paths."""

    collection: str
    path: str
    data_type: str = ""
    siblings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFeatures:
    """A column's description; equal descriptions cannot be told apart by the model."""

    leaf: tuple[str, ...]
    owner: tuple[str, ...]  # the object: the nearest parent, or the collection
    collection: tuple[str, ...]
    neighbours: tuple[str, ...]
    data_type: str
    text: str  # the leaf in plain words, for an encoder


# INVARIANT: weights are learned with these names; a change here means training again.
_MARKS: Mapping[str, str] = {
    "user.account.username": "username",
    "user.contact.address.city": "city",
    "user.contact.address.postal_code": "zip",
    "user.contact.address.street": "street",
    "user.contact.email": "email",
    "user.contact.phone_number": "phone",
    "user.demographic.date_of_birth": "birth",
    "user.demographic.gender": "gender",
    "user.device.ip_address": "ip",
    "user.name": "name",
    "user.name.first": "first name",
    "user.name.last": "last name",
}
_OF_A_PERSON = frozenset(
    {"birth", "email", "first name", "gender", "last name", "phone", "username"}
)
_OF_AN_ADDRESS = frozenset({"city", "street", "zip"})
_TELLING_HEADS = frozenset({"description", "id", "name", "sku", "slug", "title", "url"})
_GENERIC_WORDS = """
# attribute content data display field formatted full info item main name normalized number
original primary property raw string text value verified
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
_OBJECT_KINDS = ("device", "organisation", "person", "place", "role", "thing")
TYPE_CLASSES = ("string", "boolean", "integer", "date")  # what is not said counts as text
_MONEY_SHARE = 0.2
_MOST_STEPS = 4
_TYPES = (
    ("string", ("enum", "point", "interval")),  # which hold the letters of numbers
    ("boolean", ("bool", "bit")),
    ("integer", ("int", "num", "dec", "float", "double", "real", "serial", "money")),
    ("date", ("date", "time")),
)


class FeatureReader:
    """Reads columns, each collection's neighbours once. Not shared between threads."""

    def __init__(self) -> None:
        self._collections: dict[tuple[str, ...], Mapping[str, tuple[str, ...]]] = {}

    def read(self, column: ColumnName) -> NameFeatures:
        """Describe one column; its own path counts among the neighbours."""
        *parents, leaf = column.path.split(".")
        owner = parents[-1] if parents else column.collection
        found = self._neighbours(column.siblings)
        prefix = ".".join(parents)
        if prefix not in found or column.path not in column.siblings:
            found = self._neighbours((*column.siblings, column.path))
        return NameFeatures(
            leaf=_nested_leaf(leaf, owner) if parents else _leaf(leaf),
            owner=_object(owner, nested=bool(parents)),
            collection=_object(column.collection, nested=False),
            neighbours=found[prefix],
            data_type=type_class(column.data_type),
            text=leaf_text(leaf),
        )

    def _neighbours(self, siblings: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        known = self._collections.get(siblings)
        if known is None:
            known = self._collections[siblings] = _neighbours(siblings)
        return known


def read_all(columns: Iterable[ColumnName]) -> list[NameFeatures]:
    """Describe columns, in order."""
    reader = FeatureReader()
    return [reader.read(column) for column in columns]


@lru_cache(maxsize=4_096)
def type_class(data_type: str) -> str:
    """Return the class of a type as a source names it: one of TYPE_CLASSES."""
    plain = data_type.lower()
    return next((name for name, parts in _TYPES if any(part in plain for part in parts)), "string")


@lru_cache(maxsize=65_536)
def leaf_text(leaf: str) -> str:
    """Return a leaf as the words that an encoder reads."""
    return " ".join(name_words(leaf)) or leaf


@lru_cache(maxsize=65_536)
def _leaf(name: str) -> tuple[str, ...]:
    words = canonical_words(name) or ("?",)
    hit = name_hit(name)
    return tuple(sorted(set(_leaf_features(words, hit.category if hit else ""))))


@lru_cache(maxsize=65_536)
def _nested_leaf(name: str, owner: str) -> tuple[str, ...]:
    """Describe a leaf; one that says nothing (`value`) speaks for its parent (`emails`)."""
    words = canonical_words(name)
    if not all(word in _GENERIC for word in words):
        return _leaf(name)
    hit = name_hit(f"{owner}_{name}")
    via = {f"via:{word}" for word in canonical_words(owner)[-1:]}
    return tuple(sorted({*_leaf(name), *via, f"joined:{hit.category if hit else '-'}"}))


def _leaf_features(words: tuple[str, ...], concept: str) -> Iterator[str]:
    yield f"leaf:{' '.join(words)}"
    yield f"head:{words[-1]}"
    yield f"first:{words[0]}"
    yield f"rule:{concept or '-'}"
    yield f"words:{min(len(words), 5)}"
    for left, right in pairwise(words):
        yield f"pair:{left} {right}"
    for word in words:
        yield f"word:{word}"
        yield from (f"kind:{kind}" for kind in word_kinds(word))
    yield from (f"firstkind:{kind}" for kind in word_kinds(words[0]))
    for kind in word_kinds(words[-1]):
        yield f"headkind:{kind}"
        if concept:
            yield f"rulekind:{concept} {kind}"


@lru_cache(maxsize=65_536)
def _object(name: str, *, nested: bool) -> tuple[str, ...]:
    words = canonical_words(name)
    head = {f"head:{word}" for word in words[-1:]}
    kinds = {f"kind:{kind}" for word in words[-1:] for kind in word_kinds(word)}
    any_kind = {f"any:{kind}" for word in words[:-1] for kind in word_kinds(word)}
    allowed = {f"{place}:{kind}" for place in ("kind", "any") for kind in _OBJECT_KINDS}
    said = (kinds | any_kind) & allowed or {"kind:none"}
    place = "nested" if nested else "top"
    return tuple(sorted({*head, *said, place, *(f"word:{word}" for word in words)}))


def _neighbours(paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Describe what stands together in each object of one collection, by the object's path."""
    members: dict[str, Counter[str]] = {}
    sizes: Counter[str] = Counter()
    for path in dict.fromkeys(paths):
        prefix, _, leaf = path.rpartition(".")
        members.setdefault(prefix, Counter()).update(_marks(leaf))
        sizes[prefix] += 1
    everywhere = {mark for marks in members.values() for mark in marks}
    return {
        prefix: _described(marks, sizes[prefix], everywhere) for prefix, marks in members.items()
    }


def _described(marks: Counter[str], size: int, everywhere: set[str]) -> tuple[str, ...]:
    found = {f"has:{mark}" for mark in marks}
    found.update(_steps("person", len(_OF_A_PERSON & marks.keys())))
    found.update(_steps("anyone", len(_OF_A_PERSON & everywhere)))
    found.update(_steps("address", len(_OF_AN_ADDRESS & marks.keys())))
    if marks["money"] > _MONEY_SHARE * size:
        found.add("much money")
    return tuple(sorted(found)) or ("nothing",)  # so that nothing is like nothing


def _steps(name: str, count: int) -> Iterator[str]:
    """Yield one feature a step, so that two and three are alike."""
    yield from (f"{name}:{step}" for step in range(1, min(count, _MOST_STEPS) + 1))


@lru_cache(maxsize=65_536)
def _marks(leaf: str) -> frozenset[str]:
    words = canonical_words(leaf)
    hit = name_hit(leaf)
    found = {_MARKS[hit.category]} if hit and hit.category in _MARKS else set()
    if any("money" in word_kinds(word) for word in words):
        found.add("money")
    if words and words[-1] in _TELLING_HEADS:
        found.add(f"{'only' if len(words) == 1 else 'ends'} {words[-1]}")
    return frozenset(found)
