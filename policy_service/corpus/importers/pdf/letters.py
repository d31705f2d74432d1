"""The letters of a PDF with their places: what its pages show, piece by piece.

The one module that knows the PDF library. Raises `CorpusError`, one line, for a file that is
broken, locked, or longer than any law.
"""

import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from policy_service.corpus.importers.document import SourceFile
from policy_service.corpus.importers.us.styled import mark_of
from policy_service.domain.errors import CorpusError

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_MOST_PAGES = 5_000
_LEADING = 1.2  # of the letter size: the distance of lines where a piece holds several
_LEVEL = 0.25  # of the letter size: how far pieces of one line may stand apart in height
_NARROW, _WIDE = "iljtfrI.,;:'()[]!|’‘ ", "mwMW—@%"
SHORT = 3  # letters that may have been drawn apart from their line


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters shown together; lengths in points from the page's lower left corner."""

    text: str
    mark: str  # of `us_styled`
    left: float
    height: float
    size: float

    @property
    def end(self) -> float:
        """Estimate where they end; widths of fonts differ by a tenth."""
        return self.left + width_of(self.text.rstrip(), self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLetters:
    """A page's letters in the order of its content."""

    number: int
    top: float
    bottom: float
    letters: tuple[Letters, ...]


def letters_of(file: SourceFile) -> tuple[PageLetters, ...]:
    """Read every page of a PDF."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of what it repairs
    try:
        reader = _opened(PdfReader, file)
        return tuple(_page(page, number) for number, page in enumerate(reader.pages, start=1))
    except CorpusError:
        raise
    except Exception as error:  # a broken PDF fails anywhere in the parser
        raise CorpusError(
            f"`{file.name}` is a broken PDF ({_reason(error)}): fetch it again"
        ) from error


def width_of(text: str, size: float) -> float:
    """Estimate how wide a text is printed, in points."""
    return size * sum(_ems(letter) for letter in text)


def _ems(letter: str) -> float:
    if letter in _NARROW:
        return 0.29
    if letter in _WIDE:
        return 0.82
    return 0.66 if letter.isupper() else 0.48


def _opened(reader_of: "type[PdfReader]", file: SourceFile) -> "PdfReader":
    reader = reader_of(io.BytesIO(file.data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise CorpusError(f"`{file.name}` is locked by a password: save it without one")
    if len(reader.pages) > _MOST_PAGES:
        raise CorpusError(
            f"`{file.name}` has more than {_MOST_PAGES:,} pages: cut it into its documents"
        )
    return reader


def _reason(error: Exception) -> str:
    words = " ".join(str(error).split())[:80]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _page(page: "PageObject", number: int) -> PageLetters:
    collector = _Collector()
    page.extract_text(visitor_text=collector.text, visitor_operand_before=collector.operand)
    return PageLetters(
        number=number,
        top=float(page.mediabox.top),
        bottom=float(page.mediabox.bottom),
        letters=tuple(collector.letters),
    )


@dataclass(frozen=True, slots=True)
class _Show:
    """One text operator: how many letters it shows, and where."""

    letters: int
    left: float
    height: float


class _Collector:
    """Collects what the library reports while it walks through a page's content."""

    def __init__(self) -> None:
        self.letters: list[Letters] = []
        self._shows: list[_Show] = []

    def operand(
        self, operator: bytes, operands: Sequence[object], page: list[float], matrix: list[float]
    ) -> None:
        """Note where a text operator stands."""
        if operator in (b"Tj", b"TJ") and operands:
            self._shows.append(_Show(_count(operands[0]), *_place(page, matrix)))

    def text(
        self,
        text: str,
        page: list[float],
        matrix: list[float],
        font: Mapping[str, object] | None,
        size: float,
    ) -> None:
        """Take the text of the operators noted since the last."""
        left, height = _place(page, matrix)
        points = size * (abs(matrix[3]) or 1.0) * (abs(page[3]) or 1.0)
        mark = _mark(font)
        for row, words in enumerate(text.strip("\n").split("\n")):
            if words:
                down = height - row * points * _LEADING
                self.letters.extend(self._cut(Letters(words, mark, left, down, points)))
        self._shows.clear()

    def _cut(self, piece: Letters) -> list[Letters]:
        """Cut off an initial or an end that the library joined to letters far from it."""
        count = 0
        for show, following in pairwise(self._shows):
            count += show.letters
            first = Letters(piece.text[:count], piece.mark, piece.left, show.height, piece.size)
            if len(first.text.strip()) > SHORT:
                break
            sunk = abs(following.height - show.height) > _LEVEL * piece.size
            if sunk or following.left - first.end > 3 * piece.size:
                rest = piece.text[count:].lstrip()
                return [
                    first,
                    Letters(rest, piece.mark, following.left, following.height, piece.size),
                ]
        return [piece]


def _count(operand: object) -> int:
    """Count the letters an operator shows: those of a string, or of the strings in a list."""
    if isinstance(operand, str | bytes):
        return len(operand)
    if isinstance(operand, list):
        return sum(len(one) for one in operand if isinstance(one, str | bytes))
    return 0


def _place(page: Sequence[float], matrix: Sequence[float]) -> tuple[float, float]:
    left = matrix[4] * page[0] + matrix[5] * page[2] + page[4]
    height = matrix[4] * page[1] + matrix[5] * page[3] + page[5]
    return left, height


def _mark(font: Mapping[str, object] | None) -> str:
    name = str(font.get("/BaseFont", "")).lower() if font else ""
    return mark_of(
        italic="italic" in name or "oblique" in name,
        bold="bold" in name or "black" in name or "heavy" in name,
    )
