"""The words of eCFR XML: which elements are text, which are italic, which are left out."""

from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.us.section import Line
from policy_service.corpus.importers.us.styled import ITALIC, PLAIN, Styled, styled

_PARAGRAPHS = ("P", "PSPACE")
_FLUSH = (
    "FP",
    "FP-1",
    "FP-2",
    "FP1",
    "FP1-2",
    "FP2",
    "FP2-2",
    "FP2-3",
    "FP-DASH",
    "HD1",
    "HD2",
    "HD3",
    "LDRWK",
    "MATH",
)
_BLOCKS = ("EXTRACT", "EXAMPLE", "DIV", "LDRFIG", "BOXTXT", "ABBREV", "EXHIBIT")
_SLANTED_EMPHASIS = ("03", "7462")  # of `E`: italic, bold italic
_NO_TEXT = ("FTREF", "GID", "IMG", "img", "XREF_ID")


def head_text(division: etree._Element) -> str:
    """Return a division's heading, white space normalised."""
    head = division.find("HEAD")
    return "" if head is None else words(head).text


def lines_of(division: etree._Element) -> Iterator[Line]:
    """Yield the printed paragraphs of a section or appendix."""
    yield from _lines(division, flush=False)


def words(element: etree._Element) -> Styled:
    """Return an element's words with their slant; raised marks of footnotes are left out."""
    return styled(_runs(element, PLAIN))


def _lines(element: etree._Element, *, flush: bool) -> Iterator[Line]:
    for child in element:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag in _PARAGRAPHS or tag in _FLUSH:
            yield Line(text=words(child), flush=flush or tag in _FLUSH)
        elif tag == "TABLE":
            yield from _table(child)
        elif tag in _BLOCKS:
            yield from _lines(child, flush=True)


def _table(table: etree._Element) -> Iterator[Line]:
    for row in table.iter("TR", "tr"):
        cells = [words(cell).text for cell in row if cell.tag in ("TD", "TH", "td", "th")]
        if any(cells):
            text = " | ".join(cells)
            yield Line(text=Styled(text, PLAIN * len(text)), flush=True)


def _runs(element: etree._Element, mark: str) -> Iterator[tuple[str, str]]:
    yield element.text or "", mark
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _NO_TEXT and not _is_note_mark(child):
            yield from _runs(child, ITALIC if _is_slanted(child) else mark)
        yield child.tail or "", mark


def _is_note_mark(element: etree._Element) -> bool:
    """Tell the mark of a footnote from an exponent: only where the section has footnotes."""
    if element.tag != "SU":
        return False
    return any(
        division.find(".//FTNT") is not None for division in element.iterancestors("DIV8", "DIV9")
    )


def _is_slanted(element: etree._Element) -> bool:
    if element.tag == "E":
        return element.get("T", "") in _SLANTED_EMPHASIS
    return element.tag in ("I", "i", "EM", "em")
