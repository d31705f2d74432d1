"""Types read from text: what a column of a CSV file holds, where every value agrees.

Careful on purpose: what could be read in two ways stays text. `007` is text (a number
would lose the zeros), `1,234` is text (a thousand, or a bit more than one?), and `19930105`
is a whole number, not a date. Not a validator of values.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

# What files write for "missing", in columns whose other values are numbers or dates.
_MISSING = frozenset({"null", "na", "n/a", "nan", "none", "nil", "?", "-", "--", "#n/a", "."})
_NULL = frozenset({"", "\\N"})  # missing in any column
_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]{1,3})?")
_ZERO_LED = re.compile(r"[+-]?0[0-9]")
_COMMA = re.compile(r"[+-]?[0-9]+(?:,([0-9]+))?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ORDERS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
_TIMES = (" %H:%M", " %H:%M:%S")
_LONGEST = 40  # signs of the longest number or date


def type_of(texts: Sequence[str | None]) -> str:
    """Name the type that every text of a column fits, leaving out what marks a missing value."""
    stripped = (text.strip() for text in texts if text is not None)
    present = [text for text in stripped if text not in _NULL and text.lower() not in _MISSING]
    if not present or max(map(len, present)) > _LONGEST:
        return "text"
    return next((kind for kind, fits in _KINDS if fits(present)), "text")


def value_as(text: str | None, kind: str) -> object:
    """Read one cell of a column of type `kind`; dates stay text, and so does what does not fit."""
    if text is None or (bare := text.strip()) in _NULL:
        return None
    if kind == "text":
        return text
    return None if bare.lower() in _MISSING else _typed(bare, kind)


def looks_like_value(text: str) -> bool:
    """Tell whether a single cell is a number, a date or an address rather than a name."""
    cell = text.strip()
    return "@" in cell or _DECIMAL.fullmatch(cell) is not None or _dates([cell])


def _typed(bare: str, kind: str) -> object:
    if kind == "integer" and _INTEGER.fullmatch(bare):
        return int(bare)
    if kind == "decimal" and len(bare) <= _LONGEST:
        point = bare.replace(",", ".", 1)
        return float(point) if _DECIMAL.fullmatch(point) else bare
    if kind == "boolean" and bare.lower() in {"true", "false"}:
        return bare.lower() == "true"
    return bare


def _integers(texts: Sequence[str]) -> bool:
    return all(map(_INTEGER.fullmatch, texts))


def _decimals(texts: Sequence[str]) -> bool:
    pointed = any("." in text or "e" in text.lower() for text in texts)
    return pointed and all(_DECIMAL.fullmatch(one) and not _ZERO_LED.match(one) for one in texts)


def _comma_decimals(texts: Sequence[str]) -> bool:
    """Accept decimal commas where the digits behind some of them cannot be thousands."""
    behind = []
    for text in texts:
        found = _COMMA.fullmatch(text)
        if found is None or _ZERO_LED.match(text):
            return False
        if found[1] is not None:
            behind.append(len(found[1]))
    return any(digits != 3 for digits in behind)


def _booleans(texts: Sequence[str]) -> bool:
    return all(text.lower() in {"true", "false"} for text in texts)


def _dates(texts: Sequence[str]) -> bool:
    if all(map(_ISO.fullmatch, texts)):
        return _all_read(texts, date.fromisoformat)
    return any(_written(texts, order) for order in _ORDERS)


def _timestamps(texts: Sequence[str]) -> bool:
    if all(len(text) > 10 and _ISO.match(text) for text in texts):
        return _all_read(texts, datetime.fromisoformat)
    return any(_written(texts, order + time) for order in _ORDERS for time in _TIMES)


def _written(texts: Sequence[str], form: str) -> bool:
    return _all_read(texts, lambda text: datetime.strptime(text, form))  # noqa: DTZ007 - form only


def _all_read(texts: Sequence[str], read: Callable[[str], object]) -> bool:
    try:
        for text in texts:
            read(text)
    except ValueError:
        return False
    return True


_KINDS: tuple[tuple[str, Callable[[Sequence[str]], bool]], ...] = (
    ("integer", _integers),
    ("decimal", _decimals),
    ("decimal", _comma_decimals),
    ("boolean", _booleans),
    ("date", _dates),
    ("timestamp", _timestamps),
)
