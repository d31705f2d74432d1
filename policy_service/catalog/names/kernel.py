"""How alike two columns are: a product of how alike their names and their surroundings are.

The kernel of a Gaussian process (Rasmussen and Williams, 2006, chapters 2 and 4; sums and
products of kernels are kernels): leaf × surroundings × type. An encoder, where there is one,
adds the meaning of the leaf; its words then count by the square root of their cosine, which
is no kernel by itself and needs the noise that `fit` checks. Anchors are the columns that
were learned from.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from policy_service.catalog.names.features import TYPE_CLASSES, NameFeatures
from policy_service.catalog.names.tokens import TokenIndex, Tokens

Floats = NDArray[np.float32]
Places = NDArray[np.int32]
_Value = TypeVar("_Value", bound=Hashable)


class NameEncoder(Protocol):
    """What embeds names; `engines.encoder.Encoder` fits."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed `texts`: one L2-normalised row each, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSettings:
    """The kernel's weights. Those of the surroundings sum to one."""

    meaning: float = 0.7  # of the leaf's likeness, with an encoder
    meaning_width: float = 0.2
    anywhere: float = 0.17
    owner: float = 0.1
    collection: float = 0.05
    neighbours: float = 0.51
    owner_and_neighbours: float = 0.17
    data_type: float = 0.3


SETTINGS = KernelSettings()
PARTS = ("leaf", "owner", "collection", "neighbours")
_LEAF_KINDS: Mapping[str, float] = {
    "first": 0.5,
    "firstkind": 0.3,
    "headkind": 0.5,
    "joined": 2.0,
    "kind": 0.5,
    "pair": 0.7,
    "rule": 2.0,
    "rulekind": 0.7,
    "words": 0.2,
}
KINDS: Mapping[str, Mapping[str, float]] = {part: {} for part in PARTS} | {"leaf": _LEAF_KINDS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anchors:
    """The columns that were learned from: distinct descriptions by part, and each column's."""

    indexes: Mapping[str, TokenIndex]  # by part
    places: Mapping[str, Places]  # by part: which description each column has
    types: Places  # places in TYPE_CLASSES
    texts: Places  # the row of `vectors` of each column's leaf
    vectors: Floats  # distinct leaves embedded; no rows without an encoder

    @property
    def size(self) -> int:
        """Return how many columns there are."""
        return len(self.types)


def anchors_of(features: Sequence[NameFeatures], *, encoder: NameEncoder | None) -> Anchors:
    """Index columns, so that others can be compared with them."""
    indexes, places = {}, {}
    for part in PARTS:
        sets, places[part] = distinct([part_of(one, part) for one in features])
        indexes[part] = TokenIndex.build(sets, kinds=KINDS[part])
    texts, rows = distinct([one.text for one in features])
    return Anchors(
        indexes=indexes,
        places=places,
        types=_types(features),
        texts=rows,
        vectors=encoder.encode(texts) if encoder else np.zeros((0, 0), dtype=np.float32),
    )


def likeness(
    features: Sequence[NameFeatures],
    anchors: Anchors,
    *,
    encoder: NameEncoder | None,
    settings: KernelSettings = SETTINGS,
) -> Floats:
    """Compare columns with the anchors: columns × anchors, 1 where nothing tells them apart."""
    leaves, leaf_rows = distinct([(one.leaf, one.text) for one in features])
    leaf = _leaf_likeness(leaves, anchors, encoder, settings)
    around, around_rows = distinct(
        [(one.owner, one.collection, one.neighbours) for one in features]
    )
    likely = _surroundings(around, anchors, settings)[around_rows]
    likely *= leaf[leaf_rows]
    classes = np.arange(len(TYPE_CLASSES), dtype=np.int32)
    same = np.where(classes[:, None] == anchors.types[None, :], 1, 1 - settings.data_type)
    likely *= same.astype(np.float32)[_types(features)]
    return likely


def distinct(values: Sequence[_Value]) -> tuple[list[_Value], Places]:
    """Return the distinct values in order of appearance, and the place of each value there."""
    place = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return list(place), np.array([place[value] for value in values], dtype=np.int32)


def part_of(features: NameFeatures, part: str) -> Tokens:
    """Return one of the four sets of a description."""
    return {
        "leaf": features.leaf,
        "owner": features.owner,
        "collection": features.collection,
        "neighbours": features.neighbours,
    }[part]


def _leaf_likeness(
    leaves: Sequence[tuple[Tokens, str]],
    anchors: Anchors,
    encoder: NameEncoder | None,
    settings: KernelSettings,
) -> Floats:
    words = anchors.indexes["leaf"].cosines([tokens for tokens, _ in leaves])
    if encoder is None:
        return np.take(words, anchors.places["leaf"], axis=1)
    found = np.take(np.sqrt(words), anchors.places["leaf"], axis=1)
    vectors = encoder.encode([text for _, text in leaves])
    meaning = np.exp((vectors @ anchors.vectors.T - 1) / np.float32(settings.meaning_width))
    found *= np.float32(1 - settings.meaning)
    found += np.float32(settings.meaning) * np.take(meaning, anchors.texts, axis=1)
    return found


def _surroundings(
    around: Sequence[tuple[Tokens, Tokens, Tokens]], anchors: Anchors, settings: KernelSettings
) -> Floats:
    parts = []
    for number, part in enumerate(PARTS[1:]):
        sets, rows = distinct([one[number] for one in around])
        cosines = anchors.indexes[part].cosines(sets)[rows]
        parts.append(np.take(cosines, anchors.places[part], axis=1))
    owner, collection, neighbours = parts
    both = owner * neighbours
    both *= np.float32(settings.owner_and_neighbours)
    owner *= np.float32(settings.owner)
    collection *= np.float32(settings.collection)
    neighbours *= np.float32(settings.neighbours)
    both += owner
    both += collection
    both += neighbours
    both += np.float32(settings.anywhere)
    return both


def _types(features: Sequence[NameFeatures]) -> Places:
    return np.array([TYPE_CLASSES.index(one.data_type) for one in features], dtype=np.int32)
