"""National identifiers by their own rules: which country's number the values of a column are.

The forms and the odds are here; check digits and dates inside the numbers are verified by
python-stdnum. Numbers of organisations, articles and securities that share the same
arithmetic are known too, so that they are not taken for people. Birth numbers of Czechia
and Slovakia are in `kit.checksums`, for they are also kept without their check digit.

`chance` is the share of other strings of the same form that pass the rules (measured by a
test; a judgement where the form is all there is); `shared` marks arithmetic that other schemes
use on the same digits, so that values alone leave a doubt. See `likelihood`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policy_service.catalog.classification.likelihood import proof
from policy_service.domain.identifiers import DataCategory
from policy_service.engines.stdnum import rules_of
from policy_service.kit.checksums import (
    is_document_number,
    is_german_insurance_number,
    is_medicare_number,
)

_STRONG, _SHARED = 0.97, 0.7


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of number. `digits` is its length where it is digits only, else 0."""

    key: str
    what: str
    module: str  # of stdnum, or a name of `_OWN`; empty where the form is all there is to check
    form: re.Pattern[str]
    chance: float
    shared: bool
    personal: bool
    digits: int
    reveals: tuple[DataCategory, ...]


@dataclass(frozen=True, slots=True)
class SchemeFound:
    """A scheme that the values pass: `found` of `total` different ones, proven with `weight`."""

    scheme: Scheme
    found: int
    total: int
    weight: float


def find_scheme(texts: Sequence[str], *, padded: bool = False) -> SchemeFound | None:
    """Find the scheme that most of the different `texts` pass, the best proven first.

    `padded` restores leading zeros, which a column of numbers has lost.
    """
    found = [one for one in (_pass(scheme, texts, padded) for scheme in SCHEMES) if one]
    # An ISBN that ends in X tells a column of books from one of the numbers that share its rule.
    return max(found, key=lambda one: (one.weight >= 0.5, one.found, one.weight), default=None)


def _pass(scheme: Scheme, texts: Sequence[str], padded: bool) -> SchemeFound | None:
    total = len(texts)
    spared = total - -(-total * 9 // 10)
    if padded and not scheme.digits:
        return None
    valid = validator(scheme.module)
    match = scheme.form.fullmatch
    misses = 0
    for text in texts:
        number = text.zfill(scheme.digits) if padded and len(text) >= scheme.digits - 2 else text
        if not match(number) or not valid(number):
            misses += 1
            if misses > spared:
                return None
    prior = 0.02 if scheme.shared else 0.1
    sure = proof(total - misses, total, chance=scheme.chance, prior=prior)
    cap = _SHARED if scheme.shared else _STRONG
    return SchemeFound(scheme, total - misses, total, round(cap * sure, 4))


def validator(module: str) -> Callable[[str], bool]:
    """Return the rules of a scheme's `module`, loaded when a column first has the form."""
    if not module or module in _OWN:
        return _OWN.get(module, bool)
    return rules_of(module)


_OWN: Mapping[str, Callable[[str], bool]] = {
    "insurance number": is_german_insurance_number,
    "document number": is_document_number,
    "medicare": is_medicare_number,
}


# key, what, module, form, chance, shared
_Row = tuple[str, str, str, str, float, bool]
_PEOPLE: tuple[_Row, ...] = (
    ("at-vnr", "Austrian insurance numbers", "at.vnr", r"[1-9]\d{3} ?\d{6}", 0.09, True),
    ("au-tfn", "Australian tax file numbers", "au.tfn", r"\d{3}( ?)\d{3}\1\d{3}", 0.09, True),
    ("au-medicare", "Australian Medicare numbers", "medicare", r"[2-6]\d{3} ?\d{5} ?\d\d?",
     0.1, True),
    ("be-nn", "Belgian national numbers", "be.nn",
     r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}", 0.002, False),
    ("bg-egn", "Bulgarian personal numbers", "bg.egn", r"\d{10}", 0.02, False),
    ("br-cpf", "Brazilian CPF numbers", "br.cpf", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", 0.01, False),
    ("ca-sin", "Canadian insurance numbers", "ca.sin", r"\d{3}([ -]?)\d{3}\1\d{3}", 0.08, True),
    ("ch-ahv", "Swiss AHV numbers", "ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", 0.1, False),
    ("cl-rut", "Chilean RUT numbers", "cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]", 0.091, True),
    ("cn-ric", "Chinese identity numbers", "cn.ric", r"[1-9]\d{16}[\dX]", 0.001, False),
    ("de-idnr", "German tax identifiers", "de.idnr",
     r"[1-9]\d( ?)\d{3}\1\d{3}\1\d{3}", 0.01, False),
    ("de-document", "German identity card numbers", "document number",
     r"[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d", 0.1, False),
    ("de-insurance", "German insurance numbers", "insurance number",
     r"\d{2} ?[0-9]{6} ?[A-Z] ?\d{3}", 0.03, False),
    ("dk-cpr", "Danish CPR numbers", "dk.cpr", r"[0-3]\d[01]\d{3}-?\d{4}", 0.45, True),
    ("ee-ik", "Estonian or Lithuanian personal codes", "ee.ik", r"[1-8]\d{10}", 0.004, False),
    ("es-dni", "Spanish DNI numbers", "es.dni", r"\d{8}[ -]?[A-Za-z]", 0.04, False),
    ("es-nie", "Spanish NIE numbers", "es.nie", r"[XYZxyz][ -]?\d{7}[ -]?[A-Za-z]", 0.04, False),
    ("fi-hetu", "Finnish personal codes", "fi.hetu", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", 0.002, False),
    ("fr-nir", "French NIR numbers", "fr.nir",
     r"[1-478] ?\d{2} ?\d{2} ?[0-9][0-9AB] ?\d{3} ?\d{3} ?\d{2}", 0.012, False),
    ("gb-nhs", "British NHS numbers", "gb.nhs", r"\d{3}([ -]?)\d{3}\1\d{4}", 0.09, True),
    ("gb-nino", "British National Insurance numbers", "",
     r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]( ?)\d{2}\1\d{2}\1\d{2}\1[A-D]",
     0.1, False),
    ("gr-amka", "Greek AMKA numbers", "gr.amka", r"[0-3]\d[01]\d{8}", 0.055, False),
    ("hr-oib", "Croatian OIB numbers", "hr.oib", r"\d{11}", 0.1, True),
    ("ie-pps", "Irish PPS numbers", "ie.pps", r"\d{7}[A-W][ABHTWX]?", 0.05, False),
    ("in-aadhaar", "Indian Aadhaar numbers", "in_.aadhaar",
     r"[2-9]\d{3}([ -]?)\d{4}\1\d{4}", 0.1, True),
    ("in-pan", "Indian PAN numbers", "in_.pan", r"[A-Z]{3}P[A-Z]\d{4}[A-Z]", 0.3, False),
    ("is-kt", "Icelandic kennitala", "is_.kennitala", r"[0-3]\d[01]\d{3}-?\d{4}", 0.03, False),
    ("it-cf", "Italian fiscal codes", "it.codicefiscale",
     r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]",
     0.03, False),
    ("jp-in", "Japanese individual numbers", "jp.in_", r"\d{4}([ -]?)\d{4}\1\d{4}", 0.1, True),
    ("kr-rrn", "Korean resident numbers", "kr.rrn", r"\d{6}-?[0-9]\d{6}", 0.004, False),
    ("mx-curp", "Mexican CURP numbers", "mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d",
     0.02, False),
    ("nl-bsn", "Dutch citizen service numbers", "nl.bsn", r"\d{9}", 0.1, True),
    ("no-fnr", "Norwegian birth numbers", "no.fodselsnummer", r"\d{6} ?\d{5}", 0.0015, False),
    ("pl-pesel", "Polish PESEL numbers", "pl.pesel", r"\d{11}", 0.02, False),
    ("pt-nif", "Portuguese NIF numbers", "pt.nif", r"[1-3]\d{8}", 0.1, True),
    ("ro-cnp", "Romanian personal codes", "ro.cnp", r"[1-9]\d{12}", 0.003, False),
    ("se-pnr", "Swedish personal numbers", "se.personnummer",
     r"(\d{2})?\d{2}[01]\d[0-3]\d[-+]?\d{4}", 0.06, False),
    ("si-emso", "EMŠO numbers", "si.emso", r"[0-3]\d[01]\d{10}", 0.05, False),
    ("tr-tckn", "Turkish identity numbers", "tr.tckimlik", r"[1-9]\d{10}", 0.011, False),
    ("us-itin", "US taxpayer numbers (ITIN)", "us.itin", r"9\d{2}-\d{2}-\d{4}", 0.4, True),
    ("za-id", "South African identity numbers", "za.idnr", r"\d{2}[01]\d[0-3]\d{8}", 0.05, False),
)  # fmt: skip
# What shares the arithmetic and is of no person: organisations, articles, books, securities.
_THINGS: tuple[_Row, ...] = (
    ("au-abn", "Australian business numbers", "au.abn", r"\d{2}( ?)\d{3}\1\d{3}\1\d{3}",
     0.012, False),
    ("ean", "article numbers (EAN)", "ean", r"\d{13}|\d{12}|\d{8}", 0.1, False),
    ("eu-vat", "VAT numbers", "eu.vat", r"[A-Z]{2}[0-9A-Z+*]{8,12}", 0.05, False),
    ("fr-siren", "French SIREN numbers", "fr.siren", r"\d{3}( ?)\d{3}\1\d{3}", 0.1, True),
    ("fr-siret", "French SIRET numbers", "fr.siret", r"\d{14}", 0.1, False),
    ("isbn", "book numbers (ISBN)", "isbn", r"97[89]-?[\d-]{9,13}\d|[\d-]{9,12}[\dX]", 0.1, True),
    ("isin", "securities numbers (ISIN)", "isin", r"[A-Z]{2}[A-Z0-9]{9}\d", 0.1, False),
    ("lei", "legal entity identifiers", "lei", r"[A-Z0-9]{18}\d{2}", 0.02, False),
    ("us-ein", "US employer numbers (EIN)", "us.ein", r"\d{2}-\d{7}", 0.8, True),
)  # fmt: skip


def _scheme(row: _Row, personal: bool) -> Scheme:
    key, what, module, form, chance, shared = row
    digits = re.fullmatch(r"\\d\{(\d+)\}", form)
    return Scheme(
        key, what, module, re.compile(form), chance, shared, personal,
        int(digits[1]) if digits else _DIGITS.get(key, 0),
        _BORN_AND_SEX if key in _TELL_BOTH else _BORN_AND_SEX[:1] if key in _TELL_BIRTH else (),
    )  # fmt: skip


_BORN_AND_SEX = (
    DataCategory("user.demographic.date_of_birth"),
    DataCategory("user.demographic.gender"),
)
# Which numbers give away a date of birth, and which the sex as well.
_TELL_BIRTH = frozenset({"at-vnr", "de-insurance", "is-kt"})
_TELL_BOTH = frozenset(
    {
        "be-nn", "bg-egn", "cn-ric", "dk-cpr", "ee-ik", "fi-hetu", "fr-nir", "gr-amka", "it-cf",
        "kr-rrn", "mx-curp", "no-fnr", "pl-pesel", "ro-cnp", "se-pnr", "si-emso", "za-id",
    }
)  # fmt: skip
# Lengths of numbers that are all digits but are also written with separators.
_DIGITS = {
    "at-vnr": 10, "be-nn": 11, "br-cpf": 11, "au-tfn": 9, "ca-sin": 9, "ch-ahv": 13, "de-idnr": 11,
    "dk-cpr": 10, "ee-ik": 11, "fr-nir": 15, "gb-nhs": 10, "gr-amka": 11, "in-aadhaar": 12,
    "is-kt": 10, "jp-in": 12, "kr-rrn": 13, "no-fnr": 11, "pt-nif": 9, "ro-cnp": 13,
    "se-pnr": 10, "si-emso": 13, "tr-tckn": 11, "za-id": 13, "au-abn": 11, "ean": 13,
    "fr-siren": 9, "fr-siret": 14,
}  # fmt: skip
SCHEMES = tuple(_scheme(row, True) for row in _PEOPLE) + tuple(
    _scheme(row, False) for row in _THINGS
)
