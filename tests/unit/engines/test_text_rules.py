"""What the rules see without any model, in four languages, and what they leave alone."""

import pytest

from policy_service.domain.errors import UsageError
from policy_service.engines.stdnum import rules_of
from policy_service.engines.text.fusion import fuse
from policy_service.engines.text.languages import choose_language
from policy_service.engines.text.rules import TextRules
from policy_service.engines.text.words import WORDS
from policy_service.kit.checksums import is_iban, luhn_valid, read_birth_number


@pytest.fixture(scope="module")
def rules() -> TextRules:
    """The rules of all languages together."""
    return TextRules(WORDS)


def found(rules: TextRules, text: str) -> set[tuple[str, str]]:
    """Return what the rules alone make of a text: (value, entity)."""
    return {(text[one.start : one.end], one.entity) for one in fuse(text, rules.find(text))}


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("paid with 4111-1111-1111-1111 today", "4111-1111-1111-1111", "CREDIT_CARD"),
        ("from DE89 3704 0044 0532 0130 00 on", "DE89 3704 0044 0532 0130 00", "IBAN_CODE"),
        ("to fr1420041010050500013m02606 soon", "fr1420041010050500013m02606", "IBAN_CODE"),
        ("rodné číslo 7360285163", "7360285163", "CZ_BIRTH_NUMBER"),
        ("736028/5163", "736028/5163", "CZ_BIRTH_NUMBER"),
        ("her SSN is 078051120", "078051120", "US_SSN"),
        ("2 88 07 69 123 456 70", "2 88 07 69 123 456 70", "NATIONAL_ID"),
        ("DNI 12345678Z", "12345678Z", "NATIONAL_ID"),
        ("RSSMRA85T10A562S", "RSSMRA85T10A562S", "NATIONAL_ID"),
        ("640823-3234", "640823-3234", "NATIONAL_ID"),
        ("NI number QQ 12 34 56 C", "QQ 12 34 56 C", "NATIONAL_ID"),
        ("Steuer-ID 65929970489", "65929970489", "NATIONAL_ID"),
        ("driving licence MORGA 753116", "753116", "DRIVER_LICENSE"),
        ("číslo pasu 39123456", "39123456", "PASSPORT"),
        ("account 19-2000145399/0800", "19-2000145399/0800", "ACCOUNT_NUMBER"),
        ("card 4111 1111 1111 1112 was refused", "4111 1111 1111 1112", "ACCOUNT_NUMBER"),
    ],
)
def test_numbers_are_known_by_their_check_or_their_cue(
    rules: TextRules, text: str, value: str, entity: str
) -> None:
    """A number is what its check digit proves or the word beside it says."""
    assert (value, entity) in found(rules, text)


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("seen at 2024-03-05 17:40:12 today", "2024-03-05 17:40:12", "DATE_TIME"),
        ("due on the 5th of March, 2024", "5th of March, 2024", "DATE_TIME"),
        ("sie kam am 12. März 2024", "12. März 2024", "DATE_TIME"),
        ("smlouva ze dne 5. května 2023", "5. května 2023", "DATE_TIME"),
        ("she was born on 3/14/1962", "3/14/1962", "DATE_OF_BIRTH"),
        ("née le 14 juillet 1988", "14 juillet 1988", "DATE_OF_BIRTH"),
        ("closed since 1997.", "1997", "DATE_TIME"),
        ("come on Tuesday", "Tuesday", "DATE_TIME"),
        ("she is 43 years old", "43", "AGE"),
        ("a 7-year-old girl", "7", "AGE"),
        ("er ist 51 Jahre alt", "51", "AGE"),
        ("elle a 29 ans", "29", "AGE"),
        ("paní ve věku 67 let", "67", "AGE"),
        ("I just turned 30!", "30", "AGE"),
    ],
)
def test_dates_and_ages_are_found(rules: TextRules, text: str, value: str, entity: str) -> None:
    """A date is found in many forms, as one of birth where a word says so; an age by its word."""
    assert (value, entity) in found(rules, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ring +44 20 7946 0018 after six", "+44 20 7946 0018"),
        ("ring (020) 7946-0018 x22", "(020) 7946-0018 x22"),
        ("fax 7946 0018", "7946 0018"),
        ("608 123 456 mobil", "608 123 456"),
        ("Tél : 04.78.12.34.56", "04.78.12.34.56"),
    ],
)
def test_telephone_numbers_in_many_forms(rules: TextRules, text: str, value: str) -> None:
    """With a country code, in groups, with an extension, or bare beside a word for it."""
    assert (value, "PHONE_NUMBER") in found(rules, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("He lives at 221B Baker Street, London NW1 6XE.", "221B Baker Street, London NW1 6XE"),
        (
            "Send it to:\n> 7 Orchard Lane\n> Flat 12\n> Dunmore\n> Ireland",
            "7 Orchard Lane\n> Flat 12\n> Dunmore\n> Ireland",
        ),
        ("wohnt Lindenstraße 14, 80331 München", "Lindenstraße 14, 80331 München"),
        (
            "au 12 rue de la République, 69002 Lyon",
            "12 rue de la République, 69002 Lyon",
        ),
        ("bytem Dlouhá ulice 5, 110 00 Praha", "Dlouhá ulice 5, 110 00 Praha"),
        ("P.O. Box 4410, Springfield, IL 62704", "P.O. Box 4410, Springfield, IL 62704"),
        ("PSC 1205, Box 77\nAPO AE 09012", "PSC 1205, Box 77\nAPO AE 09012"),
        ("postcode: EC1A 1BB", "EC1A 1BB"),
        ("they moved to Tampere", "Tampere"),
        ("made in New Zealand", "New Zealand"),
    ],
)
def test_addresses_are_one_span(rules: TextRules, text: str, value: str) -> None:
    """An address is one span over commas and lines, quoted or not, whatever its order."""
    assert (value, "LOCATION") in found(rules, text)


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("Mrs. Okafor called", "Mrs.", "TITLE"),
        ("Mrs. Okafor called", "Okafor", "PERSON"),
        ("Sehr geehrter Herr Dr. Weber,", "Weber", "PERSON"),
        ("Je m'appelle Élodie Marchand.", "Élodie Marchand", "PERSON"),
        ("Jmenuji se Tomáš Dvořák.", "Tomáš Dvořák", "PERSON"),
        ("my name is oluwaseun.", "oluwaseun", "PERSON"),
        ("Dear Priya,\nthank you", "Priya", "PERSON"),
        ("yesterday Catherine B. Holm said", "Catherine B. Holm", "PERSON"),
        ("at Nordwind Logistik GmbH since", "Nordwind Logistik GmbH", "ORGANIZATION"),
        ("za Zelený dům s.r.o. podepsal", "Zelený dům s.r.o.", "ORGANIZATION"),
        ("chez Boulangerie du Port SARL", "Boulangerie du Port SARL", "ORGANIZATION"),
        ("he works for Halvorsen", "Halvorsen", "ORGANIZATION"),
        ("she works as a senior tax consultant", "senior tax consultant", "JOB_TITLE"),
        ("an Estonian family", "Estonian", "NRP"),
        ("our paper at https://example.com/a?b=1.", "https://example.com/a?b=1", "URL"),
        ("see example.co.uk now", "example.co.uk", "URL"),
    ],
)
def test_people_and_what_is_said_of_them(
    rules: TextRules, text: str, value: str, entity: str
) -> None:
    """Titles, cues and legal forms show names without a model."""
    assert (value, entity) in found(rules, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Loan 96396 over 12 months at 4.5 %",
        "Invoice 2024-00123 totals 1,234.56 in 3 items, a ratio of 12/34",
        "main.py and end.Then are not sites",
        "You may polish it in march",
        "4111111111111112 of them",
        "I am sure that it is here",
    ],
)
def test_ordinary_text_is_left_alone(rules: TextRules, text: str) -> None:
    """Amounts, counts, file names and words that are also names are no personal data."""
    assert found(rules, text) == set()


def test_checks_refuse_a_changed_digit() -> None:
    """Each check accepts the right number and refuses it with one digit changed."""
    french, italian = rules_of("fr.nir"), rules_of("it.codicefiscale")
    dni, nie, swedish = rules_of("es.dni"), rules_of("es.nie"), rules_of("se.personnummer")
    assert luhn_valid("4111111111111111")
    assert not luhn_valid("4111111111111112")
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")
    assert not is_iban("DE89")
    assert read_birth_number("736028/5163")
    assert read_birth_number("736028/516")
    assert not read_birth_number("736028/5164")
    assert not read_birth_number("739928/5163")
    assert french("288076912345670")
    assert not french("288076912345669")
    assert not french("2A8076912345670")
    assert nie("X1234567L")
    assert not dni("12345678A")
    assert italian("RSSMRA85T10A562S")
    assert not italian("RSSMRA85T10A562T")
    assert swedish("640823-3234")
    assert not swedish("640823-3235")


def test_language_is_chosen_by_function_words() -> None:
    """A text is read by the model of its language; without a sign, by the first."""
    languages = ("en", "de", "cs")
    assert choose_language("Das ist nicht mein Konto", languages) == "de"
    assert choose_language("Prosím, to je jako dřív", languages) == "cs"
    assert choose_language("12345", languages) == "en"
    assert choose_language("Das ist nicht mein Konto", ("en",)) == "en"


def test_unknown_language_is_named() -> None:
    """A language without words is an error that lists those there are."""
    with pytest.raises(UsageError, match="`tlh`; use en, de, fr, cs"):
        TextRules(["tlh"])


@pytest.mark.parametrize("piece", ["+", "a.", "12 Main ", "4111 ", "A. ", "12/", "Rue de "])
def test_hostile_text_takes_linear_time(rules: TextRules, piece: str) -> None:
    """Repeated pieces that begin many matches are read through to the end."""
    text = piece * (4_000 // len(piece))
    assert all(0 <= one.start < one.end <= len(text) for one in rules.find(text))
