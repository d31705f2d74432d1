"""Sampled values to a column's profile: counts, lengths, entropy and the commonest shape.

Entropy is that of the sample (C. Shannon, 1948), which in a small sample is too low; how many
different values the whole column has is estimated from below (`reidentification`). A shape
keeps what kind of sign stands where and drops the sign itself, so that a profile can be stored
and shown: `706213` becomes `999999`, `Jana` becomes `Aaaa`, an e-mail address `a@a.a`.
"""

import re
from collections import Counter
from collections.abc import Iterable
from math import fsum, log2

from policy_service.catalog.observation import ObservedColumn, value_text
from policy_service.catalog.privacy.reidentification import ClassSizes, estimate_distinct
from policy_service.domain.asset import ColumnProfile

_MAX_SHAPE = 24
_MAX_DIGITS = 20
_RUNS = re.compile(r"(?P<word>[A-Z][a-z]+)|(?P<upper>[A-Z]+)|(?P<lower>[a-z]+)|(?P<digit>[0-9]+)")
_ROUND = 6


def profile_column(column: ObservedColumn, *, row_count: int | None = None) -> ColumnProfile:
    """Count what the sampled rows say of one column.

    `row_count` is the number of rows of the whole table; None takes the sample for all of it.
    """
    texts = [value_text(value) for value in column.present()]
    sampled = len(column.values)
    if not texts:
        nulls = 1.0 if sampled else 0.0
        return ColumnProfile(sampled_rows=sampled, null_fraction=nulls, distinct_fraction=0.0)
    counts = Counter(texts)
    lengths = [(len(text), count) for text, count in counts.items()]
    shapes: Counter[str] = Counter()
    for text, count in counts.items():
        shapes[shape_of(text)] += count
    shape, common = min(shapes.items(), key=lambda item: (-item[1], item[0]))
    entropy = _entropy_bits(counts.values(), len(texts))
    filled = round(max(row_count or 0, sampled) * len(texts) / sampled)
    return ColumnProfile(
        sampled_rows=sampled,
        null_fraction=round((sampled - len(texts)) / sampled, _ROUND),
        distinct_fraction=round(len(counts) / len(texts), _ROUND),
        min_length=min(length for length, _ in lengths),
        max_length=max(length for length, _ in lengths),
        shape=shape,
        shape_fraction=round(common / len(texts), _ROUND),
        shapes=len(shapes),
        mean_length=round(sum(length * count for length, count in lengths) / len(texts), _ROUND),
        entropy_bits=round(entropy, _ROUND),
        evenness=round(entropy / log2(len(counts)), _ROUND) if len(counts) > 1 else 0.0,
        estimated_distinct=estimate_distinct(
            ClassSizes.of(counts.values()), population_rows=filled
        ),
    )


def shape_of(text: str) -> str:
    """Write what kind of sign stands where; cut at 24 signs.

    Runs of letters collapse, runs of digits keep their length. Punctuation stays once,
    every other sign becomes a question mark: no shape spells a value.
    """
    plain = "".join(sign if sign.isascii() else _foreign(sign) for sign in text[:80])
    marked = _RUNS.sub(_class_of, plain)
    return re.sub(r"([^A-Za-z0-9])\1+", r"\1", marked)[:_MAX_SHAPE]


def _entropy_bits(counts: Iterable[int], total: int) -> float:
    return fsum(count / total * log2(total / count) for count in counts)


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
