"""Numbers that name a person or an account: cards, national identifiers, licences, accounts.

A number with a check is proven by it (Luhn, mod 11, mod 97 and the like); one without is
taken only where a word beside it says what it is. Sources: ISO/IEC 7812-1 (cards), the
Czech Act 133/2000 (birth numbers), the issuers' own rules for the others.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policy_service.engines.text.spans import Found
from policy_service.engines.text.words import Words, cue

_BESIDE = 40  # characters in which a cue counts
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ \u00a0.-]?\d){11,18}(?![\w-])")
_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Z0-9])",
    re.IGNORECASE,
)
_BRANDS = re.compile(
    r"4|5[0-8]|2[2-7]|3[0457689]|6|1800|2131|9[27]"
)  # Visa, Mastercard, Maestro, Amex, Diners, JCB, Discover, UnionPay and regional schemes


def luhn(digits: str) -> bool:
    """Tell whether the digits end in the right check digit; ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Tell whether it is an IBAN, spaces and case aside: ISO 13616, mod 97."""
    plain = re.sub(r"[\s-]", "", text).upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


def is_birth_number(text: str) -> bool:
    """Tell whether it reads as a Czech or Slovak birth number; nine digits have no check."""
    digits = _digits(text)
    month, day = int(digits[2:4]), int(digits[4:6])
    month = next((month - by for by in (70, 50, 20, 0) if 1 <= month - by <= 12), 0)
    if not month or not 1 <= day <= 31:
        return False
    if len(digits) == 9:
        return True
    head, check = int(digits[:9]) % 11, int(digits[9])
    return head == check or (head == 10 and check == 0)


def is_french_number(text: str) -> bool:
    """Tell whether it is a French social security number: 13 digits and a key, mod 97."""
    plain = re.sub(r"\W", "", text).upper()
    head = plain[:13].replace("2A", "19").replace("2B", "18")
    return head.isdigit() and int(plain[13:15]) == 97 - int(head) % 97


def is_spanish_number(text: str) -> bool:
    """Tell whether it is a Spanish DNI or NIE: a number and its letter, mod 23."""
    plain = re.sub(r"\W", "", text).upper()
    number = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[-1]


def is_italian_code(text: str) -> bool:
    """Tell whether it is an Italian codice fiscale, by its last letter."""
    odd = (
        1,
        0,
        5,
        7,
        9,
        13,
        15,
        17,
        19,
        21,
        2,
        4,
        18,
        20,
        11,
        3,
        6,
        8,
        12,
        14,
        16,
        10,
        22,
        25,
        24,
        23,
    )
    code = text.upper()
    values = [int(one) if one.isdigit() else ord(one) - 65 for one in code]
    total = sum(odd[value] if place % 2 == 0 else value for place, value in enumerate(values[:15]))
    return total % 26 == values[15]


def is_swedish_number(text: str) -> bool:
    """Tell whether it is a Swedish personal number: a date and Luhn over ten digits."""
    digits = _digits(text)[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and luhn(digits)


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
        if _BRANDS.match(digits) and luhn(digits) and len(set(digits)) > 1:
            yield _found(match, "CREDIT_CARD", 1.0)
        elif _near(text, match.start(), match.end(), said):
            yield _found(match, "ACCOUNT_NUMBER", 0.4)  # mistyped, and still somebody's number


def _ibans(text: str) -> Iterator[Found]:
    """Find accounts; a group too many is read past the end, so shorter readings are tried."""
    for match in _IBAN.finditer(text):
        value = match[0]
        while value and not is_iban(value):
            value = value[: max(value.rfind(" "), 0)]
        if value:
            yield Found(
                start=match.start(), end=match.start() + len(value), entity="IBAN_CODE", score=1.0
            )


def _forms(words: Words) -> Iterator[_Form]:
    """Yield every form; those with a check stand alone, the others ask for a cue."""
    national, account = _cue(words.national_id_cues), _cue(words.account_cues)
    for pattern, check in _CHECKED:
        yield _form("NATIONAL_ID", pattern, check=check, score=0.85)
    yield _form("CZ_BIRTH_NUMBER", r"(?<!\d)\d{6}/\d{3,4}(?!\d)", check=is_birth_number, score=0.9)
    birth = _cue((*words.national_id_cues, *words.birth))
    ten = r"(?<!\d)\d{10}(?!\d)"
    yield _form("CZ_BIRTH_NUMBER", ten, near=birth, check=is_birth_number, score=0.9)
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
_CHECKED: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    (r"(?<!\w)[12]\d(?:0[1-9]|1[0-2])(?:\d\d|2[AB])\d{3}\d{3}\d\d(?!\w)", is_french_number),
    (
        r"(?<!\w)[12] \d\d (?:0[1-9]|1[0-2]) (?:\d\d|2[AB]) \d{3} \d{3} \d\d(?!\w)",
        is_french_number,
    ),
    (r"(?<!\w)[XYZ]?\d{7,8}-?[A-HJ-NP-TV-Z](?!\w)", is_spanish_number),
    (r"(?<!\w)[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?!\w)", is_italian_code),
    (r"(?<![\w-])(?:19|20)?\d{6}[-+]\d{4}(?![\w-])", is_swedish_number),
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


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
