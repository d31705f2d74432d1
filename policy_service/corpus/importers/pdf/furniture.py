"""What a page prints beside its text: headers, footers, page numbers and footnotes, left out.

Furniture is what comes back in the margins of the pages; a footnote is small print at the foot
that begins with a mark. What stands in the middle of a page is always text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from policy_service.corpus.importers.us.styled import Styled

_MARGIN = 0.09  # of the page height: where headers and footers stand
_REPEATED = 0.3  # of the pages: a line there that comes back as often is furniture
_SMALL = 0.9  # of the usual letter size: footnotes are smaller
_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—\s]*(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d+)?[-–—\s]*", re.IGNORECASE
)
_NOTE = re.compile(r"(?:[*†‡]|\d{1,3}\s)")
_NOTE_MARK = re.compile(r"(?<=[\w)\].,;:”])[*†‡]+(?:\s(?=[,.;:])|(?=[\s,.;:)]|$))")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One line as it is printed; lengths in points, from the page's lower left corner."""

    text: Styled
    page: int
    left: float
    right: float
    height: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page's lines in the order of its content."""

    number: int
    top: float
    bottom: float
    lines: tuple[PrintedLine, ...]


def without_furniture(pages: Sequence[Page]) -> tuple[Page, ...]:
    """Leave out what returns in the margins of the pages, and page numbers."""
    counted = Counter(
        key
        for page in pages
        for key in {_key(line) for line in page.lines if _marginal(line, page)}
    )
    often = {key for key, count in counted.items() if count >= max(3, _REPEATED * len(pages))}
    kept = [
        replace(page, lines=tuple(one for one in page.lines if not _is_furniture(one, page, often)))
        for page in pages
    ]
    usual = _usual_size(kept)
    return tuple(_without_notes(page, usual) for page in kept)


def _usual_size(pages: Sequence[Page]) -> float:
    letters: Counter[int] = Counter()
    for page in pages:
        for line in page.lines:
            letters[round(line.size * 2)] += len(line.text.text)
    return letters.most_common(1)[0][0] / 2 if letters else 0.0


def _without_notes(page: Page, usual: float) -> Page:
    """Leave out the small print at the foot of a page, and its marks in the text."""
    foot: list[PrintedLine] = []
    for line in sorted(page.lines, key=lambda one: one.height):
        if line.size > _SMALL * usual:
            break
        foot.append(line)
    first = min(foot, key=lambda one: (-round(one.height), one.left), default=None)
    if first is None or not _NOTE.match(first.text.text) or len(foot) == len(page.lines):
        return page
    marked = first.text.text[0] in "*†‡"
    lines = (line for line in page.lines if line not in foot)
    return replace(
        page,
        lines=tuple(replace(one, text=_unmarked(one.text)) if marked else one for one in lines),
    )


def _unmarked(text: Styled) -> Styled:
    while found := _NOTE_MARK.search(text.text):
        text = text[: found.start()] + text[found.end() :]
    return text


def _is_furniture(line: PrintedLine, page: Page, often: set[tuple[str, int]]) -> bool:
    if not _marginal(line, page):
        return False
    return _key(line) in often or _PAGE_NUMBER.fullmatch(line.text.text) is not None


def _marginal(line: PrintedLine, page: Page) -> bool:
    margin = _MARGIN * (page.top - page.bottom)
    return line.height > page.top - margin or line.height < page.bottom + margin


def _key(line: PrintedLine) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text.text), round(line.height / 4)
