"""Synthetic values: a made-up value of the same kind, the same for the same value and key.

Names from short lists of our own, e-mail addresses under the domains of RFC 2606, phone
numbers that Ofcom keeps for drama, card numbers that pass Luhn (ISO/IEC 7812-1) under
the prefix 9999, which no issuer can be given: 9 is for national use and 999 no country.
Never equal to the original. Not a pseudonym: lists are short, so two people may share one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from policy_service.kit.checksums import luhn_digit
from policy_service.masking.canonical_text import text_of
from policy_service.masking.operators.keyed import derived_key, digest
from policy_service.masking.operators.synthetic_words import (
    CITIES,
    FAMILY_NAMES,
    GIVEN_NAMES,
    STREETS,
)

_DOMAINS = ("example.com", "example.net", "example.org")
_UNISSUED = "9999"
_CARD_LENGTHS = range(12, 20)
_USUAL_CARD = 16
_DIGIT = re.compile(r"[0-9]")


class _Choices:
    """Keyed choices for one value, one after the other, out of the 256 bits of one digest."""

    def __init__(self, message: str, key: str) -> None:
        self._left = int.from_bytes(digest(message, key=key), "big")

    def below(self, end: int) -> int:
        """Return a number from 0 to `end` - 1.

        INVARIANT: what one value asks for stays far below 2**256 in all, so that every
        choice is as good as even.
        """
        self._left, chosen = divmod(self._left, end)
        return chosen

    def of(self, words: Sequence[str]) -> str:
        """Return one of the words."""
        return words[self.below(len(words))]


def synthetic_key(key: bytes) -> str:
    """Derive the key of made-up values."""
    return derived_key(key, "synthetic")


def synthetic(value: object, *, kind: str, key: str) -> str | None:
    """Make up a value of `kind`, one of `SYNTHETIC_KINDS`; `None` stays `None`.

    Requires a key of `synthetic_key`. Phone and card numbers keep the layout where it fits.
    """
    text = text_of(value)
    if text is None:
        return None
    shown = text.strip().casefold()
    for made in _made(text, kind, key):
        if made.casefold() != shown:
            return made
    raise AssertionError("candidates never end")  # pragma: no cover


def _made(text: str, kind: str, key: str) -> Iterator[str]:
    for attempt in count():
        yield _KINDS[kind](_Choices(f"{attempt}:{kind}:{text}", key), text)


def _name(choices: _Choices, _: str) -> str:
    return f"{choices.of(GIVEN_NAMES)} {choices.of(FAMILY_NAMES)}"


def _email(choices: _Choices, _: str) -> str:
    given, family = choices.of(GIVEN_NAMES).lower(), choices.of(FAMILY_NAMES).lower()
    return f"{given}.{family}{choices.below(10_000)}@{choices.of(_DOMAINS)}"


def _phone(choices: _Choices, _: str) -> str:
    return f"+44 7700 900{choices.below(1000):03d}"


def _address(choices: _Choices, _: str) -> str:
    return f"{choices.of(STREETS)} Street {1 + choices.below(199)}, {choices.of(CITIES)}"


def _card(choices: _Choices, text: str) -> str:
    found = len(_DIGIT.findall(text))
    fits = found in _CARD_LENGTHS
    length = found if fits else _USUAL_CARD
    middle = length - len(_UNISSUED) - 1
    body = f"{_UNISSUED}{choices.below(10**middle):0{middle}d}"
    digits = iter(body + luhn_digit(body))
    if not fits or any(one.isalpha() for one in text):
        return "".join(digits)
    return _DIGIT.sub(lambda _: next(digits), text)


_KINDS: Mapping[str, Callable[[_Choices, str], str]] = {
    "address": _address,
    "card": _card,
    "city": lambda choices, _: choices.of(CITIES),
    "email": _email,
    "first_name": lambda choices, _: choices.of(GIVEN_NAMES),
    "last_name": lambda choices, _: choices.of(FAMILY_NAMES),
    "name": _name,
    "phone": _phone,
}
