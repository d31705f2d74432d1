"""How many rows a series in FROM has at most, read off the statement: nothing is evaluated by it.

Ends are numbers, dates or moments; what is not known before the statement runs, such as a
parameter, gives no answer. Sizes are bounds: a month has 28 days as a step and 31 otherwise.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from sqlglot import exp

_DAY_S = 86_400
_LEEWAY_S = 2 * _DAY_S  # time zones, and a clock that goes on
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_TO_NOW_S = 50 * 366 * _DAY_S  # from the epoch, either way
_LARGEST = 10**18
_FINEST = 10**36  # denominators
_TEMPORAL = frozenset({
    exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.DATETIME,
})  # fmt: skip
_UNIT_S: Mapping[str, tuple[int, int]] = {  # at least, at most
    "microsecond": (0, 1),
    "millisecond": (0, 1),
    "second": (1, 1),
    "minute": (60, 60),
    "hour": (3600, 3600),
    "day": (_DAY_S, _DAY_S),
    "week": (7 * _DAY_S, 7 * _DAY_S),
    "month": (28 * _DAY_S, 31 * _DAY_S),
    "quarter": (89 * _DAY_S, 93 * _DAY_S),
    "year": (365 * _DAY_S, 366 * _DAY_S),
}
_SHORT = {"mon": "month", "min": "minute", "sec": "second", "hr": "hour"}
_PART = re.compile(r"\s*(\d{1,9})\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class _Span:
    least_s: int
    most_s: int


@dataclass(frozen=True, slots=True)
class _Moment:
    """Seconds from the epoch, or from now; `about_s` is how far it may be off."""

    from_now: bool
    seconds: int
    about_s: int = 0


_Value = _Number | _Span | _Moment


def series_rows(series: exp.GenerateSeries) -> int | None:
    """Return a bound on the rows; None where the statement does not tell any."""
    start, end = _value(series.args.get("start")), _value(series.args.get("end"))
    step = series.args.get("step")
    if isinstance(start, _Number) and isinstance(end, _Number):
        by = _Number(Fraction(1)) if step is None else _value(step)
        if not isinstance(by, _Number) or not by.value:
            return None
        return int(abs(end.value - start.value) / abs(by.value)) + 1
    if isinstance(start, _Moment) and isinstance(end, _Moment):
        span = _value(step.this if isinstance(step, exp.Neg) else step)
        if not isinstance(span, _Span) or span.least_s < 1:
            return None
        return _apart_s(start, end) // span.least_s + 1
    return None


def _apart_s(one: _Moment, other: _Moment) -> int:
    known = abs(one.seconds - other.seconds) + one.about_s + other.about_s + _LEEWAY_S
    return known if one.from_now == other.from_now else known + _TO_NOW_S


def _value(node: exp.Expr | None) -> _Value | None:
    read = _READERS.get(type(node)) if node is not None else None
    return None if node is None or read is None else read(node)


def _literal(node: exp.Expr) -> _Number | None:
    text = node.name
    try:
        decimal = Decimal(text) if not node.is_string else Decimal("nan")
    except InvalidOperation:
        return None
    if not decimal.is_finite() or abs(decimal.adjusted()) > 18 or len(text) > 40:
        return None  # a fraction of it would fill the memory
    return _small(Fraction(decimal))


def _small(value: Fraction) -> _Number | None:
    fits = abs(value) <= _LARGEST and value.denominator <= _FINEST
    return _Number(value) if fits else None


def _cast(cast: exp.Expr) -> _Value | None:
    kind, inner = cast.args["to"].this, cast.this
    if kind in _TEMPORAL:
        if isinstance(inner, exp.Literal) and inner.is_string:
            return _moment(inner.name)
        held = _value(inner)
        return held if isinstance(held, _Moment) else None
    if kind is exp.DataType.Type.INTERVAL and isinstance(inner, exp.Literal) and inner.is_string:
        return _span(exp.Interval(this=inner))
    held = _value(inner)
    whole = isinstance(held, _Number) and held.value.denominator == 1  # else it may round
    return held if whole and kind in exp.DataType.NUMERIC_TYPES else None


def _moment(text: str) -> _Moment | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _Moment(from_now=False, seconds=int((aware - _EPOCH).total_seconds()))


def _span(interval: exp.Expr) -> _Span | None:
    inner, unit = interval.this, interval.args.get("unit")
    if not isinstance(inner, exp.Literal):
        return None
    text = f"{inner.name} {unit.name}" if unit is not None else inner.name
    least = most = place = 0
    while place < len(text.rstrip()):
        part = _PART.match(text, place)
        size = None if part is None else _unit_s(part[2].lower())
        if part is None or size is None:
            return None
        count, place = int(part[1]), part.end()
        least, most = least + count * size[0], most + count * size[1]
    return _Span(least, most)


def _unit_s(word: str) -> tuple[int, int] | None:
    single = word.removesuffix("s")
    return _UNIT_S.get(_SHORT.get(single, single))


def _truncated(node: exp.Expr) -> _Moment | None:
    held, unit = _value(node.this), _UNIT_S.get(node.text("unit").lower())
    if not isinstance(held, _Moment) or unit is None:
        return None
    return replace(held, about_s=held.about_s + unit[1])


def _sum(one: _Value | None, other: _Value | None, *, sign: int) -> _Value | None:
    """Add up numbers, or move a moment by a span or by whole days."""
    match one, other:
        case _Number(), _Number():
            return _small(one.value + sign * other.value)
        case _Moment(), _Span():
            off = other.most_s - other.least_s
            moved = one.seconds + sign * other.least_s
            return replace(one, seconds=moved, about_s=one.about_s + off)
        case _Moment(), _Number() if other.value.denominator == 1:
            return replace(one, seconds=one.seconds + sign * int(other.value) * _DAY_S)
    return None


_READERS: Mapping[type, Callable[[exp.Expr], _Value | None]] = {
    exp.Literal: _literal,
    exp.Paren: lambda node: _value(node.this),
    exp.Neg: lambda node: _sum(_Number(Fraction()), _value(node.this), sign=-1),
    exp.Add: lambda node: _sum(_value(node.this), _value(node.args["expression"]), sign=1),
    exp.Sub: lambda node: _sum(_value(node.this), _value(node.args["expression"]), sign=-1),
    exp.Interval: _span,
    exp.Cast: _cast,
    exp.CurrentDate: lambda _: _Moment(from_now=True, seconds=0),
    exp.CurrentTimestamp: lambda _: _Moment(from_now=True, seconds=0),
    exp.DateTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
}
