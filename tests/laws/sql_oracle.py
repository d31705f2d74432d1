"""Judges one statement: against tables masked beforehand, and across two hidden states.

Not a test: the fuzzing law and `benchmarks.sql_guard` use it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from tests.laws.sql_engines import Probe, Seen


class Verdict(StrEnum):
    """What came of a statement."""

    EQUAL = "equal"  # accepted, and exactly the oracle's answer
    REFUSED = "refused"  # by us, and the oracle's database refuses it too
    FALSELY_REFUSED = "falsely_refused"  # the oracle could have answered it
    WRONG = "wrong"  # accepted, with another answer than the oracle's
    NO_ORACLE = "no_oracle"  # accepted, though the oracle's database refuses it
    TELLS_APART = "tells_apart"  # hidden cells changed the answer or the refusal


def judged(probes: Sequence[Probe], statement: str) -> tuple[Verdict, tuple[Seen, ...]]:
    """Ask every probe and the oracle of the first; returns what each probe was told, too."""
    seen = tuple(probe.ask(statement) for probe in probes)
    if len({_shown(one) for one in seen}) > 1:
        return Verdict.TELLS_APART, seen
    return _against_oracle(probes[0], statement, seen[0]), seen


def _against_oracle(probe: Probe, statement: str, first: Seen) -> Verdict:
    try:
        expected = probe.masked(statement, {})
    except Exception:  # whatever the driver raises: the oracle refuses
        return Verdict.REFUSED if first.refused else Verdict.NO_ORACLE
    if first.refused:
        return Verdict.FALSELY_REFUSED
    return Verdict.EQUAL if bag(first.rows) == bag(expected) else Verdict.WRONG


def bag(rows: Iterable[Sequence[object]]) -> tuple[str, ...]:
    """Write rows so that neither their order nor the last digit of a float tells."""
    return tuple(sorted(repr(tuple(map(_plain, row))) for row in rows))


def _shown(seen: Seen) -> str:
    return seen.text if seen.refused else repr(bag(seen.rows))


def _plain(value: object) -> object:
    return round(float(value), 9) if isinstance(value, float | Decimal) else value
