"""What names say, in four languages."""

import pytest

from policy_service.catalog.names.words import (
    Scope,
    is_key_name,
    is_opaque,
    name_hit,
    name_words,
)


def test_names_are_split_at_case_digits_and_accents() -> None:
    """Camel case, underscores and accents come apart to plain words."""
    assert name_words("DatumNarozeníKlienta") == ("datum", "narozeni", "klienta")
    assert name_words("customer_e-mail2") == ("customer", "e", "mail", "2")
    assert name_words("IBANNumber") == ("iban", "number")


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("first_name", "user.name.first"),
        ("Vorname", "user.name.first"),
        ("prijmeni", "user.name.last"),
        ("NomDeFamille", "user.name.last"),
        ("email_address", "user.contact.email"),
        ("courriel", "user.contact.email"),
        ("mobil", "user.contact.phone_number"),
        ("telefon_nr", "user.contact.phone_number"),
        ("rodne_cislo", "user.government_id.national_identification_number"),
        ("SSN", "user.government_id.national_identification_number"),
        ("Geburtsdatum", "user.demographic.date_of_birth"),
        ("date_naissance", "user.demographic.date_of_birth"),
        ("pohlaví", "user.demographic.gender"),
        ("kontonummer", "user.financial.bank_account"),
        ("account_to", "user.financial.bank_account"),
        ("cc_num", "user.financial.credit_card"),
        ("Straße", "user.contact.address.street"),
        ("psc", "user.contact.address.postal_code"),
        ("mzda", "user.financial"),
        ("diagnosis_code", "user.health_and_medical"),
        ("password_hash", "user.authorization.password"),
        ("client_ip", "user.device.ip_address"),
        ("customer_id", "user.unique_id"),
        ("updated_at", "system.operations"),
    ],
)
def test_a_name_gives_its_category(name: str, category: str) -> None:
    """Names and abbreviations in English, Czech, German and French are known."""
    hit = name_hit(name)
    assert hit is not None
    assert hit.category == category


@pytest.mark.parametrize("name", ["email_verified", "phone_type", "quantity", "A7"])
def test_a_note_about_a_fact_is_not_the_fact(name: str) -> None:
    """A name that ends in `verified` or `type`, or says nothing, gives no contact category."""
    assert name_hit(name) is None


def test_a_short_name_is_read_beside_its_table() -> None:
    """`expiry` means a card's in a table of cards and nothing elsewhere."""
    beside = name_hit("expiry", "card")
    assert beside is not None
    assert beside.category == "user.financial.credit_card"
    assert name_hit("expiry", "product") is None


def test_words_that_only_mean_people_near_people_say_so() -> None:
    """A city is personal in a table about people only; a password always."""
    city, password = name_hit("city"), name_hit("pwd")
    assert city is not None
    assert city.scope is Scope.PERSON
    assert password is not None
    assert password.scope is Scope.ALWAYS


def test_key_names_and_empty_names_are_told_apart() -> None:
    """`client_id` ends like a key; `c2` says nothing at all."""
    assert is_key_name("client_id")
    assert not is_key_name("client")
    assert is_opaque("c2")
    assert not is_opaque("status")
