"""A policy of an organisation in PDF: which paragraphs are headings, for the common outline.

Headings are told by size or weight; numbers at their start give the level. What the outline
makes of them is in `assembly_outline.py`, alike for Markdown, DOCX and PDF.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.office.outline import Block, BlockKind
from policy_service.corpus.importers.office.policy import policy_document
from policy_service.corpus.importers.pdf.paragraphs import Paragraph

_NUMBER = re.compile(r"^(?:§\s*|(?:section|article)\s+)?(\d{1,3}(?:\.\d{1,3})*)[.):]?\s", re.I)
_ITEM = re.compile(r"^(?:[•▪●◦○■–-]\s*(?=\w)|(?=\(?(?:[a-z]{1,4}|\d{1,3})[.)]\s))", re.I)
_BULLET = re.compile(r"^[•▪●◦○■–-]\s*")
_CONTENTS = re.compile(r"(?:\.\s?){4,}\s*\d+$")
_LONGEST_HEADING = 120
_LARGER = 0.9  # points above the usual size


def document_of(file: SourceFile, paragraphs: Sequence[Paragraph]) -> Document:
    """Read the paragraphs of one PDF that is no law."""
    shown = [one for one in paragraphs if not _CONTENTS.search(one.text.text)]
    return policy_document(format_name="pdf", file=file, blocks=tuple(_blocks(shown)), facts={})


def _blocks(paragraphs: Sequence[Paragraph]) -> Iterator[Block]:
    usual = _usual_size(paragraphs)
    sizes = sorted({_points(one) for one in paragraphs if _is_heading(one, usual)}, reverse=True)
    for paragraph in paragraphs:
        text = paragraph.text.text
        if _is_heading(paragraph, usual):
            yield Block(kind=BlockKind.HEADING, text=text, level=_level(paragraph, sizes))
        elif _ITEM.match(text):
            yield Block(kind=BlockKind.LINE, text=_BULLET.sub("— ", text))
        else:
            yield Block(kind=BlockKind.PARAGRAPH, text=text)


def _usual_size(paragraphs: Sequence[Paragraph]) -> float:
    """Return the size most of the text is set in."""
    letters: Counter[int] = Counter()
    for one in paragraphs:
        letters[_points(one)] += len(one.text.text)
    return letters.most_common(1)[0][0] / 2 if letters else 0.0


def _points(paragraph: Paragraph) -> int:
    return round(paragraph.size * 2)  # in half points, so that like sizes are one


def _is_heading(paragraph: Paragraph, usual: float) -> bool:
    text = paragraph.text.text
    if len(text) > _LONGEST_HEADING or text.endswith((".", ";", ",", ":")):
        return False
    return paragraph.is_bold or paragraph.size > usual + _LARGER


def _level(paragraph: Paragraph, sizes: Sequence[int]) -> int:
    """A number at its start says a heading's level below the title's, else its size does."""
    number = _NUMBER.match(paragraph.text.text)
    if number:
        return 2 + number[1].count(".")
    return 1 + sizes.index(_points(paragraph))
