"""Numbers that name a person or an account: cards, national identifiers, licences, accounts.

A number with a check is proven by it (Luhn, mod 11, mod 97 and the like); one without is
taken only where a word beside it says what it is. Sources: ISO/IEC 7812-1 (cards), the
Czech Act 133/2000 (birth numbers), the issuers' own rules for the others.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policy_service.engines.stdnum import rules_of
from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, cue
from policy_service.kit.checksums import is_iban, luhn_valid, read_birth_number

_BESIDE = 40  # characters in which a cue counts
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ \u00a0.-]?\d){11,18}(?![\w-])")
_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Z0-9])",
    re.IGNORECASE,
)
_BRANDS = re.compile(
    r"4|5[0-8]|2[2-7]|3[0457689]|6|1800|2131|9[27]"
)  # Visa, Mastercard, Maestro, Amex, Diners, JCB, Discover, UnionPay and regional schemes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    entity: str
    pattern: re.Pattern[str]
    cue: re.Pattern[str] | None  # must stand near, unless None
    check: Callable[[str], bool] | None
    score: float


class Identifiers:
    """Finds identifiers in a text, by the words of some languages."""

    def __init__(self, words: Words) -> None:
        self._forms = tuple(_forms(words))
        self._card_cue = _cue(words.card_cues)

    def find(self, text: str) -> Iterator[Found]:
        """Yield what is found, overlaps included."""
        if not any(character.isdigit() for character in text):
            return
        yield from _cards(text, self._card_cue)
        yield from _ibans(text)
        for form in self._forms:
            for match in form.pattern.finditer(text):
                if form.check is not None and not form.check(match[0]):
                    continue
                if form.cue is None or _near(text, match.start(), match.end(), form.cue):
                    yield _found(match, form.entity, form.score)


def _cards(text: str, said: re.Pattern[str]) -> Iterator[Found]:
    for match in _CARD.finditer(text):
        digits = _digits(match[0])
        if _BRANDS.match(digits) and luhn_valid(digits) and len(set(digits)) > 1:
            yield _found(match, "CREDIT_CARD", 1.0)
        elif _near(text, match.start(), match.end(), said):
            yield _found(match, "ACCOUNT_NUMBER", 0.4)  # mistyped, and still somebody's number


def _ibans(text: str) -> Iterator[Found]:
    """Find accounts; a group too many is read past the end, so shorter readings are tried."""
    for match in _IBAN.finditer(text):
        value = match[0]
        while value and not is_iban(value.replace("-", "")):
            value = value[: max(value.rfind(" "), 0)]
        if value:
            yield Found(
                start=match.start(), end=match.start() + len(value), entity="IBAN_CODE", score=1.0
            )


def _forms(words: Words) -> Iterator[_Form]:
    """Yield every form; those with a check stand alone, the others ask for a cue."""
    national, account = _cue(words.national_id_cues), _cue(words.account_cues)
    for pattern, module in _CHECKED:
        yield _form("NATIONAL_ID", pattern, check=rules_of(module), score=0.85)
    yield _form("CZ_BIRTH_NUMBER", r"(?<!\d)\d{6}/\d{3,4}(?!\d)", check=_is_birth_number, score=0.9)
    birth = _cue((*words.national_id_cues, *words.birth))
    ten = r"(?<!\d)\d{10}(?!\d)"
    yield _form("CZ_BIRTH_NUMBER", ten, near=birth, check=_is_birth_number, score=0.9)
    yield _form(
        "US_SSN",
        r"(?<![\d-])(?!000|666|9\d\d)\d{3}[- ](?!00)\d\d[- ](?!0000)\d{4}(?![\d-])",
        score=0.6,
    )
    yield _form(
        "US_SSN", r"(?<![\d-])\d{3}[- ]?\d\d[- ]?\d{4}(?![\d-])", near=_cue(_SOCIAL), score=0.95
    )
    yield _form(
        "NATIONAL_ID", r"(?<!\w)[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)", score=0.6
    )  # United Kingdom: national insurance
    code = r"(?<![\w-])(?=[\w -]{0,20}\d)[A-Z]{0,3}[ -]?\d(?:[ -]?[A-Z0-9]){4,17}(?![\w-])"
    yield _form("NATIONAL_ID", code, near=national, score=0.7)
    yield _form("DRIVER_LICENSE", code, near=_cue(words.licence_cues), score=0.8)
    yield _form(
        "PASSPORT",
        r"(?<!\w)[A-Z]{0,2}\d{6,9}(?!\w)",
        near=_cue(words.passport_cues),
        score=0.8,
    )
    yield _form("ACCOUNT_NUMBER", r"(?<![\w/])(?:\d{2,6}-)?\d{6,10}/\d{4}(?![\d/])", score=0.6)
    yield _form("ACCOUNT_NUMBER", r"(?<![\w.-])\d{6,17}(?![\w-])", near=account, score=0.5)
    yield _form("ACCOUNT_NUMBER", r"(?<![\d-])\d\d-\d\d-\d\d(?![\d-])", near=account, score=0.5)


_SOCIAL: Final = ("ssn", "social security", "social security number", "soc sec")
# Form, and the rules of python-stdnum that prove it: France, Spain, Italy, Sweden.
_CHECKED: Final[tuple[tuple[str, str], ...]] = (
    (r"(?<!\w)[12]\d(?:0[1-9]|1[0-2])(?:\d\d|2[AB])\d{3}\d{3}\d\d(?!\w)", "fr.nir"),
    (r"(?<!\w)[12] \d\d (?:0[1-9]|1[0-2]) (?:\d\d|2[AB]) \d{3} \d{3} \d\d(?!\w)", "fr.nir"),
    (r"(?<!\w)\d{8}-?[A-HJ-NP-TV-Z](?!\w)", "es.dni"),
    (r"(?<!\w)[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z](?!\w)", "es.nie"),
    (r"(?<!\w)[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?!\w)", "it.codicefiscale"),
    (r"(?<![\w-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])", "se.personnummer"),
)


def _form(
    entity: str,
    pattern: str,
    *,
    score: float,
    near: re.Pattern[str] | None = None,
    check: Callable[[str], bool] | None = None,
) -> _Form:
    return _Form(entity=entity, pattern=re.compile(pattern), cue=near, check=check, score=score)


def _cue(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(cue(words), re.IGNORECASE)


def _near(text: str, start: int, end: int, wanted: re.Pattern[str]) -> bool:
    before = text[max(0, start - _BESIDE) : start]
    return bool(wanted.search(before) or wanted.search(text[end : end + _BESIDE // 2]))


def _found(match: re.Match[str], entity: str, score: float) -> Found:
    return Found(start=match.start(), end=match.end(), entity=entity, score=score)


def _is_birth_number(text: str) -> bool:
    return read_birth_number(text) is not None


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
