"""The printed lines of a PDF: letters back in lines, without what stands beside the text.

It trusts the order of the page's own content, which in published regulations is the order of
reading, columns included. Pictures of text hold no letters and are refused, not read.
"""

from collections.abc import Iterator, Sequence

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.pdf.furniture import Page, PrintedLine, without_furniture
from policy_service.corpus.importers.pdf.letters import SHORT, Letters, letters_of
from policy_service.corpus.importers.us.styled import styled
from policy_service.domain.errors import CorpusError

_SAME_LINE = 0.25  # of the letter size: how far letters of one line may stand apart in height
_WORD_GAP = 0.9  # of the letter size: a gap that is a blank though none is written
_TOUCHING = 0.4  # of the letter size
_NO_BLANK = 0.12  # of the letter size: less than any font's blank
_ESTIMATE = 0.1  # of a line's length: how far estimated widths may be out
_RAISED = 0.8  # of the size of the line: smaller figures are marks of footnotes

_Row = list[Letters]


def lines_of(file: SourceFile) -> tuple[PrintedLine, ...]:
    """Return the lines of a PDF in reading order.

    Raises `CorpusError`, one line, where it is broken, locked, or holds no letters.
    """
    pages = tuple(
        Page(
            number=page.number,
            top=page.top,
            bottom=page.bottom,
            lines=tuple(_lines(page.letters, page.number)),
        )
        for page in letters_of(file)
    )
    if not any(page.lines for page in pages):
        raise CorpusError(
            f"`{file.name}` holds no text, only pictures of it: run it through text recognition"
        )
    return tuple(line for page in without_furniture(pages) for line in page.lines)


def _lines(letters: Sequence[Letters], page: int) -> Iterator[PrintedLine]:
    rows: list[_Row] = []
    for one in letters:
        goes_on = bool(rows) and _same_line(rows[-1], one)
        if not one.text.strip() and not goes_on:
            continue
        if goes_on and not _apart(rows[-1][-1], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    for row in _mended(rows):
        yield from _line(row, page)


def _same_line(row: _Row, one: Letters) -> bool:
    return (_level(row[0], one) or _is_raised(row[0], one)) and one.left >= row[-1].left - 1.0


def _level(one: Letters, other: Letters) -> bool:
    return abs(one.height - other.height) <= _SAME_LINE * max(one.size, other.size)


def _is_raised(before: Letters, one: Letters) -> bool:
    apart = abs(one.height - before.height)
    return one.size < _RAISED * before.size and apart < before.size and one.text.strip().isdigit()


def _apart(before: Letters, one: Letters) -> bool:
    """Tell whether two short pieces of one height are ends of different lines."""
    short = max(len(before.text.strip()), len(one.text.strip())) <= SHORT
    return short and one.left - before.end > 3 * one.size


def _mended(rows: list[_Row]) -> list[_Row]:
    """Put letters that the page draws apart (initials, ends) back to the line they stand in."""
    at: dict[int, list[_Row]] = {}
    for row in rows:
        at.setdefault(round(row[0].height), []).append(row)
    for row in rows:
        if len("".join(one.text for one in row).strip()) > SHORT:
            continue
        heights = range(round(row[0].height) - 1, round(row[0].height) + 2)
        beside = [other for height in heights for other in at.get(height, []) if other is not row]
        home = _home(row, [other for other in beside if other and _level(other[0], row[0])])
        if home is not None:
            home[:] = sorted((*home, *row), key=lambda one: one.left)
            row.clear()
    return [row for row in rows if row]


def _home(row: _Row, beside: Sequence[_Row]) -> _Row | None:
    """Find the line that begins where short letters end, or ends where they begin."""
    size = row[0].size
    for other in beside:
        if abs(other[0].left - row[-1].end) < _TOUCHING * size:
            return other
    for other in beside:
        slack = size + _ESTIMATE * (other[-1].end - other[0].left)
        if other[0].left < row[0].left and abs(row[0].left - other[-1].end) < slack:
            return other
    return None


def _line(row: _Row, page: int) -> Iterator[PrintedLine]:
    runs: list[tuple[str, str]] = []
    size = max(one.size for one in row)
    before: Letters | None = None
    for one in row:
        if one.size < _RAISED * size and one.text.strip().isdigit():
            continue
        if before and one.left - before.end > _WORD_GAP * one.size:
            runs.append((" ", one.mark))
        elif before and _is_cut(before, one):
            runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
        runs.append((one.text, one.mark))
        before = one
    text = styled(runs)
    if before and text.text:
        yield PrintedLine(
            text=text,
            page=page,
            left=row[0].left,
            right=before.end,
            height=row[0].height,
            size=size,
        )


def _is_cut(before: Letters, one: Letters) -> bool:
    """Tell whether a blank was written after an initial though its word goes on beside it."""
    initial = before.text.strip()
    if len(initial) != 1 or not initial.isalpha() or not one.text[:1].islower():
        return False
    return before.text != initial and one.left - before.end < _NO_BLANK * one.size
