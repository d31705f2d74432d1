"""Check digits and self-describing numbers: cards, IBANs, birth numbers, social security numbers.

Pure functions of one text; those without a check of the form want it checked before. Sources:
ISO/IEC 7812-1 annex B (Luhn), ISO 13616 (IBAN, modulo 97), ICAO 9303-3 (documents, 7-3-1),
ISO 3779 and 49 CFR 565.15 (vehicles), VKVV section 2 (German insurance numbers),
Czech Act 133/2000 (birth number: YYMMDD and a serial, 50 added to the month for women,
divisible by 11 when it has ten digits).
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

# Ranges and lengths of the card schemes: Visa, Mastercard, American Express, Diners Club,
# JCB, UnionPay and Discover, Maestro.
_CARD = re.compile(
    r"4\d{12}(\d{3}){0,2}|(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|"
    r"3[47]\d{13}|3(0[0-5]|[689]\d)\d{11,16}|35(2[89]|[3-8]\d)\d{12,15}|"
    r"6[0-9]\d{14,17}|5[06-8]\d{11,17}"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
# Length of an IBAN by country (ISO 13616 registry). A country that is not listed is taken as is.
_IBAN_LENGTHS: Final = {
    country: int(length)
    for length, countries in (
        ("15", "NO"), ("16", "BE"), ("18", "DK FI FO GL NL SD FK"), ("19", "MK SI"),
        ("20", "AT BA EE KZ LT LU XK MN"), ("21", "CH HR LI LV"),
        ("22", "BG BH CR DE GB GE IE ME RS VA"), ("23", "AE GI IL IQ TL OM SO"),
        ("24", "AD CZ ES MD PK RO SA SE SK TN VG"), ("25", "LY PT ST"), ("26", "IS TR"),
        ("27", "BI DJ FR GR IT MC MR SM"), ("28", "AL AZ BY CY DO GT HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"), ("30", "JO KW MU YE"), ("31", "MT SC"), ("32", "LC"),
        ("33", "RU"),
    )
    for country in countries.split()
}  # fmt: skip
_BIRTH_NUMBER = re.compile(r"(\d{6})/?(\d{3,4})?")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_SEPARATORS = str.maketrans("", "", " -")


def luhn_valid(digits: str) -> bool:
    """Tell whether a string of digits ends in its Luhn check digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return bool(digits) and total % 10 == 0


def luhn_digit(digits: str) -> str:
    """Return the check digit that makes `digits` plus itself Luhn-valid."""
    return next(digit for digit in "0123456789" if luhn_valid(digits + digit))


def is_card_number(text: str) -> bool:
    """Tell whether `text` is a payment card number: 13-19 digits of a card scheme, Luhn-valid."""
    digits = text.translate(_SEPARATORS)
    return bool(_CARD.fullmatch(digits)) and luhn_valid(digits)


def iban_check_digits(country: str, account: str) -> str:
    """Return the two check digits of an IBAN of `country` (two letters)."""
    return f"{98 - _iban_remainder(f'{country}00{account}'):02d}"


def is_iban(text: str) -> bool:
    """Tell whether `text` is an IBAN: its country's length, and check digits that fit."""
    compact = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(compact):
        return False
    fits = _IBAN_LENGTHS.get(compact[:2], len(compact)) == len(compact)
    return fits and _iban_remainder(compact) == 1


def is_ssn_shape(text: str) -> bool:
    """Tell whether `text` is written like a social security number; it has no check digit."""
    return bool(_SSN.fullmatch(text))


def is_document_number(text: str) -> bool:
    """Tell whether the last digit of an identity document's number is its check digit."""
    return text[-1:].isdigit() and _weighed(text[:-1], (7, 3, 1)) % 10 == int(text[-1])


def is_german_insurance_number(text: str) -> bool:
    """Tell whether a pension insurance number has a possible day and the right last digit."""
    compact = text.replace(" ", "")
    day, month = int(compact[2:4]), int(compact[4:6])
    if not (1 <= (day - 50 if day > 50 else day) <= 31 and 1 <= month <= 12):
        return False
    letter = f"{ord(compact[8]) - ord('A') + 1:02d}"
    digits = compact[:8] + letter + compact[9:11]
    products = (int(d) * w for d, w in zip(digits, _INSURANCE_WEIGHTS, strict=True))
    return sum(sum(divmod(one, 10)) for one in products) % 10 == int(compact[11])


def is_medicare_number(text: str) -> bool:
    """Tell whether an Australian Medicare number of 10 or 11 digits has its check digit."""
    digits = text.replace(" ", "")
    total = sum(int(d) * w for d, w in zip(digits[:8], _MEDICARE_WEIGHTS, strict=True))
    return total % 10 == int(digits[8])


def is_vehicle_number(text: str) -> bool:
    """Tell whether a vehicle identification number has the check digit of North America."""
    values = (_VIN_VALUES[sign] for sign in text)
    total = sum(value * w for value, w in zip(values, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == text[8]


_INSURANCE_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_MEDICARE_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", (*range(10), *range(1, 9), 1, 2, 3, 4, 5, 7, 9,
        *range(2, 10)), strict=True)
)  # fmt: skip


def _weighed(text: str, weights: tuple[int, ...]) -> int:
    return sum(int(sign, 36) * weights[place % len(weights)] for place, sign in enumerate(text))


@dataclass(frozen=True, slots=True)
class BirthNumber:
    """What a Czech or Slovak birth number gives away; `checked` when modulo 11 proved it."""

    born: date
    female: bool
    checked: bool


def read_birth_number(text: str) -> BirthNumber | None:
    """Read a birth number of 6, 9 or 10 digits; None where it cannot be one.

    Four and five digits are taken for six whose leading zeros a number type lost.
    """
    padded = text.zfill(6) if text.isascii() and text.isdigit() and 4 <= len(text) < 6 else text
    match = _BIRTH_NUMBER.fullmatch(padded)
    if match is None:
        return None
    head, serial = match[1], match[2] or ""
    if len(serial) == 4 and not _divisible_by_11(head + serial):
        return None
    year, month, day = int(head[:2]), int(head[2:4]), int(head[4:])
    female = month > 50
    month -= 50 if female else 0
    if len(serial) == 4 and 21 <= month <= 32:
        month -= 20  # used from 2004 on where a day's serials are exhausted
    born = _date(1900 + year if year >= 54 or len(serial) < 4 else 2000 + year, month, day)
    return None if born is None else BirthNumber(born, female, len(serial) == 4)


def _divisible_by_11(digits: str) -> bool:
    """Apply the rule, with its old exception: a remainder of ten was written as zero."""
    return int(digits) % 11 == 0 or (int(digits[:9]) % 11 == 10 and digits[9] == "0")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _iban_remainder(iban: str) -> int:
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97
