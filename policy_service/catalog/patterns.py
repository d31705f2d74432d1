"""What sampled values say: detectors that look at one column's values and nothing else.

Each returns hits with a category, a weight and a sentence of counts. No hit quotes a
value. Check digits are in `checksums`; what free text holds is in `free_text`.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from policy_service.catalog.checksums import (
    is_card_number,
    is_iban,
    is_ssn_shape,
    read_birth_number,
)
from policy_service.catalog.given_names import GIVEN_NAMES
from policy_service.domain.identifiers import DataCategory

_ENOUGH = 0.9  # of the values that are not empty
_FEW = 5


@dataclass(frozen=True, slots=True)
class ValueHit:
    """What a detector read off the values of one column."""

    detector: str
    category: DataCategory
    weight: float
    detail: str
    reveals: tuple[DataCategory, ...] = ()


def value_hits(texts: Sequence[str], data_type: str) -> tuple[ValueHit, ...]:
    """Run every detector over the values of one column, written as text."""
    filled = [text for text in texts if text]
    if not filled or data_type in {"boolean", "binary"}:
        return ()
    birth = _birth_numbers(filled)
    if birth is not None:
        return (birth,)
    hits = [_fraction_hit(filled, rule) for rule in _DETECTORS]
    found = [hit for hit in hits if hit is not None]
    found += [hit for hit in (_closed_set(filled), _names(filled), _payment_codes(filled)) if hit]
    if not found:
        dates = _dates(filled)
        found += [dates] if dates else []
    return tuple(found)


def plain(text: str) -> str:
    """Lower a text and drop its accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(\+|00)[1-9][\d ()./-]{7,18}\d|\(?0?\d{2,4}[) /.-]{1,2}\d{3,4}[ .-]\d{3,4}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
_PASSWORD_HASH = re.compile(r"\$(2[aby]|argon2\w*|pbkdf2[\w-]*|scrypt|[156])\$.+")
_POSTCODE = re.compile(r"\d{3} \d{2}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|\d{4} [A-Z]{2}|\d{5}-\d{4}")
_URL = re.compile(r"https?://\S+")
_BLOOD = re.compile(r"(A|B|AB|0|O)[+-]")
_ICD = re.compile(r"[A-TV-Z]\d{2}(\.\d{1,4})?")


def _is_ip(text: str) -> bool:
    if "." not in text and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and 8 <= sum(map(str.isdigit, text)) <= 15


_Detector = tuple[str, str, float, Callable[[str], object], str]
_DETECTORS: tuple[_Detector, ...] = (
    ("luhn", "user.financial.credit_card", 0.97, is_card_number, "card numbers with a Luhn digit"),
    ("iban", "user.financial.bank_account", 0.98, is_iban, "IBANs whose check digits fit"),
    ("email", "user.contact.email", 0.95, _EMAIL.fullmatch, "e-mail addresses"),
    ("ip", "user.device.ip_address", 0.9, _is_ip, "IP addresses"),
    ("mac", "user.device.device_id", 0.85, _MAC.fullmatch, "hardware addresses"),
    ("uuid", "user.unique_id.pseudonymous", 0.3, _UUID.fullmatch, "UUIDs"),
    ("password-hash", "user.authorization.password", 0.97, _PASSWORD_HASH.fullmatch,
     "password hashes"),
    ("ssn-shape", "user.government_id.national_identification_number", 0.8, is_ssn_shape,
     "numbers written like a social security number"),
    ("phone", "user.contact.phone_number", 0.75, _is_phone, "telephone numbers"),
    ("postcode", "user.contact.address.postal_code", 0.55, _POSTCODE.fullmatch, "postal codes"),
    ("url", "user.contact.url", 0.2, _URL.fullmatch, "web addresses"),
    ("blood-group", "user.health_and_medical", 0.85, _BLOOD.fullmatch, "blood groups"),
    ("icd", "user.health_and_medical", 0.5, _ICD.fullmatch, "codes written like ICD-10"),
)  # fmt: skip


def _fraction_hit(texts: Sequence[str], rule: _Detector) -> ValueHit | None:
    detector, category, weight, test, what = rule
    spared = len(texts) - int(_ENOUGH * len(texts))
    misses = 0
    for text in texts:
        if not test(text):
            misses += 1
            if misses > spared:
                return None
    found = len(texts) - misses
    if found < _ENOUGH * len(texts):
        return None
    trusted = weight if found >= _FEW else weight * 0.8
    detail = f"{found} of {len(texts)} values are {what}"
    return ValueHit(detector, DataCategory(category), round(trusted, 4), detail)


_REVEALS = (DataCategory("user.demographic.date_of_birth"), DataCategory("user.demographic.gender"))


def _birth_numbers(texts: Sequence[str]) -> ValueHit | None:
    """Recognise birth numbers: months of both sexes, or a check digit, tell them from dates."""
    read = [number for number in map(read_birth_number, texts) if number is not None]
    if len(read) < 3 or len(read) < 0.95 * len(texts):
        return None
    women = sum(number.female for number in read)
    checked = sum(number.checked for number in read)
    both = 0.05 * len(read) <= women <= 0.95 * len(read)
    if not both and checked < len(read):
        return None
    weight = 0.97 if len(read) >= 20 else 0.85
    proof = "divisible by 11" if checked == len(read) else "50 added to the month"
    detail = (
        f"{len(read)} of {len(texts)} values read as birth numbers (YYMMDD), "
        f"{women} of them of women ({proof})"
    )
    category = DataCategory("user.government_id.national_identification_number")
    return ValueHit("birth-number", category, weight, detail, _REVEALS)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SETS: tuple[tuple[str, str, float, frozenset[str]], ...] = (
    ("gender-set", "user.demographic.gender", 0.8, _set(
        "m f w d x male female man woman muz zena mann frau homme femme divers other")),
    ("marital-set", "user.demographic.marital_status", 0.85, _set(
        "single married divorced widowed separated ledig verheiratet geschieden verwitwet "
        "svobodny svobodna zenaty vdana rozvedeny rozvedena vdovec vdova celibataire marie "
        "divorce veuf")),
)  # fmt: skip


def _closed_set(texts: Sequence[str]) -> ValueHit | None:
    distinct = {plain(text) for text in texts}
    if not 2 <= len(distinct) <= 6:
        return None
    for detector, category, weight, words in _SETS:
        if distinct <= words:
            detail = f"{len(distinct)} different values, all of a known closed list"
            return ValueHit(detector, DataCategory(category), weight, detail)
    return None


def _names(texts: Sequence[str]) -> ValueHit | None:
    """Recognise names of people by common given names."""
    split = [plain(text).replace(",", " ").split() for text in texts]
    known = sum(
        bool(words) and not GIVEN_NAMES.isdisjoint((words[0], words[-1])) for words in split
    )
    if known < 0.4 * len(texts) or known < 2:
        return None
    several = sum(2 <= len(words) <= 4 for words in split) > 0.7 * len(texts)
    single = sum(len(words) == 1 for words in split) > 0.9 * len(texts)
    if not several and not single:
        return None
    detail = f"{known} of {len(texts)} values hold a common given name"
    category = "user.name" if several else "user.name.first"
    return ValueHit("given-names", DataCategory(category), 0.8, detail)


_PAYMENT = re.compile(
    r"^(pojist|insur|versich|assur|sipo|household|leasing|uver|loan|rent\b|najem|miete)"
)


def _payment_codes(texts: Sequence[str]) -> ValueHit | None:
    """Recognise codes that say what a payment is for: insurance, household, loan, leasing."""
    distinct = {plain(text) for text in texts}
    known = sum(bool(_PAYMENT.match(text)) for text in distinct)
    if len(distinct) > 20 or known < 2 or known < len(distinct) / 2:
        return None
    detail = (
        f"{known} of {len(distinct)} codes tell what a payment is for (insurance, household, "
        "loan): a person's circumstances can be inferred"
    )
    reveals = (DataCategory("user.behavior.purchase_history"),)
    return ValueHit("payment-purpose", DataCategory("user.financial"), 0.8, detail, reveals)


_COMPACT_DATE = re.compile(r"(\d{2})?\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])( \d\d:\d\d:\d\d)?")


def _dates(texts: Sequence[str]) -> ValueHit | None:
    """Recognise birth dates by how far back and how wide they spread; other dates say nothing."""
    years = sorted(year for year in map(_year, texts) if year is not None)
    if len(years) < 10 or len(years) < 0.95 * len(texts):
        return None
    low, middle, high = (years[int(len(years) * share)] for share in (0.05, 0.5, 0.95))
    if high - low < 25 or not 1930 <= middle <= 2005 or low < 1900:
        return None
    detail = f"{len(years)} of {len(texts)} values are dates spread over {high - low} years"
    return ValueHit("birth-dates", DataCategory("user.demographic.date_of_birth"), 0.6, detail)


def _year(text: str) -> int | None:
    if _COMPACT_DATE.fullmatch(text):
        digits = text.partition(" ")[0]
        return int(digits[:4]) if len(digits) == 8 else 1900 + int(digits[:2])
    try:
        return date.fromisoformat(text[:10]).year if len(text) == 10 else _time_year(text)
    except ValueError:
        return None


def _time_year(text: str) -> int | None:
    return datetime.fromisoformat(text).year if len(text) > 10 else None
