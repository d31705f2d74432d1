"""What a marker counts: letters, doubled letters and roman numerals as numbers."""

import re
from string import ascii_lowercase

_ROMAN = re.compile(r"(?=.)(x[lc]|l?x{0,3})(ix|iv|v?i{0,3})")
_WORTH = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def alphabet_values(token: str) -> tuple[int, ...]:
    """Return what lower-case letters may count: a = 1, z = 26, aa = 27, bb = 28 or ab = 28."""
    if len(token) == 1:
        return (ascii_lowercase.index(token) + 1,) if token in ascii_lowercase else ()
    if not token.isascii() or not token.isalpha() or len(token) > 3:
        return ()
    values = set()
    if len(set(token)) == 1:
        values.add(26 * (len(token) - 1) + ascii_lowercase.index(token[0]) + 1)
    if len(token) == 2:
        first, second = (ascii_lowercase.index(letter) + 1 for letter in token)
        values.add(26 * first + second)
    return tuple(sorted(values))


def roman_value(token: str) -> tuple[int, ...]:
    """Return the value of a lower-case roman numeral below one hundred, or nothing."""
    if not _ROMAN.fullmatch(token):
        return ()
    total = 0
    for letter, following in zip(token, f"{token[1:]} ", strict=True):
        worth = _WORTH[letter]
        total += -worth if worth < _WORTH.get(following, 0) else worth
    return (total,)
