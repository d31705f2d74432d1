"""What names say in other languages."""

import pytest

from policy_service.catalog.classification.topics import Kind, named_subject, table_kind
from policy_service.catalog.names.languages import CHILDREN, PEOPLE, foreign_hit
from policy_service.catalog.names.words import Scope, name_hit


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("fecha_de_nacimiento", "user.demographic.date_of_birth"),
        ("codigoPostal", "user.contact.address.postal_code"),
        ("APELLIDO1", "user.name.last"),
        ("nr_konta", "user.financial.bank_account"),
        ("imię", "user.name.first"),
        ("data_urodzenia", "user.demographic.date_of_birth"),
        ("Codice_Fiscale", "user.government_id.national_identification_number"),
        ("stipendio", "user.financial"),
        ("achternaam", "user.name.last"),
        ("Geboortedatum", "user.demographic.date_of_birth"),
        ("wachtwoord", "user.authorization.password"),
        ("Jahresgehalt", "user.financial"),
        ("Grunderkrankung", "user.health_and_medical"),
        ("rodné příjmení", "user.name.last"),
        ("číslo_pojištěnce", "user.health_and_medical.insurance_beneficiary_id"),
        ("nom_de_jeune_fille", "user.name.last"),
        ("mot_de_passe", "user.authorization.password"),
        ("id_cliente", "user.unique_id"),
        ("uczen_nr", "user.unique_id"),
        ("numero_client", "user.unique_id"),
    ],
)
def test_a_foreign_name_gives_its_category(name: str, category: str) -> None:
    """Spanish, Polish, Italian, Dutch, German, Czech and French names are known."""
    hit = name_hit(name)
    assert hit is not None
    assert hit.category == category


@pytest.mark.parametrize(
    "name",
    ["note", "via", "cap", "data", "land", "kind", "minor_version", "invalid", "rank", "parent"],
)
def test_english_words_are_not_taken_for_foreign_ones(name: str) -> None:
    """Words that mean a person's fact in another language and something else in English wait."""
    hit = name_hit(name)
    assert hit is None or hit.scope is Scope.PERSON


def test_the_longest_phrase_decides() -> None:
    """`saldo konta` is money and not the account's number; small words are passed over."""
    assert foreign_hit(("saldo", "konta")) == ("user.financial", 0.75, "p")
    assert foreign_hit(("data", "di", "nascita")) is not None
    assert foreign_hit(("de",)) is None
    assert foreign_hit(()) is None


def test_tables_of_people_are_known_in_every_language() -> None:
    """A table of clients, pupils or patients is about people, whoever named it."""
    for word, subject in PEOPLE.items():
        assert named_subject(word), (word, subject)
    for name in ("clientes", "zaci", "Schueler", "pazienti", "inwoners", "pracownicy"):
        assert table_kind(name) is Kind.PERSON, name
    assert table_kind("Krankmeldungen") is Kind.HEALTH
    assert table_kind("kostenstellen") is Kind.ORGANISATION
    assert "zaci" in CHILDREN
