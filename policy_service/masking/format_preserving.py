"""Format-preserving encryption: FF1 over digits or letters, separators left in place.

Source: NIST SP 800-38G, FF1 only (FF3 is withdrawn), domains of at least one
million values. Reversible by whoever holds the key; equality stays visible.
"""

import hmac
import string
from functools import lru_cache

from ffx import FF1, FFXError

from policy_service.domain.errors import MaskingError
from policy_service.masking.canonical_text import text_of
from policy_service.masking.partial import SEPARATORS

_MINIMUM_DOMAIN = 1_000_000
_ALPHABETS = (
    string.digits,
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_letters,
)


def format_preserving(value: object, *, key: bytes) -> str | None:
    """Encrypt a value to one of the same length, alphabet and separators; `None` stays.

    Raises `MaskingError` where the alphabet is not ASCII letters and digits, or
    where fewer than a million values have the form: those could be guessed.
    """
    text = text_of(value)
    if text is None:
        return None
    characters = [character for character in text if character not in SEPARATORS]
    plain = "".join(characters)
    alphabet = _alphabet(plain)
    if len(alphabet) ** len(plain) < _MINIMUM_DOMAIN:
        raise MaskingError(
            f"a value of {len(plain)} characters is too short for format_preserving; "
            "a million values must be possible: use pseudonymise"
        )
    try:
        masked = iter(_cipher(key, alphabet).encrypt(plain))
    except FFXError as error:
        raise MaskingError("a value does not fit format_preserving; use pseudonymise") from error
    return "".join(one if one in SEPARATORS else next(masked) for one in text)


def _alphabet(plain: str) -> str:
    used = set(plain)
    for alphabet in _ALPHABETS:
        if used <= set(alphabet):
            return alphabet
    raise MaskingError(
        "format_preserving needs ASCII letters and digits; use pseudonymise for other text"
    )


@lru_cache(maxsize=64)
def _cipher(key: bytes, alphabet: str) -> FF1:
    # A key of its own: one key must not serve two primitives.
    return FF1(hmac.digest(key, b"policy-service ff1", "sha256"), alphabet=alphabet)
