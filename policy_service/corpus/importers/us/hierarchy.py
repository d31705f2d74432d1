"""The hierarchy of a flat American legal text, from the markers its paragraphs begin with.

A section is printed as one row of paragraphs: `(a)`, `(1)`, `(i)`, `(ii)`, `(A)`, `(b)` … and the
same `(i)` is a roman one or the letter after `(h)`. The reading chosen is the cheapest over the
whole section, not the first that fits: lists go on where they stopped and begin at one.
It reads markers only; which text carries one is decided in `us_section.py`.

Source: the paragraph levels of the Code of Federal Regulations (Document Drafting Handbook of
the Office of the Federal Register, chapter on designating paragraphs) and of California's codes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policy_service.corpus.importers.us.numerals import alphabet_values, roman_value


class Level(StrEnum):
    """How the members of one list are counted."""

    LETTER = "a"
    NUMBER = "1"
    ROMAN = "i"
    CAPITAL = "A"
    CAPITAL_ROMAN = "I"
    ITALIC_NUMBER = "1 in italics"
    ITALIC_ROMAN = "i in italics"
    TERM = "term"  # an unnumbered definition


Scheme = tuple[Level, ...]

CFR: Scheme = (
    Level.LETTER,
    Level.NUMBER,
    Level.ROMAN,
    Level.CAPITAL,
    Level.ITALIC_NUMBER,
    Level.ITALIC_ROMAN,
)
CALIFORNIA: Scheme = (
    Level.LETTER,
    Level.NUMBER,
    Level.CAPITAL,
    Level.ROMAN,
    Level.CAPITAL_ROMAN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One marker in the row. `italic` and `opens` are None where nobody can tell."""

    token: str  # `a`, `12`, `iv`, `B`; of a definition, its term
    italic: bool | None = None
    chained: bool = False  # follows another marker in one paragraph: (a)(1)
    opens: bool | None = None  # its text announces a list: it ends in a colon or a dash
    term: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    level: Level
    value: int
    token: str


@dataclass(frozen=True, slots=True)
class _Reading:
    cost: float
    path: tuple[_Step, ...]
    taken: bool  # False: the last marker is not one, but text
    opens: bool | None
    before: "_Reading | None"


# What speaks against a reading. INVARIANT: a gap is dearer than any other way on that fits, and
# a list that runs backwards is dearer than to read the marker as text.
_SKIPPED_LEVEL = 2.0
_LONE_MEMBER = 1.0
_UNANNOUNCED = 0.5
_ANNOUNCED_IN_VAIN = 1.5
_WRONG_SLANT = 3.0
_LATE_START = 6.0
_GAP = 4.0
_NOT_A_MARK = 9.0
_LATER = 0.0001  # of two markers of which one must be text, the later is
_CLOSED_LEVEL = 0.01
_BEAM = 24  # readings kept, and how much dearer than the best they may be
_BEHIND = 16.0


def paths_of(marks: Sequence[Mark], scheme: Scheme) -> tuple[tuple[str, ...] | None, ...]:
    """Return the tokens from the outermost level to each marker; None where it is text."""
    readings = [_Reading(0.0, (), True, None, None)]
    for number, mark in enumerate(marks):
        refusal = _NOT_A_MARK - _LATER * min(number, 1000)
        readings = _best(
            following
            for reading in readings
            for following in _followings(reading, mark, scheme, refusal)
        )
    best = min(readings, key=lambda reading: reading.cost + _lone(reading.path))
    return _unrolled(best, len(marks))


def _best(readings: Iterator[_Reading]) -> list[_Reading]:
    cheapest: dict[tuple[tuple[_Step, ...], bool], _Reading] = {}
    for reading in readings:
        key = (reading.path, reading.taken)
        if key not in cheapest or reading.cost < cheapest[key].cost:
            cheapest[key] = reading
    ranked = sorted(cheapest.values(), key=lambda reading: reading.cost)[:_BEAM]
    return [reading for reading in ranked if reading.cost <= ranked[0].cost + _BEHIND]


def _unrolled(reading: _Reading | None, count: int) -> tuple[tuple[str, ...] | None, ...]:
    rows: list[tuple[str, ...] | None] = []
    while reading is not None and len(rows) < count:
        rows.append(tuple(step.token for step in reading.path) if reading.taken else None)
        reading = reading.before
    return tuple(reversed(rows))


def _followings(
    reading: _Reading, mark: Mark, scheme: Scheme, refusal: float
) -> Iterator[_Reading]:
    if mark.chained and not reading.taken:
        yield _text(reading, 0.0)
        return
    for level, value, cost in _meanings(mark, scheme):
        step = _Step(level, value, mark.token)
        if all(level is not above.level for above in reading.path):
            yield _deeper(reading, mark, step, cost, scheme)
        if not mark.chained:
            yield from _wider(reading, mark, step, cost)
    if not mark.term:
        yield _text(reading, refusal)


def _text(reading: _Reading, cost: float) -> _Reading:
    return _Reading(reading.cost + cost, reading.path, False, reading.opens, reading)


def _deeper(reading: _Reading, mark: Mark, step: _Step, cost: float, scheme: Scheme) -> _Reading:
    cost += _descent(reading.path, step.level, scheme)
    cost += 0.0 if step.value == 1 else _LATE_START + min(step.value - 2, 5)
    if reading.opens is False and not mark.chained:
        cost += _UNANNOUNCED
    return _Reading(reading.cost + cost, (*reading.path, step), True, mark.opens, reading)


def _wider(reading: _Reading, mark: Mark, step: _Step, cost: float) -> Iterator[_Reading]:
    path = reading.path
    for depth in range(len(path) - 1, -1, -1):
        last = path[depth]
        if last.level is not step.level:
            continue
        total = reading.cost + cost + _succession(last, step)
        total += _CLOSED_LEVEL * (len(path) - depth) + _lone(path[depth + 1 :])
        total += _ANNOUNCED_IN_VAIN if reading.opens else 0.0
        yield _Reading(total, (*path[:depth], step), True, mark.opens, reading)


def _succession(last: _Step, step: _Step) -> float:
    if step.level is Level.TERM or step.value == last.value + 1:
        return 0.0
    if step.value > last.value:
        return _GAP + min(step.value - last.value - 1, 4)
    return _NOT_A_MARK + _LATE_START


def _descent(path: tuple[_Step, ...], level: Level, scheme: Scheme) -> float:
    above = path[-1].level if path else None
    if level is Level.TERM:
        return 0.0
    if above is Level.TERM:
        return 0.0 if level is Level.NUMBER else _UNANNOUNCED
    if above is not None and above not in scheme:
        return _SKIPPED_LEVEL
    expected = 0 if above is None else scheme.index(above) + 1
    return 0.0 if expected < len(scheme) and scheme[expected] is level else _SKIPPED_LEVEL


def _lone(path: Sequence[_Step]) -> float:
    """A list that ends with its first member is rarely a list."""
    return sum(_LONE_MEMBER for step in path if step.value == 1 and step.level is not Level.TERM)


def _meanings(mark: Mark, scheme: Scheme) -> Iterator[tuple[Level, int, float]]:
    if mark.term:
        yield Level.TERM, 1, 0.0
        return
    for level in scheme:
        for value in _values(mark.token, level):
            yield level, value, _slant(mark, level, scheme)


def _values(token: str, level: Level) -> tuple[int, ...]:
    match level:
        case Level.LETTER if token.islower():
            return alphabet_values(token)
        case Level.CAPITAL if token.isupper():
            return alphabet_values(token.lower())
        case Level.NUMBER | Level.ITALIC_NUMBER if token.isdigit():
            return (int(token),)
        case Level.ROMAN | Level.ITALIC_ROMAN if token.islower():
            return roman_value(token)
        case Level.CAPITAL_ROMAN if token.isupper():
            return roman_value(token.lower())
    return ()


def _slant(mark: Mark, level: Level, scheme: Scheme) -> float:
    if mark.italic is None or Level.ITALIC_NUMBER not in scheme:
        return 0.0
    leaning = level in (Level.ITALIC_NUMBER, Level.ITALIC_ROMAN)
    return 0.0 if leaning is mark.italic else _WRONG_SLANT
