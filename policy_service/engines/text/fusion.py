"""From overlapping findings of several sources to one set of spans.

1. Scores of the models are scaled by how far each can be trusted with the entity.
2. The ranks of `spans.ENTITIES` decide who gets the characters: what is proven
   before what is shown, and that before what is only likely; within one tier of twenty
   ranks, the higher score. What the winner leaves over stays a span if it is the better part.
3. Neighbouring pieces of one address, name or organisation become one span.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from policy_service.engines.text.spans import ENTITIES, Found, Source, TextSpan, passes

_TIER = 20
_LIKELY = 3  # the tier of names, and the best one that a model's finding can have
_LOOSE = frozenset(" \t\r\n\u00a0,;:")
_NUMBERS = frozenset(
    {"NATIONAL_ID", "DRIVER_LICENSE", "PASSPORT", "ACCOUNT_NUMBER", "PHONE_NUMBER"}
)
_JOINED = {"LOCATION": 8, "PERSON": 1, "ORGANIZATION": 1}  # entity → longest gap
_GAPS = {
    "LOCATION": frozenset(" \t\n\r,.>?#|()-/"),
    "PERSON": frozenset(" "),
    "ORGANIZATION": frozenset(" "),
}


def fuse(text: str, found: Iterable[Found]) -> tuple[TextSpan, ...]:
    """Return spans that do not overlap, in their order."""
    trusted = sorted((_trimmed(text, one) for one in found if passes(one)), key=_precedence)
    taken: list[Found] = []
    for one in trusted:
        around = _overlapping(one, taken)
        own = all(other.entity == one.entity for other in around)
        for low, high in _free(one.start, one.end, around):
            start, end = _bare(text, low, high)
            if _worth_keeping(text, one, start, end, whole=own):
                _insert(taken, one, start, end)
    return tuple(
        TextSpan(
            start=one.start,
            end=one.end,
            entity=one.entity,
            category=ENTITIES[one.entity].category,
            score=round(one.score, 4),
        )
        for one in _joined(text, taken)
    )


def _precedence(one: Found) -> tuple[int, float, int, int, str]:
    return (_tier(one), -one.score, one.start - one.end, one.start, one.entity)


def _tier(one: Found) -> int:
    tier = ENTITIES[one.entity].rank // _TIER
    return tier if one.source is Source.RULE else max(tier, _LIKELY)


def _trimmed(text: str, one: Found) -> Found:
    """Scale the score, and cut white space and loose punctuation from both ends."""
    start, end = _bare(text, one.start, one.end)
    return replace(one, start=start, end=end, score=_trust(one))


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _LOOSE:
        start += 1
    while end > start and text[end - 1] in _LOOSE:
        end -= 1
    return start, end


def _trust(one: Found) -> float:
    if one.source is Source.RULE:
        return one.score
    return one.score * ENTITIES[one.entity].trust.get(one.source, 1.0)


def _worth_keeping(text: str, one: Found, start: int, end: int, *, whole: bool) -> bool:
    piece = text[start:end]
    if not any(character.isalnum() for character in piece):
        return False
    if one.entity in _NUMBERS and not any(character.isdigit() for character in piece):
        return False
    return whole or _tier(one) < _LIKELY or 2 * (end - start) >= one.end - one.start


def _overlapping(one: Found, taken: Sequence[Found]) -> Sequence[Found]:
    """Return the taken spans, which are in order, that share characters with `one`."""
    first = bisect_right(taken, one.start, key=lambda other: other.end)
    last = bisect_left(taken, one.end, key=lambda other: other.start)
    return taken[first:last]


def _free(start: int, end: int, around: Sequence[Found]) -> list[tuple[int, int]]:
    """Return the parts of `start:end` that no span around covers."""
    free, at = [], start
    for one in around:
        if at < one.start:
            free.append((at, one.start))
        at = max(at, one.end)
    if at < end:
        free.append((at, end))
    return free


def _insert(taken: list[Found], one: Found, start: int, end: int) -> None:
    place = bisect_left(taken, start, key=lambda other: other.start)
    taken.insert(place, replace(one, start=start, end=end))


def _joined(text: str, taken: Sequence[Found]) -> list[Found]:
    joined: list[Found] = []
    for one in taken:
        last = joined[-1] if joined else None
        if last is not None and _belong(text, last, one):
            joined[-1] = replace(last, end=one.end, score=max(last.score, one.score))
        else:
            joined.append(one)
    return joined


def _belong(text: str, last: Found, one: Found) -> bool:
    """Tell whether two neighbours are parts of one thing."""
    gap = text[last.end : one.start]
    if last.entity != one.entity or len(gap) > _JOINED.get(one.entity, -1):
        return False
    if not set(gap) <= _GAPS[one.entity] or ". " in gap:
        return False
    if one.entity != "LOCATION":
        return True
    both = text[last.start : last.end] + text[one.start : one.end]
    return "\n" in gap or "," in gap or any(character.isdigit() for character in both)
