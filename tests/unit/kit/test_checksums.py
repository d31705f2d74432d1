"""Check digits and birth numbers, by published examples and by their own rules."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_service.kit.checksums import (
    BirthNumber,
    iban_check_digits,
    is_card_number,
    is_document_number,
    is_german_insurance_number,
    is_iban,
    is_medicare_number,
    is_ssn_shape,
    is_vehicle_number,
    luhn_digit,
    luhn_valid,
    read_birth_number,
)


def test_a_test_card_of_the_schemes_is_a_card_number() -> None:
    """A scheme's own test number passes with and without spaces, and fails one digit off."""
    assert is_card_number("4111 1111 1111 1111")
    assert is_card_number("378282246310005")
    assert not is_card_number("4111111111111112")


def test_a_luhn_number_of_no_scheme_is_no_card() -> None:
    """Digits that pass Luhn but start like no card, or are too short, are not a card number."""
    assert luhn_valid("18")
    assert not is_card_number("18")
    assert not is_card_number("0000000000000000")
    assert not luhn_valid("")


@given(st.text("0123456789", min_size=1, max_size=30))
def test_the_luhn_digit_completes_any_number(digits: str) -> None:
    """Appending the computed digit makes any string of digits Luhn-valid."""
    assert luhn_valid(digits + luhn_digit(digits))


def test_the_example_iban_of_the_standard_passes() -> None:
    """Published example IBANs pass; a swapped pair of digits does not."""
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE98370400440532013000")
    assert not is_iban("IBAN")


@given(st.text("0123456789", min_size=20, max_size=20))
def test_computed_check_digits_make_an_iban(account: str) -> None:
    """Check digits computed for any account number of a country's length give a valid IBAN."""
    assert is_iban(f"CZ{iban_check_digits('CZ', account)}{account}")


@pytest.mark.parametrize("country", ["CZ", "DE", "NO", "MT"])
def test_an_iban_has_the_length_of_its_country(country: str) -> None:
    """Check digits that fit do not help an account number that is too short for its country."""
    account = "1234567890"
    assert not is_iban(f"{country}{iban_check_digits(country, account)}{account}")
    assert is_iban(f"XX{iban_check_digits('XX', account + '0')}{account}0")  # of no known country


@pytest.mark.parametrize(
    ("number", "scheme"),
    [
        ("4222222222222", "Visa of 13 digits"),
        ("2223003122003222", "Mastercard of the new range"),
        ("3530111333300000", "JCB"),
        ("6011000990139424", "Discover"),
        ("6759649826438453", "Maestro"),
    ],
)
def test_every_card_scheme_has_its_ranges(number: str, scheme: str) -> None:
    """Published test numbers of each scheme are card numbers."""
    assert is_card_number(number), scheme


@pytest.mark.parametrize("number", ["8914800000000000006", "41111111111111", "2000000000000006"])
def test_what_no_scheme_issues_is_no_card(number: str) -> None:
    """A telephone card, fourteen digits of Visa and an unused range are refused."""
    assert not is_card_number(number)


def test_documents_vehicles_and_insurance_numbers_have_check_digits() -> None:
    """Published examples pass; with the last digit changed they fail."""
    assert is_document_number("T220001293")
    assert not is_document_number("T220001294")
    assert is_vehicle_number("1M8GDM9AXKP042788")
    assert not is_vehicle_number("1M8GDM9A1KP042788")
    assert is_german_insurance_number("15070649C103")
    assert not is_german_insurance_number("15070649C104")
    assert not is_german_insurance_number("15071349C103")
    assert is_medicare_number("2123 45670 1")
    assert not is_medicare_number("2123 45671 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("706213", BirthNumber(date(1970, 12, 13), True, False)),
        ("450204", BirthNumber(date(1945, 2, 4), False, False)),
        ("706213/000", BirthNumber(date(1970, 12, 13), True, False)),
        ("10203", BirthNumber(date(1901, 2, 3), False, False)),
        ("0401010005", BirthNumber(date(2004, 1, 1), False, True)),
    ],
)
def test_a_birth_number_tells_the_birth_date_and_the_sex(text: str, expected: BirthNumber) -> None:
    """Six, nine and ten digits are read; women have fifty added to the month."""
    assert read_birth_number(text) == expected


@pytest.mark.parametrize("text", ["701313", "706232", "700230", "7062131", "abc", "", "7062130001"])
def test_what_is_no_date_or_fails_modulo_11_is_no_birth_number(text: str) -> None:
    """An impossible date, a wrong length and a wrong remainder are refused."""
    assert read_birth_number(text) is None


def test_months_are_raised_by_twenty_where_serials_ran_out() -> None:
    """A ten-digit number with month 21-32 is read as the month less twenty."""
    number = next(
        f"042101{serial:04d}" for serial in range(10_000) if int(f"042101{serial:04d}") % 11 == 0
    )
    read = read_birth_number(number)
    assert read is not None
    assert read.born == date(2004, 1, 1)
    assert not read.female


def test_the_shape_of_a_social_security_number_is_exact() -> None:
    """Only three, two and four digits with hyphens have the shape."""
    assert is_ssn_shape("900-12-3456")
    assert not is_ssn_shape("900123456")
