"""Clauses: the stretches of a provision that are read one by one, with where they stand.

Not a grammar: a text is cut at line breaks, ends of sentences and semicolons. The places
are those of the text as it is stored, so that evidence can be shown letter for letter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\n]+")
_END = re.compile(r"(?:(?<=[.!?;])|(?<=[.!?;]['\"’”)]))\s+(?=[\"'‘“(—]?[A-Z0-9a-z(])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Art|Arts|No|Nos|Sec|para|paras|cf|vs|e\.g|i\.e|U\.S\.C|C\.F\.R|U\.S|Inc)\.)$"
)
_LABEL = re.compile(r"(?:[a-z]{1,2}|\d{1,2})\.$|\((?:[a-z]{1,2}|\d{1,2})\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One stretch. INVARIANT: `provision.text[start:end] == text`."""

    text: str
    start: int
    end: int


def clauses_of(text: str) -> tuple[Clause, ...]:
    """Cut a text into clauses, in order; blank ones are left out."""
    return tuple(
        Clause(text=text[start:end], start=start, end=end)
        for line in _LINE.finditer(text)
        for start, end in _sentences(text, line.start(), line.end())
        if text[start:end].strip()
    )


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for gap in _END.finditer(text, start, end):
        before = text[begin : gap.start()]
        if _ABBREVIATION.search(before) or _LABEL.fullmatch(before.strip()):
            continue
        yield begin, gap.start()
        begin = gap.end()
    yield begin, end
