"""Paragraphs from printed lines: by the space between lines, by markers, across columns.

A word cut at a line's end is joined as the rest of the document writes it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from policy_service.corpus.importers.pdf.furniture import PrintedLine
from policy_service.corpus.importers.pdf.letters import width_of
from policy_service.corpus.importers.us.styled import Styled

_WIDER = 1.3  # times the usual distance of two lines: the space between paragraphs
_BEGINS = re.compile(
    r"(?:\(\s?(?:[a-z]{1,5}|[A-Z]{1,4}|\d{1,3})\s?\)|\d+(?:\.\d+)*[.)]?\s|[•▪–—]\s|§+\s"
    r"|PART \d+[—–-]|(?i:subpart) [A-Z]{1,2}[—–-])"
)
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_CUT = re.compile(r"([A-Za-z]+)[-‐\u00ad]$")
_COMPLETE = re.compile(r"[.:;—!?\])”\"’](?:\s?(?:and|or))?$|,?\s(?:and|or)$")
_WITHOUT_BLANK = ("—", "–", "-", "/", "‐")
_OFTEN = 0.1  # of all distances
_MANY = 12  # distances from which the usual one is known; with fewer it is at most …
_CLOSE = 1.6  # … of the letter size
_ESTIMATE = 0.08  # of a line's length: how far estimated widths may be out
_SPACED = 0.6  # of the marked lines stand apart: then those that do not are running text


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One printed paragraph; `left` is where its first line begins."""

    text: Styled
    page: int
    left: float
    size: float

    @property
    def is_bold(self) -> bool:
        """Tell whether all of it is bold."""
        shown = [
            mark
            for letter, mark in zip(self.text.text, self.text.marks, strict=True)
            if letter.isalnum()
        ]
        return bool(shown) and all(mark in "bx" for mark in shown)


def paragraphs_of(lines: Sequence[PrintedLine]) -> tuple[Paragraph, ...]:
    """Join lines to paragraphs, in the order of the text."""
    layout = _layout(lines)
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line.text.text))
    rows: list[list[PrintedLine]] = []
    for line in lines:
        if rows and not _begins(rows[-1][-1], line, layout):
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(_joined(row, words) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """What is usual in the document: line distance by letter size, right edges, spacing."""

    pitches: dict[int, float]
    edges: dict[int, dict[int, float]]  # of each page's columns
    spaced: bool


def _layout(lines: Sequence[PrintedLine]) -> _Layout:
    gaps: dict[int, list[float]] = {}
    edges: dict[int, dict[int, float]] = {}
    for before, line in pairwise(lines):
        gap = before.height - line.height
        if before.page == line.page and 0 < gap < 4 * line.size:
            gaps.setdefault(round(line.size), []).append(gap)
    for line, column in _columns(lines):
        page = edges.setdefault(line.page, {})
        page[column] = max(page.get(column, 0.0), line.right)
    pitches = {size: _usual(values, size) for size, values in gaps.items()}
    return _Layout(pitches=pitches, edges=edges, spaced=_is_spaced(lines, pitches))


def _usual(gaps: Sequence[float], size: int) -> float:
    """The least distance that is frequent is that of two lines of one paragraph."""
    counted = Counter(round(gap) for gap in gaps)
    often = [
        gap for gap, count in counted.items() if count >= _OFTEN * len(gaps) and gap >= 0.9 * size
    ]
    least = min(often, default=round(median(gaps)))
    usual = float(median([gap for gap in gaps if abs(gap - least) <= 1.0] or gaps))
    return usual if len(gaps) >= _MANY else min(usual, _CLOSE * size)


def _columns(lines: Sequence[PrintedLine]) -> Iterator[tuple[PrintedLine, int]]:
    """Number the columns of each page: a new one begins where the text goes up again."""
    column = 0
    before: PrintedLine | None = None
    for line in lines:
        if before is None or before.page != line.page:
            column = 0
        elif line.height > before.height + line.size:
            column += 1
        yield line, column
        before = line


def _is_spaced(lines: Sequence[PrintedLine], pitches: dict[int, float]) -> bool:
    marked = [
        before.height - line.height > _WIDER * pitches.get(round(line.size), line.size * 1.2)
        for before, line in pairwise(lines)
        if before.page == line.page
        and before.height > line.height
        and _BEGINS.match(line.text.text)
    ]
    return bool(marked) and sum(marked) >= _SPACED * len(marked)


def _begins(before: PrintedLine, line: PrintedLine, layout: _Layout) -> bool:
    """Tell whether a line begins a paragraph."""
    gap = before.height - line.height
    marked = _BEGINS.match(line.text.text) is not None
    complete = _COMPLETE.search(before.text.text) is not None
    if before.page != line.page or gap < -line.size:
        return _begins_column(before, line, layout, marked=marked, complete=complete)
    if gap > _WIDER * layout.pitches.get(round(line.size), line.size * 1.2):
        return True
    if marked and _all_bold(line):
        return True
    if abs(before.size - line.size) > 1.0 or _all_bold(before) != _all_bold(line):
        return _all_bold(before) or line.text.is_bold or abs(before.size - line.size) > 1.0
    if marked and line.text.text.startswith("(") and _is_short(before, line, layout):
        return True
    return marked and complete and not layout.spaced


def _begins_column(
    before: PrintedLine, line: PrintedLine, layout: _Layout, *, marked: bool, complete: bool
) -> bool:
    if _all_bold(before) != _all_bold(line) or (marked and _all_bold(line)):
        return True
    if not complete or line.text.text[:1].islower():
        return False
    return marked or _is_short(before, line, layout)


def _is_short(before: PrintedLine, line: PrintedLine, layout: _Layout) -> bool:
    """Tell whether the next word would have fitted on the line: then its end was meant."""
    edges = layout.edges.get(before.page, {}).values()
    edge = min((right for right in edges if right >= before.right), default=before.right)
    word = line.text.text.split(" ", 1)[0]
    spare = _ESTIMATE * (before.right - before.left)
    return before.right + width_of(f" {word}", line.size) + spare < edge


def _all_bold(line: PrintedLine) -> bool:
    marks = [m for c, m in zip(line.text.text, line.text.marks, strict=True) if c.isalnum()]
    return bool(marks) and all(mark in "bx" for mark in marks)


def _joined(row: Sequence[PrintedLine], words: Counter[str]) -> Paragraph:
    text = row[0].text
    for line in row[1:]:
        text = _join(text, line.text, words)
    return Paragraph(text=text, page=row[0].page, left=row[0].left, size=row[0].size)


def _join(text: Styled, line: Styled, words: Counter[str]) -> Styled:
    cut = _CUT.search(text.text)
    rest = _WORD.match(line.text)
    if cut and rest and rest[0][0].islower():
        stem, end = cut[1].lower(), rest[0].lower()
        whole, hyphened = words[f"{stem}{end}"], words[f"{stem}-{end}"]
        if whole > hyphened or (whole == hyphened and text.text.endswith("\u00ad")):
            return text[: len(text.text) - 1] + line
        return text + line
    if text.text.endswith(_WITHOUT_BLANK) and text.text[-2:-1] != " ":
        return text + line
    return text + Styled(" ", line.marks[:1]) + line
