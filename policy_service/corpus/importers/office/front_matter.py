"""What a policy says of itself in its front matter or first lines: title, version, dates.

Only stated facts: a file's time or name is no date. Dates are read where they cannot be
mistaken (`2025-01-31`, `31 January 2025`, `January 31, 2025`), never `01/02/2025`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_LINE = re.compile(r"^[*_\s]*([A-Za-z][A-Za-z ]{2,30}?)[*_\s]*[:|][*_\s]*(\S.*?)[*_\s]*$")
_KEYS = {
    "title": ("title", "policy title", "document title"),
    "version": ("version", "revision", "policy version", "document version"),
    "version_date": (
        "version date",
        "effective date",
        "effective from",
        "effective",
        "valid from",
        "in force from",
        "date",
        "published",
        "last updated",
        "last revised",
        "approval date",
    ),
    "language": ("language", "lang"),
    "url": ("url", "address", "source"),
}
_HEAD_LINES = 20
_LINE_LENGTH = 300  # longer ones are prose
_NAMES = "|".join(sorted((name for names in _KEYS.values() for name in names), reverse=True))
_NEXT_KEY = re.compile(rf"(?<=\s)(?=[*_]*(?:{_NAMES})[*_\s]*:)", re.IGNORECASE)


def stated_facts(entries: Mapping[str, str]) -> dict[str, str]:
    """Map what a front matter states to `title`, `version`, `version_date`, `language`, `url`."""
    given = {
        key.lower().replace("_", " ").replace("-", " ").strip(): value.strip()
        for key, value in entries.items()
    }
    facts: dict[str, str] = {}
    for fact, names in _KEYS.items():
        values = (given[name] for name in names if given.get(name))
        if fact == "version_date":
            values = (found for value in values if (found := iso_date(value)))
        if value := next(values, ""):
            facts[fact] = value
    if len(language := facts.get("language", "")) > 2:
        facts["language"] = language[:2].lower()
    if not facts.get("url", "https:").startswith(("https:", "http:")):
        del facts["url"]
    return facts


def facts_in_lines(lines: Iterable[str]) -> dict[str, str]:
    """Read `Key: value` among the first lines of a text; they stay text as well."""
    entries: dict[str, str] = {}
    for number, line in enumerate(lines):
        if number >= _HEAD_LINES:
            break
        if len(line) > _LINE_LENGTH:
            continue
        for piece in _NEXT_KEY.split(line):  # a line break in HTML is a blank by now
            if match := _LINE.match(piece.strip()):
                entries.setdefault(match[1], match[2])
    facts = stated_facts(entries)
    return {key: value for key, value in facts.items() if key in ("version", "version_date")}


def iso_date(text: str) -> str:
    """Find one date in a text; empty where there is none that can be read one way only."""
    if match := _ISO.search(text):
        return _checked(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.search(text):
        return _checked(int(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_FIRST.search(text):
        return _checked(int(match[3]), _month(match[1]), int(match[2]))
    return ""


def _month(name: str) -> int:
    start = name.lower()[:3]
    names = [month[:3] for month in _MONTHS]
    known = start in names and _MONTHS[names.index(start)].startswith(name.lower())
    return names.index(start) + 1 if known else 0


def _checked(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
