"""What sampled values say: detectors that look at one column's values and nothing else.

Each returns hits with a category, a weight and a sentence of counts. No hit quotes a
value. Check digits are in `kit.checksums` and `national_identifiers`, the reasoning on chance in
`likelihood`, what only the whole column shows in `distribution`, free text in `free_text`.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence

from policy_service.catalog.classification.distribution import (
    birth_dates,
    closed_set,
    coordinates,
    payment_codes,
    people_names,
)
from policy_service.catalog.classification.likelihood import proof
from policy_service.catalog.classification.national_identifiers import find_scheme
from policy_service.catalog.classification.value_hit import ValueHit
from policy_service.domain.identifiers import DataCategory
from policy_service.engines.stdnum import rules_of
from policy_service.kit.checksums import (
    is_card_number,
    is_iban,
    is_ssn_shape,
    is_vehicle_number,
    luhn_valid,
    read_birth_number,
)

_MOST = 300  # different values looked at: more would not change the odds
_NATIONAL_ID = DataCategory("user.government_id.national_identification_number")
_REVEALS = (DataCategory("user.demographic.date_of_birth"), DataCategory("user.demographic.gender"))
# What stands for a missing value in real columns.
_MISSING = frozenset({"", "?", "-", "--", ".", "n/a", "N/A", "NA", "null", "NULL", "none", "None"})


def value_hits(texts: Sequence[str], data_type: str) -> tuple[ValueHit, ...]:
    """Run every detector over the values of one column, written as text."""
    if data_type in {"boolean", "binary"}:
        return ()
    distinct = _thinned(list(dict.fromkeys(text for text in texts if text not in _MISSING)))
    if not distinct:
        return ()
    numeric = data_type in {"integer", "decimal"}
    birth = _birth_numbers(distinct)
    if birth is not None:
        return (birth,)
    scheme = _scheme_hit(distinct, numeric)
    proven = scheme is not None and scheme.weight >= 0.5
    rules = _CHECKED if proven else _FORMS
    found = [hit for hit in (_form_hit(distinct, rule, numeric) for rule in rules) if hit]
    if scheme is not None and (proven or not found):
        found.append(scheme)
    if not found and (listed := closed_set(distinct)):
        found = [listed]
    if not numeric:
        rows = _thinned([text for text in texts if text not in _MISSING])
        whole = people_names(rows), payment_codes(distinct), coordinates(distinct)
        found += [hit for hit in whole if hit]
    if not found and (dates := birth_dates(distinct)):
        found = [dates]
    return tuple(found)


def _thinned(values: list[str]) -> list[str]:
    """Take values in even steps, so that order of insertion does not choose them."""
    step = -(-len(values) // _MOST)
    return values if step < 2 else values[::step]


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(
    r"(\+|00)[1-9][\d ()./-]{7,18}\d|\(?0?\d{2,4}[) /.-]{1,2}\d{3,4}[ .-]\d{3,4}|"
    r"0\d([ .]\d\d){4}|0\d{2,4} \d{5,8}"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(\1[0-9A-Fa-f]{2}){4}")
_HASH = re.compile(r"\$(2[abxy]|argon2\w*|pbkdf2[\w-]*|scrypt|[156y]|apr1)\$.+|\{S?SHA\d*\}.+")
_TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]+|(sk|pk|rk)_(live|test)_\w{10,}|AKIA[0-9A-Z]{16}|"
    r"gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|"
    r"AIza[\w-]{30,}|Bearer [\w.~+/-]{16,}=*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+"
)
_POSTCODE = re.compile(
    r"\d{3} \d{2}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|\d{4} ?[A-Z]{2}|\d{5}-\d{4}|"
    r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d|\d{4}-\d{3}|\d{5}-\d{3}"
)
_URL = re.compile(r"https?://\S+")
_ICD = re.compile(r"[A-TV-Z]\d{2}(\.\d{1,4})?")
_ICD_FULL = re.compile(r"[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{1,4}")
_RECORD = re.compile(r"MRN?[-: ]?\d{5,10}")
_BIC = re.compile(r"[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}([A-Z0-9]{3})?")
_PLATE = re.compile(
    r"[A-Z]{2}\d{2} ?[A-Z]{3}|[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}-\d{3}-[A-Z]{2}|"
    r"\d[A-Z][A-Z\d] \d{4}|\d{4} ?[BCDFGHJ-NPR-TV-Z]{3}"
)
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")


def _is_ip(text: str) -> bool:
    if "." not in text and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return True


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and 8 <= sum(map(str.isdigit, text)) <= 15


def _is_imei(text: str) -> bool:
    return len(text) == 15 and text.isdecimal() and luhn_valid(text)


def _is_vehicle(text: str) -> bool:
    return bool(_VIN.fullmatch(text)) and not text.isdigit() and is_vehicle_number(text)


def _is_bic(text: str) -> bool:
    return _BIC.fullmatch(text) is not None and rules_of("bic")(text)


# detector, category, weight, test, what, share of other values that pass, numbers too
_Form = tuple[str, str, float, Callable[[str], object], str, float, bool]
_FORMS: tuple[_Form, ...] = (
    ("luhn", "user.financial.credit_card", 0.97, is_card_number,
     "card numbers of a known scheme with a Luhn digit", 0.03, True),
    ("iban", "user.financial.bank_account", 0.98, is_iban, "IBANs whose check digits fit",
     0.01, False),
    ("email", "user.contact.email", 0.95, _EMAIL.fullmatch, "e-mail addresses", 0.05, False),
    ("ip", "user.device.ip_address", 0.9, _is_ip, "IP addresses", 0.05, False),
    ("mac", "user.device.device_id", 0.85, _MAC.fullmatch, "hardware addresses", 0.05, False),
    ("imei", "user.device.device_id", 0.85, _is_imei, "device numbers (IMEI) with a Luhn digit",
     0.1, True),
    ("uuid", "user.unique_id.pseudonymous", 0.3, _UUID.fullmatch, "UUIDs", 0.05, False),
    ("password-hash", "user.authorization.password", 0.97, _HASH.fullmatch, "password hashes",
     0.05, False),
    ("token", "user.authorization.credentials", 0.95, _TOKEN.fullmatch,
     "tokens or keys that sign someone in", 0.05, False),
    ("ssn-shape", str(_NATIONAL_ID), 0.8, is_ssn_shape,
     "numbers written like a social security number", 0.2, False),
    ("vin", "user.government_id.vehicle_registration", 0.7, _is_vehicle,
     "vehicle numbers whose check digit fits", 0.091, False),
    ("bic", "user.financial.bank_account", 0.5, _is_bic, "bank identifiers (BIC)", 0.4, False),
    ("phone", "user.contact.phone_number", 0.75, _is_phone, "telephone numbers", 0.1, False),
    ("postcode", "user.contact.address.postal_code", 0.55, _POSTCODE.fullmatch, "postal codes",
     0.1, False),
    ("url", "user.contact.url", 0.2, _URL.fullmatch, "web addresses", 0.05, False),
    ("icd-full", "user.health_and_medical", 0.75, _ICD_FULL.fullmatch,
     "codes written like ICD-10 with a subcategory", 0.2, False),
    ("icd", "user.health_and_medical", 0.5, _ICD.fullmatch, "codes written like ICD-10",
     0.2, False),
    ("record-number", "user.health_and_medical.record_id", 0.5, _RECORD.fullmatch,
     "numbers written like a medical record's", 0.1, False),
    ("plate", "user.government_id.vehicle_registration", 0.3, _PLATE.fullmatch,
     "codes written like a number plate", 0.2, False),
)  # fmt: skip
# Where a number's own rules are proven, a looser form that it also has says nothing.
_CHECKED = tuple(rule for rule in _FORMS if rule[0] in {"luhn", "iban", "imei", "vin"})


def _form_hit(distinct: Sequence[str], rule: _Form, numeric: bool) -> ValueHit | None:
    detector, category, weight, test, what, chance, of_numbers = rule
    if numeric and not of_numbers:
        return None
    total = len(distinct)
    spared = total - -(-total * 9 // 10)
    misses = 0
    for text in distinct:
        if not test(text):
            misses += 1
            if misses > spared:
                return None
    prior = 0.1 if of_numbers else 0.5
    sure = proof(total - misses, total, chance=chance, prior=prior)
    detail = f"{total - misses} of {total} different values are {what}"
    return ValueHit(detector, DataCategory(category), round(weight * sure, 4), detail)


def _scheme_hit(distinct: Sequence[str], numeric: bool) -> ValueHit | None:
    """Report a national identifier, or a number of things that would pass for one."""
    found = find_scheme(distinct, padded=numeric)
    if found is None or found.weight < 0.05:
        return None
    scheme = found.scheme
    detail = f"{found.found} of {found.total} different values are {scheme.what}"
    if scheme.module:
        detail += " whose own rules hold"
    if not scheme.personal:
        category = DataCategory("system.operations")
        return ValueHit(scheme.key, category, min(found.weight, 0.6), detail)
    health = scheme.key == "au-medicare"
    category = DataCategory("user.health_and_medical.insurance_beneficiary_id")
    return ValueHit(
        scheme.key,
        category if health else _NATIONAL_ID,
        found.weight,
        detail,
        reveals=scheme.reveals,
        proves=not scheme.shared and found.weight >= 0.8,
        shared=scheme.shared,
    )


def _birth_numbers(texts: Sequence[str]) -> ValueHit | None:
    """Recognise birth numbers: months of both sexes, or a check digit, tell them from dates."""
    spared = len(texts) - -(-len(texts) * 19 // 20)
    read = []
    for text in texts:
        number = read_birth_number(text)
        if number is not None:
            read.append(number)
        elif (spared := spared - 1) < 0:
            return None
    if len(read) < 3:
        return None
    women = sum(number.female for number in read)
    checked = sum(number.checked for number in read)
    both = 0.05 * len(read) <= women <= 0.95 * len(read)
    if not both and checked < len(read):
        return None
    weight = 0.97 if len(read) >= 20 else 0.85
    proven = "divisible by 11" if checked == len(read) else "50 added to the month"
    detail = (
        f"{len(read)} of {len(texts)} different values read as birth numbers (YYMMDD), "
        f"{women} of them of women ({proven})"
    )
    return ValueHit("birth-number", _NATIONAL_ID, weight, detail, _REVEALS, proves=True)
