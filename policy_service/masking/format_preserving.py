"""Format-preserving encryption: FF1 over digits or letters, separators left in place.

A value keeps its length, its separators and which of digits, lower-case and upper-case
letters it holds; equality stays visible. Where FF1 leaves the value's own kind (digits
and lower case only, say) it is applied again until it comes back (cycle walking), so
that different values stay different and each can be turned back without knowing more
than the key. Source: NIST SP 800-38G, FF1 only (FF3 is withdrawn), at least a
million values of a length; cycle walking: Black and Rogaway, Ciphers with Arbitrary
Finite Domains, 2002.
"""

import hmac
import string
from collections.abc import Callable, Sequence
from functools import lru_cache

from policy_service.domain.errors import MaskingError
from policy_service.engines.ff1 import FF1
from policy_service.masking.canonical_text import text_of
from policy_service.masking.partial import SEPARATORS

_DROP_SEPARATORS = dict.fromkeys(map(ord, SEPARATORS))
_LOWER = string.digits + string.ascii_lowercase
_UPPER = string.digits + string.ascii_uppercase
_MIXED = string.digits + string.ascii_letters

_Turn = Callable[[FF1, list[str]], list[str]]


def format_preserving(value: object, *, key: bytes) -> str | None:
    """Encrypt a value to one of the same length, kind and separators; `None` stays.

    Raises `MaskingError` where it holds more than ASCII letters and digits, or where
    fewer than a million values have the form: those could be guessed.
    """
    return format_preserving_many((value,), key=key)[0]


def format_preserving_many(values: Sequence[object], *, key: bytes) -> list[str | None]:
    """Encrypt every value as `format_preserving` does, equal ones once."""
    return _each_once([text_of(value) for value in values], key, FF1.encrypt)


def reveal_format_preserving(masked: Sequence[str | None], *, key: bytes) -> list[str | None]:
    """Turn what `format_preserving` made back to the values' texts.

    A text that was never made by it gives some other text of its form: FF1 has no
    check. Who may ask is decided, and written down, before this is called.
    """
    return _each_once(masked, key, FF1.decrypt)


def rekey_format_preserving(
    masked: Sequence[str | None], *, old: bytes, new: bytes
) -> list[str | None]:
    """Carry masked values over a rotation: from the key `old` to `new`, without the clear ones."""
    return format_preserving_many(reveal_format_preserving(masked, key=old), key=new)


def _each_once(texts: Sequence[str | None], key: bytes, turn: _Turn) -> list[str | None]:
    distinct = [text for text in dict.fromkeys(texts) if text is not None]
    turned = dict(zip(distinct, _turned(distinct, key, turn), strict=True))
    return [None if text is None else turned[text] for text in texts]


def _turned(texts: list[str], key: bytes, turn: _Turn) -> list[str]:
    if (whole := "".join(texts)).isascii() and whole.isdigit():  # most columns: digits alone
        return turn(_cipher(key, string.digits), texts)
    plain = [text.translate(_DROP_SEPARATORS) for text in texts]
    kinds: dict[str, list[int]] = {}
    for place, one in enumerate(plain):
        kinds.setdefault(_alphabet(one), []).append(place)
    masked = [""] * len(texts)
    for alphabet, places in kinds.items():
        walked = _walked([plain[place] for place in places], alphabet, key, turn)
        for place, one in zip(places, walked, strict=True):
            masked[place] = one if len(one) == len(texts[place]) else _laid_out(one, texts[place])
    return masked


def _walked(plain: list[str], alphabet: str, key: bytes, turn: _Turn) -> list[str]:
    cipher = _cipher(key, alphabet)
    walked = turn(cipher, plain)
    while outside := [place for place, one in enumerate(walked) if _alphabet(one) != alphabet]:
        again = turn(cipher, [walked[place] for place in outside])
        for place, one in zip(outside, again, strict=True):
            walked[place] = one
    return walked


def _laid_out(characters: str, text: str) -> str:
    rest = iter(characters)
    return "".join([one if one in SEPARATORS else next(rest) for one in text])


def _alphabet(plain: str) -> str:
    """Return the smallest alphabet that holds a text, which also names its kind."""
    if plain and not (plain.isascii() and plain.isalnum()):
        raise MaskingError(
            "format_preserving needs ASCII letters and digits; use pseudonymise for other text"
        )
    if not plain or plain.isdigit():
        return string.digits
    if plain.islower():
        return _LOWER
    return _UPPER if plain.isupper() else _MIXED


@lru_cache(maxsize=64)
def _cipher(key: bytes, alphabet: str) -> FF1:
    # A key of its own: one key must not serve two primitives.
    return FF1(key=hmac.digest(key, b"policy-service ff1", "sha256"), alphabet=alphabet)
