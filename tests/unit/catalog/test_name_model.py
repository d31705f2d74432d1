"""The shipped name model: what it says of plain, nested, foreign and broken names; corrections."""

from pathlib import Path

import pytest

from benchmarks.classification_data import read_columns
from policy_service.catalog.names import model as name_model
from policy_service.catalog.names.features import read_all
from policy_service.catalog.names.kernel import PARTS, distinct, part_of
from policy_service.catalog.names.model import ColumnName, NameModel, NamePrediction
from policy_service.catalog.names.weights import read_weights
from policy_service.domain.errors import CatalogError
from policy_service.domain.identifiers import DataCategory

WEIGHTS = Path(name_model.__file__).parent / "column_names.npz"
PERSON = ("id", "first_name", "last_name", "email", "phone", "birth_date", "created_at")


@pytest.fixture(scope="module")
def model() -> NameModel:
    """The shipped weights, without an encoder."""
    return NameModel.load()


def column(path: str, collection: str = "customer", data_type: str = "string") -> ColumnName:
    """A column of a table of people."""
    return ColumnName(
        collection=collection, path=path, data_type=data_type, siblings=(*PERSON, path)
    )


def one(model: NameModel, path: str, collection: str = "customer") -> NamePrediction:
    """What the model says of one column."""
    return model.predict([column(path, collection)])[0]


@pytest.mark.parametrize(
    ("path", "category"),
    [
        ("email", "user.contact.email"),
        ("first_name", "user.name"),
        ("phone_number", "user.contact.phone_number"),
        ("iban", "user.financial.bank_account"),
        ("passport_number", "user.government_id.passport_number"),
        ("created_at", "system.operations"),
        ("version", "system.operations"),
    ],
)
def test_plain_names_get_their_category(model: NameModel, path: str, category: str) -> None:
    """Names that everybody reads alike are read so."""
    assert one(model, path).category.startswith(category)


@pytest.mark.parametrize("path", ["Vorname", "příjmení", "prenom", "fname", "emailaddress"])
def test_other_languages_and_shorthand_are_read(model: NameModel, path: str) -> None:
    """German, Czech and French names, shorthand and words written together are personal."""
    assert one(model, path).personal > 0.5


def test_the_object_decides_what_a_name_means(model: NameModel) -> None:
    """`name` is a person's in a table of people, and a thing's in a table of products."""
    product = ColumnName(collection="product", path="name", siblings=("id", "name", "sku", "price"))
    assert one(model, "name").personal > model.predict([product])[0].personal


def test_a_leaf_that_says_nothing_speaks_for_its_parent(model: NameModel) -> None:
    """`emails.value` is nearer to an e-mail address than `attributes.value`."""
    email, other = model.predict([column("emails.value"), column("attributes.value")])
    assert email.personal > other.personal


def test_predictions_are_in_order_and_do_not_depend_on_one_another(model: NameModel) -> None:
    """A column gets the same answer alone, among many, and twice."""
    asked = [column(path) for path in PERSON * 12]
    found = model.predict(asked)
    assert found == model.predict(asked)
    assert [answer.category for answer in found[:7]] == [
        one(model, path).category for path in PERSON
    ]


def test_probabilities_and_reasons_are_bounded(model: NameModel) -> None:
    """Probabilities lie between 0 and 1, and there are one to three reasons."""
    for answer in model.predict([column(path) for path in PERSON]):
        assert 0 <= answer.personal <= 1
        assert 0 <= answer.confidence <= 1
        assert 1 <= len(answer.reasons) <= 3


def test_reasons_name_words_object_and_neighbours(model: NameModel) -> None:
    """The reasons say which words, which object and which neighbours were read."""
    assert one(model, "email").reasons == (
        "name `email` reads as user.contact.email",
        "in `customer`, a person",
        "beside birth, email, first name",
    )


def test_a_name_nobody_saw_is_said_to_be_unknown(model: NameModel) -> None:
    """Where no word was seen in training, the reason says so."""
    assert one(model, "zzqx").reasons[0] == "name `zzqx` is not known"


@pytest.mark.parametrize("path", ["", ".", "a..b", "\x00", "😀", "مبلغ", "x" * 5_000, "#", " "])
def test_odd_names_get_an_answer(model: NameModel, path: str) -> None:
    """Empty, right-to-left, emoji, NUL and endless names are classified like others."""
    assert one(model, path).category
    assert model.predict([ColumnName(collection="", path=path)])[0].category


def test_no_columns_give_no_predictions(model: NameModel) -> None:
    """Nothing asked is nothing answered."""
    assert model.predict([]) == []


def test_a_correction_is_remembered_word_for_word(model: NameModel) -> None:
    """The corrected column gets what the person said, and the reason says who said so."""
    said = DataCategory("user.financial.bank_account")
    taught = model.with_corrections([(column("zzqx_ref"), said)])
    answer = one(taught, "zzqx_ref")
    assert (answer.category, answer.confidence) == (said, 0.99)
    assert answer.reasons == ("a person said so of this column",)
    assert one(model, "zzqx_ref").category == "system.operations"


def test_corrections_carry_over_to_alike_columns(model: NameModel) -> None:
    """A name corrected in some tables is classified so in another one, and others stay."""
    said = DataCategory("user.behavior.purchase_history")  # a category training never saw
    taught = model.with_corrections(
        [(column("basket_note", table), said) for table in ("customer", "member", "visitor")]
    )
    assert one(taught, "basket_note", "subscriber").category == said
    assert one(taught, "email").category == one(model, "email").category
    assert one(taught, "created_at").category == one(model, "created_at").category


def test_a_correction_can_say_that_nobody_is_meant(model: NameModel) -> None:
    """`system.operations` is learned as not personal, for the column and for alike ones."""
    said = DataCategory("system.operations")
    taught = model.with_corrections([(column("nickname", table), said) for table in ("a", "b")])
    assert one(taught, "nickname", "a").personal == 0.01
    assert one(taught, "nickname", "c").personal < one(model, "nickname", "c").personal


def test_the_later_correction_counts(model: NameModel) -> None:
    """A second correction of the same column replaces the first, in one call and over two."""
    first, second = DataCategory("user.name"), DataCategory("system.operations")
    both = model.with_corrections([(column("tag"), first), (column("tag"), second)])
    after = model.with_corrections([(column("tag"), first)]).with_corrections(
        [(column("tag"), second)]
    )
    assert one(both, "tag").category == one(after, "tag").category == second
    assert both.version == after.version


def test_a_model_survives_its_bytes(model: NameModel) -> None:
    """What is written is read back: same version, same answers, corrections included."""
    taught = model.with_corrections([(column("tag"), DataCategory("user.name"))])
    again = NameModel.from_bytes(taught.to_bytes())
    assert again.version == taught.version != model.version
    asked = [column(path) for path in (*PERSON, "tag", "tags")]
    assert again.predict(asked) == taught.predict(asked)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_other_bytes_are_refused(data: bytes) -> None:
    """What is not a model is refused with what to do, and nothing in it runs."""
    with pytest.raises(CatalogError, match="cannot be read"):
        NameModel.from_bytes(data)


def test_the_weights_file_is_not_a_model(model: NameModel) -> None:
    """Weights alone are another format than a model with its corrections."""
    weights = WEIGHTS.read_bytes()
    with pytest.raises(CatalogError, match="cannot be read"):
        NameModel.from_bytes(weights)


def test_the_weights_are_those_of_the_present_features(shared_data: Path) -> None:
    """Every name that was learned is found as it was: else `python -m tests.tools.name_model`."""
    file = shared_data / "column_classification" / "fides_columns_shared.jsonl"
    features = read_all([labelled.column for labelled in read_columns(file)])
    indexes = read_weights(WEIGHTS.read_bytes()).anchors.indexes
    for part in PARTS:
        sets, _ = distinct([part_of(one, part) for one in features])
        for start in range(0, len(sets), 256):
            found = indexes[part].cosines(sets[start : start + 256])
            assert found.max(axis=1).min() > 0.9999, f"train the name model again ({part})"
