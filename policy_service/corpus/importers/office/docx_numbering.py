"""The numbers that Word prints before paragraphs: counted as Word counts them.

Decimal, letters and romans, with restart and start overrides; other number formats are
printed as decimals. Source: ECMA-376 part 1, 17.9 (numbering).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from policy_service.corpus.importers.office.docx_text import W, value_of

_LEVELS = 9
_ROMANS = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1
    style: str = ""


@dataclass(slots=True, kw_only=True)
class _List:
    """One `num`: its levels, and the abstract list whose counters it shares."""

    abstract: str
    levels: Mapping[int, _Level]
    overrides: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the numbered paragraphs of one document, in the order in which they are asked."""

    def __init__(self, part: etree._Element | None) -> None:
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if part is not None:
            self._load(part)

    def label(self, list_id: str, level: int) -> str:
        """Count one paragraph and return its number as printed; `—` for a bullet."""
        found = self._lists.get(list_id)
        if found is None or level not in found.levels:
            return ""
        counters = self._counters.setdefault(found.abstract, {})
        if level in found.overrides:
            counters[level] = found.overrides.pop(level)  # once: later paragraphs count on
        else:
            counters[level] = counters.get(level, found.levels[level].start - 1) + 1
        for deeper in range(level + 1, _LEVELS):
            counters.pop(deeper, None)
        return _printed(found.levels, level, counters)

    def of_style(self, style: str) -> tuple[str, int] | None:
        """Find the list and level that a paragraph style is linked to."""
        for list_id, found in self._lists.items():
            for number, level in found.levels.items():
                if level.style == style:
                    return list_id, number
        return None

    def _load(self, part: etree._Element) -> None:
        abstracts = {
            one.get(f"{W}abstractNumId") or "": _levels(one)
            for one in part.iterfind(f"{W}abstractNum")
        }
        for one in part.iterfind(f"{W}num"):
            abstract = value_of(one, "abstractNumId")
            levels = dict(abstracts.get(abstract, {}))
            made = _List(abstract=abstract, levels=levels)
            for override in one.iterfind(f"{W}lvlOverride"):
                number = _number(override.get(f"{W}ilvl"), 0)
                levels.update(_levels(override))
                if start := value_of(override, "startOverride"):
                    made.overrides[number] = _number(start, 1)
            self._lists[one.get(f"{W}numId") or ""] = made


def _levels(parent: etree._Element) -> dict[int, _Level]:
    return {
        _number(level.get(f"{W}ilvl"), 0): _Level(
            format=value_of(level, "numFmt") or "decimal",
            text=value_of(level, "lvlText"),
            start=_number(value_of(level, "start"), 1),
            style=value_of(level, "pStyle"),
        )
        for level in parent.iterfind(f"{W}lvl")
    }


def _printed(levels: Mapping[int, _Level], level: int, counters: Mapping[int, int]) -> str:
    own = levels[level]
    if own.format == "bullet":
        return "—"
    if own.format == "none":
        return ""

    def written(match: re.Match[str]) -> str:
        number = int(match[1]) - 1
        above = levels.get(number, _Level())
        return _formatted(counters.get(number, above.start), above.format)

    return re.sub(r"%([1-9])", written, own.text).strip()


def _formatted(number: int, number_format: str) -> str:
    if number_format in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if number_format == "upperLetter" else letter
    if number_format in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = _roman(number)
        return roman.upper() if number_format == "upperRoman" else roman
    return str(number)


def _roman(number: int) -> str:
    made = ""
    for value, letters in _ROMANS:
        count, number = divmod(number, value)
        made += letters * count
    return made


def _number(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,6}", text) else default
