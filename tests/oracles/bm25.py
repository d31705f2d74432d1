"""BM25 by its formula, a document at a time. Source: Robertson and Zaragoza (2009); Lucene."""

import math
from collections.abc import Sequence


def scores(
    documents: Sequence[Sequence[str]], question: Sequence[str], *, k1: float, b: float
) -> list[float]:
    """Score every document for the question's tokens, repeated ones as often as they occur."""
    average = sum(len(document) for document in documents) / len(documents)
    found = []
    for document in documents:
        total = 0.0
        for token in question:
            holding = sum(token in other for other in documents)
            if holding:
                idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
                count = list(document).count(token)
                length = 1 - b + b * len(document) / average
                total += idf * count / (count + k1 * length)
        found.append(total)
    return found


def min_max(values: Sequence[float]) -> list[float]:
    """Scale to 0-1; equal values become 1 where they are positive, else 0."""
    low, high = min(values), max(values)
    if high == low:
        return [1.0 if high > 0 else 0.0 for _ in values]
    return [(value - low) / (high - low) for value in values]
