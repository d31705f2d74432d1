"""A name model beside the patterns: it may raise and refine, never lower."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from policy_service.catalog.classification.classify import Classification, Classifier
from policy_service.catalog.classification.learned import may_replace
from policy_service.catalog.names.model import ColumnName, NamePrediction
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.corpus.categories import load_category_table
from policy_service.domain.categories import CategoryTable
from policy_service.domain.identifiers import DataCategory

_OPERATIONS = "system.operations"
_NATIONAL = "user.government_id.national_identification_number"


class _Says:
    """A model that says one thing of every column, and remembers what it was asked."""

    def __init__(self, category: str, confidence: float = 0.97) -> None:
        self.asked: list[ColumnName] = []
        self._said = NamePrediction(
            category=DataCategory(category),
            personal=1.0,
            confidence=confidence,
            reasons=("the word `x`",),
        )

    def predict(self, columns: Sequence[ColumnName]) -> list[NamePrediction]:
        self.asked = list(columns)
        return [self._said for _ in columns]


@pytest.fixture(scope="module")
def table() -> CategoryTable:
    """The product's own table of categories."""
    policies = Path(__file__).resolve().parents[3] / "policies"
    return load_category_table(policies / "data_categories.yaml")


def _classify(
    name: str, model: _Says, categories: CategoryTable | None, table: str = "stock"
) -> Classification:
    columns = ("id", name, "colour")
    observed = ObservedTable(
        id=f"s.public.{table}",
        schema="public",
        name=table,
        row_count=0,
        columns=tuple(ObservedColumn(name=one, data_type="text") for one in columns),
    )
    classifier = Classifier(text_finder=None, name_model=model, categories=categories)
    return classifier.classify([observed])[observed.id].columns[1]


def test_a_model_finds_a_person_where_the_patterns_saw_none(table: CategoryTable) -> None:
    """A name no list knows becomes personal, with the model named as the reason."""
    model = _Says("user.contact.email")
    found = _classify("reachable_under", model, table)
    assert found.category == "user.contact.email"
    assert found.evidence[0].detector == "name-model"
    assert "the word `x`" in found.evidence[0].detail
    assert model.asked[1] == ColumnName(
        collection="stock",
        path="reachable_under",
        data_type="string",
        siblings=("id", "reachable_under", "colour"),
    )


@pytest.mark.parametrize("name", ["ssn", "password", "diagnosis", "iban", "email"])
@pytest.mark.parametrize("with_table", [True, False])
def test_a_model_never_lowers_what_the_patterns_say(
    name: str, with_table: bool, table: CategoryTable
) -> None:
    """However sure the model is of operations, a known name keeps its category and confidence."""
    categories = table if with_table else None
    alone = _classify(name, _Says(_OPERATIONS, 0.1), categories)
    against = _classify(name, _Says(_OPERATIONS), categories)
    assert against == alone
    assert against.category.startswith("user")


def test_a_model_refines_what_the_patterns_left_wide(table: CategoryTable) -> None:
    """`salary` is financial; a model may say more exactly, and not something less protected."""
    found = _classify("salary", _Says("user.financial.bank_account"), table)
    assert found.category == "user.financial.bank_account"
    assert _classify("ssn", _Says("user.contact"), table).category == _NATIONAL


def test_a_model_knows_nothing_of_whose_place_it_is(table: CategoryTable) -> None:
    """A branch keeps its own telephone; that others call it a person's is said, and doubted."""
    model = _Says("user.contact.phone_number")
    found = _classify("reachable_under", model, table, table="branches")
    assert found.category == "system.operations"
    assert _classify("reachable_under", model, table).category == "user.contact.phone_number"


def test_a_model_makes_nobody_surer_that_no_person_is_there(table: CategoryTable) -> None:
    """Agreement on operations leaves the confidence as it was."""
    silent = _classify("colour_code", _Says(_OPERATIONS, 0.1), table)
    agreeing = _classify("colour_code", _Says(_OPERATIONS), table)
    assert agreeing == silent


def test_a_model_that_is_unsure_is_not_heard(table: CategoryTable) -> None:
    """Below three tenths a prediction is no evidence."""
    found = _classify("colour_code", _Says("user.name", 0.2), table)
    assert all(piece.detector != "name-model" for piece in found.evidence)


@pytest.mark.parametrize(
    ("established", "learned", "allowed", "blindly"),
    [
        ("system.operations", "user.name", True, True),
        ("system.operations", "system.authentication", True, False),
        ("user.name", "system.operations", False, False),
        ("user.financial", "user.financial.credit_card", True, True),
        ("user.health_and_medical", "user.name", False, False),
        ("user.financial", "user.government_id.passport_number", True, False),
        ("user.contact.email", "user.contact.address.city", False, False),
    ],
)
def test_what_may_replace_what(
    established: str, learned: str, allowed: bool, blindly: bool, table: CategoryTable
) -> None:
    """Never a lower sensitivity or a lost legal class; without the table only finding, refining."""
    pair = DataCategory(established), DataCategory(learned)
    assert may_replace(*pair, None) is blindly
    if established != learned and not learned.startswith("system.authentication"):
        assert may_replace(*pair, table) is allowed
