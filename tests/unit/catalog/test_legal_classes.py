"""The legal classes of the product's table of categories, and where they come from."""

from pathlib import Path

import pytest

from policy_service.corpus.categories import load_category_table
from policy_service.domain.asset import LegalClass, Sensitivity
from policy_service.domain.categories import LEGAL_BASES, CategoryTable
from policy_service.domain.identifiers import DataCategory

_ROOT = Path(__file__).resolve().parents[3]
_H, _D, _G = "user.health_and_medical", "user.demographic", "user.government_id"


@pytest.fixture(scope="module")
def table() -> CategoryTable:
    """The product's own table of categories."""
    return load_category_table(_ROOT / "policies" / "data_categories.yaml")


def _classes(table: CategoryTable, *categories: str) -> set[LegalClass]:
    first, *rest = map(DataCategory, categories)
    return set(table.legal_classes(first, tuple(rest)))


def test_every_class_names_provisions_of_the_corpus() -> None:
    """No class without a section, and every section is one that the corpus holds."""
    assert set(LEGAL_BASES) == set(LegalClass)
    texts = {
        path.stem: path.read_text("utf-8") for path in (_ROOT / "regulations_corpus").glob("*.yaml")
    }
    for provisions in LEGAL_BASES.values():
        for provision in provisions:
            assert f"  - id: {provision}\n" in texts[provision.partition("/")[0]], provision


@pytest.mark.parametrize(
    "category",
    [
        _H, f"{_H}.genetic", "user.biometric", "user.authorization.biometric",
        f"{_D}.race_ethnicity", f"{_D}.political_opinion", f"{_D}.religious_belief",
        f"{_D}.sexual_orientation",
    ],
)  # fmt: skip
def test_what_article_9_lists_is_special(category: str, table: CategoryTable) -> None:
    """Health, genes, biometrics, origin, opinion, belief and orientation are special categories."""
    assert LegalClass.SPECIAL_CATEGORY in _classes(table, category)
    assert table.sensitivity(DataCategory(category)) is Sensitivity.RESTRICTED


def test_articles_10_and_87_have_their_own_class(table: CategoryTable) -> None:
    """Convictions are criminal data and national numbers national identifiers, nothing else is."""
    criminal = [e.category for e in table.entries if LegalClass.CRIMINAL_OFFENCE in e.legal_classes]
    national = [
        e.category for e in table.entries if LegalClass.NATIONAL_IDENTIFIER in e.legal_classes
    ]
    assert criminal == ["user.criminal_history"]
    assert national == [f"{_G}.national_identification_number"]


@pytest.mark.parametrize(
    ("letter", "category"),
    [
        ("A", "user.name"), ("B", "user.contact.address.postal_code"),
        ("B", "user.location.imprecise"), ("C", f"{_D}.date_of_birth"), ("C", f"{_D}.age_range"),
        ("D", "user.contact.phone_number"), ("E", "user.contact.fax_number"),
        ("F", "user.contact.email"), ("G", f"{_G}.national_identification_number"),
        ("H", f"{_H}.record_id"), ("I", f"{_H}.insurance_beneficiary_id"),
        ("J", "user.financial.bank_account"), ("J", "user.financial.credit_card"),
        ("K", f"{_G}.drivers_license_number"), ("L", f"{_G}.vehicle_registration"),
        ("M", "user.device.device_id"), ("N", "user.contact.url"),
        ("O", "user.device.ip_address"), ("P", "user.biometric.fingerprint"),
        ("Q", "user.content.self_image"), ("R", "user.unique_id"), ("R", "user.account.username"),
    ],
)  # fmt: skip
def test_each_identifier_of_the_safe_harbour_is_phi(
    letter: str, category: str, table: CategoryTable
) -> None:
    """Each letter of 45 CFR 164.514(b)(2)(i) has a category that is protected health data."""
    assert LegalClass.PHI in _classes(table, category), letter


def test_card_data_and_what_proves_a_card_are_told_apart(table: CategoryTable) -> None:
    """A card number is cardholder data; a security code is a credential beside."""
    card = "user.financial.credit_card"
    assert LegalClass.CARDHOLDER_DATA in _classes(table, card)
    assert LegalClass.CREDENTIALS not in _classes(table, card)
    assert {LegalClass.CARDHOLDER_DATA, LegalClass.CREDENTIALS} <= _classes(
        table, card, "user.authorization.credentials"
    )


def test_money_and_contact_are_npi_and_operations_are_nothing(table: CategoryTable) -> None:
    """What a financial institution knows of its customers is nonpublic; its own data is not."""
    for category in ("user.financial", "user.contact.email", "user.unique_id", "user.name"):
        assert LegalClass.NPI in _classes(table, category)
    assert _classes(table, "system.operations") == set()


def test_children_and_credentials_are_restricted(table: CategoryTable) -> None:
    """A fact that reveals a child's data has the highest sensitivity, as a password has."""
    first = DataCategory("user.name.first")
    assert table.sensitivity(first) is Sensitivity.CONFIDENTIAL
    assert table.sensitivity(first, (DataCategory("user.childrens"),)) is Sensitivity.RESTRICTED
    assert LegalClass.CREDENTIALS in _classes(table, "user.authorization.password")
