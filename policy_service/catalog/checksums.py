"""Check digits and self-describing numbers: cards, IBANs, birth numbers, social security numbers.

Pure functions of one text. Sources: ISO/IEC 7812-1 annex B (Luhn), ISO 13616 (IBAN, modulo 97),
Czech Act 133/2000 (birth number: YYMMDD and a serial, 50 added to the month for women,
divisible by 11 when it has ten digits).
"""

import re
from dataclasses import dataclass
from datetime import date

_CARD = re.compile(r"[3-6]\d{12,18}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
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
    """Tell whether `text` is an IBAN whose check digits fit."""
    compact = text.replace(" ", "").upper()
    return bool(_IBAN.fullmatch(compact)) and _iban_remainder(compact) == 1


def is_ssn_shape(text: str) -> bool:
    """Tell whether `text` is written like a social security number; it has no check digit."""
    return bool(_SSN.fullmatch(text))


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
