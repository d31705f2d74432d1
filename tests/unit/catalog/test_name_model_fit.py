"""Learning names: what few examples teach, what is refused, and the parts of the kernel."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_service.catalog.names.features import ColumnName, read_all, type_class
from policy_service.catalog.names.fit import NameExample, fit_curve, fit_names
from policy_service.catalog.names.kernel import anchors_of, likeness
from policy_service.catalog.names.lexicon import canonical_words
from policy_service.catalog.names.model import NameModel
from policy_service.catalog.names.tokens import TokenIndex
from policy_service.catalog.names.vectors import CachedEncoder
from policy_service.catalog.names.weights import NameWeights, read_weights, write_weights
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import DataCategory

TABLE = ("id", "email", "full_name", "shoe_size", "status")
LABELS = {
    "id": "user.unique_id",
    "email": "user.contact.email",
    "full_name": "user.name",
    "shoe_size": "user.biometric",
    "status": "system.operations",
}


class LetterEncoder:
    """A small stand-in for an encoder: hashed letter pairs, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts by their pairs of letters."""
        self.asked += texts
        rows = np.full((len(texts), 384), 0.01, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for left, right in pairwise(text):
                row[blake2b(f"{left}{right}".encode()).digest()[0]] += 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def examples(vendors: Sequence[str] = ("a", "b", "c")) -> list[NameExample]:
    """The same small table of people at some vendors."""
    return [
        NameExample(
            column=ColumnName(collection="member", path=path, siblings=TABLE),
            category=DataCategory(LABELS[path]),
            group=vendor,
        )
        for vendor in vendors
        for path in TABLE
    ]


@pytest.fixture(scope="module")
def weights() -> NameWeights:
    """Weights of both tiers from a few examples."""
    return fit_names(examples(), encoder=LetterEncoder())


def test_a_category_is_learned_from_examples(weights: NameWeights) -> None:
    """A name that vendors label alike is classified so where it is new, in both tiers."""
    new = ColumnName(collection="guest", path="shoe_size", siblings=TABLE)
    for model in (NameModel(weights), NameModel(weights, encoder=LetterEncoder())):
        assert model.predict([new])[0].category == "user.biometric"


def test_learning_is_deterministic_and_survives_its_bytes(weights: NameWeights) -> None:
    """The same examples give the same bytes, and bytes read back are written alike."""
    data = write_weights(weights)
    assert write_weights(fit_names(examples(), encoder=LetterEncoder())) == data
    assert write_weights(read_weights(data)) == data


def test_corrections_work_with_an_encoder(weights: NameWeights) -> None:
    """A model with an encoder is corrected like one without."""
    model = NameModel(weights, encoder=LetterEncoder())
    known = ColumnName(collection="guest", path="hat", siblings=("hat",))
    taught = model.with_corrections([(known, DataCategory("user.biometric"))])
    alike = replace(known, collection="visitor")
    assert taught.predict([known])[0].category == "user.biometric"
    assert taught.predict([alike])[0].personal > model.predict([alike])[0].personal


def test_one_source_is_not_enough() -> None:
    """Without a second group there is nothing to calibrate on; the error says what to give."""
    with pytest.raises(CatalogError, match="give two sources"):
        fit_names(examples(("a",)), encoder=None)


def test_too_much_trust_is_refused() -> None:
    """Where names are too alike for the trust they have, nothing is learned."""
    sure = [replace(example, trust=1e12) for example in examples()]
    with pytest.raises(CatalogError, match="lower `trust`"):
        fit_names(sure, encoder=None)


def test_an_encoder_needs_weights_that_know_it() -> None:
    """Weights learned without an encoder refuse one."""
    plain = fit_names(examples(), encoder=None)
    with pytest.raises(CatalogError, match="learned without an encoder"):
        NameModel(plain, encoder=LetterEncoder())


def test_weights_of_wrong_shape_are_refused(weights: NameWeights) -> None:
    """Weights that do not fit their categories are refused whole."""
    broken = replace(weights, categories=weights.categories[:-1])
    with pytest.raises(CatalogError, match="cannot be read"):
        read_weights(write_weights(broken))


def test_a_column_is_most_like_itself(weights: NameWeights) -> None:
    """Likeness is 1 to the same column and smaller to every other."""
    features = read_all([example.column for example in examples(("a",))])
    for encoder in (None, LetterEncoder()):
        found = likeness(features, anchors_of(features, encoder=encoder), encoder=encoder)
        assert np.allclose(np.diag(found), 1, atol=1e-5)
        assert np.allclose(found, found.T, atol=1e-5)
        assert (found < 1 - 1e-3).sum() == found.size - len(features)


def test_the_index_agrees_with_the_definition() -> None:
    """Cosines equal those computed set by set, for rare, common and unknown features."""
    sets = [(f"a:{number}", f"k:{number % 3}", "all:1") for number in range(40)]
    index = TokenIndex.build(sets, kinds={"k": 0.5})
    asked = [*sets[:3], ("a:1", "k:2", "new:x"), ("new:y",)]

    def weight(token: str) -> float:
        count = sum(token in one for one in sets)
        kind = 0.5 if token.startswith("k:") else 1.0
        return kind * (log(40 / count + 1) if count else log(41))

    def norm(tokens: tuple[str, ...]) -> float:
        return sqrt(sum(weight(token) ** 2 for token in tokens))

    def cosine(left: tuple[str, ...], right: tuple[str, ...]) -> float:
        shared = sum(weight(token) ** 2 for token in left if token in right)
        return shared / norm(left) / norm(right)

    wanted = [[cosine(left, right) for right in sets] for left in asked]
    assert np.allclose(index.cosines(asked), wanted, atol=1e-5)


def test_the_encoder_embeds_a_name_once() -> None:
    """Names met before are not embedded again; when too many are kept, all are let go."""
    inner = LetterEncoder()
    cached = CachedEncoder(inner, kept=3)
    first = cached.encode(["a b", "c d", "a b"])
    assert np.array_equal(first[0], first[2])
    cached.encode(["c d", "a b"])
    assert inner.asked == ["a b", "c d"]
    cached.encode(["e f", "g h", "a b"])
    cached.encode(["c d"])
    assert inner.asked == ["a b", "c d", "e f", "g h", "c d"]


def test_the_curve_separates_and_is_monotone() -> None:
    """The logistic curve rises with the score and is near the shares it was given."""
    scores = np.linspace(-1, 1, 200)
    slope, offset = fit_curve(scores, (scores > 0.2).astype(float), np.ones(200))
    assert slope > 0
    assert abs(-offset / slope - 0.2) < 0.05


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("KundenNr", ("customer", "number")),
        ("createdAt", ("created", "at")),
        ("ipaddress", ("ip", "address")),
        ("companies", ("company",)),
        ("boxes", ("box",)),
        ("address2", ("address",)),
        ("shippingaddress", ("shipping", "address")),
        ("", ()),
    ],
)
def test_words_are_canonical(written: str, words: tuple[str, ...]) -> None:
    """Languages, plurals, numbers and words written together end as the same English words."""
    assert tuple(word for word in canonical_words(written) if word != "#") == words


def test_types_of_sources_fall_into_classes() -> None:
    """Types as databases name them are read; what is not said counts as text."""
    assert [type_class(one) for one in ("VARCHAR(20)", "BIGINT", "bool", "TIMESTAMPTZ", "")] == [
        "string",
        "integer",
        "boolean",
        "date",
        "string",
    ]
