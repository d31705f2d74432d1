"""Sampled values to a column's profile: counts, lengths and the commonest shape.

A shape keeps what kind of sign stands where and drops the sign itself, so that a
profile can be stored and shown: `706213` becomes `999999`, `Jana` becomes `Aaaa`,
an e-mail address `a@a.a`.
"""

import re
from collections import Counter

from policy_service.catalog.observation import ObservedColumn, value_text
from policy_service.domain.asset import ColumnProfile

_MAX_SHAPE = 24
_MAX_DIGITS = 20
_RUNS = re.compile(r"(?P<word>[A-Z][a-z]+)|(?P<upper>[A-Z]+)|(?P<lower>[a-z]+)|(?P<digit>[0-9]+)")
_ROUND = 6


def profile_column(column: ObservedColumn) -> ColumnProfile:
    """Count what the sampled rows say of one column."""
    texts = [value_text(value) for value in column.present()]
    sampled = len(column.values)
    if not texts:
        nulls = 1.0 if sampled else 0.0
        return ColumnProfile(sampled_rows=sampled, null_fraction=nulls, distinct_fraction=0.0)
    shapes = Counter(shape_of(text) for text in texts)
    shape, count = min(shapes.items(), key=lambda item: (-item[1], item[0]))
    return ColumnProfile(
        sampled_rows=sampled,
        null_fraction=round((sampled - len(texts)) / sampled, _ROUND),
        distinct_fraction=round(len(set(texts)) / len(texts), _ROUND),
        min_length=min(map(len, texts)),
        max_length=max(map(len, texts)),
        shape=shape,
        shape_fraction=round(count / len(texts), _ROUND),
    )


def shape_of(text: str) -> str:
    """Write what kind of sign stands where; cut at 24 signs.

    Runs of letters collapse, runs of digits keep their length. Punctuation stays once,
    every other sign becomes a question mark: no shape spells a value.
    """
    plain = "".join(sign if sign.isascii() else _foreign(sign) for sign in text[:80])
    marked = _RUNS.sub(_class_of, plain)
    return re.sub(r"([^A-Za-z0-9])\1+", r"\1", marked)[:_MAX_SHAPE]


def _class_of(match: re.Match[str]) -> str:
    if match["word"]:
        return "Aaaa"
    if match["upper"]:
        return "A" if len(match["upper"]) == 1 else "AA"
    return "a" if match["lower"] else "9" * min(len(match["digit"]), _MAX_DIGITS)


def _foreign(sign: str) -> str:
    if sign.isalpha():
        return "X" if sign.isupper() else "x"
    return "0" if sign.isdigit() else "?"
