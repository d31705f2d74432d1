"""Marks of footnotes in texts that have lost their markup: ` (4)` after a word.

A mark is told from a reference such as `paragraph (4)` by counting: notes are numbered
through an act, and the next mark is the next number.
"""

import re
from collections.abc import Collection

_MARK = re.compile(r"\s\((\d{1,3})\)")
_REFERRING = re.compile(
    r"\b(?:articles?|paragraphs?|points?|subparagraphs?|indents?|annex|and|or|to|no|of|in)$",
    re.IGNORECASE,
)


class FootnoteMarks:
    """Counts the marks of one act in the order of its text, and takes them out."""

    def __init__(self, known: Collection[int] = ()) -> None:
        """Count from 1, or among the numbers the act's own list of notes has."""
        self._known = frozenset(known)
        self._last = 0

    def without(self, text: str) -> str:
        """Return a text without the marks in it."""
        kept, place = [], 0
        for found in _MARK.finditer(text):
            before = text[: found.start()]
            if self._is_next(int(found[1])) and _is_word(before):
                kept.append(text[place : found.start()])
                place = found.end()
                self._last = int(found[1])
        return "".join(kept) + text[place:]

    def _is_next(self, number: int) -> bool:
        if self._known:
            return number in self._known and number > self._last
        return number == self._last + 1


def _is_word(before: str) -> bool:
    return (
        bool(before)
        and (before[-1].isalnum() or before[-1] in ")’'”")
        and not (_REFERRING.search(before))
    )
