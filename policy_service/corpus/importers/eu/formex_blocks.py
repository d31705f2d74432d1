"""Blocks of Formex: text, points, tables and quoted provisions of one unit.

Footnotes are no part of the text and are left out. Source: Formex 4 and 6 physical
specifications, Publications Office of the European Union.
"""

from collections.abc import Callable

from lxml import etree

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.numbers import (
    article_label,
    is_dash,
    section_label,
    superscript,
)
from policy_service.corpus.importers.eu.units import Block, Unit, close_line, lines_of

_DROPPED_TEXT = """
    NOTE GR.NOTES INCL.ELEMENT IE MARGIN BIB.INSTANCE BIB.INSTANCE.CONS TOC NO.DOC.C PAGE
"""
_DROPPED = frozenset(_DROPPED_TEXT.split())
_INLINE_TEXT = """
    HT FT DATE REF.DOC REF.DOC.OJ REF.DOC.SE REF.DOC.ECR REF.CORE REF.NP.ECR QUOT.START
    QUOT.END NOTE IE BR ACRON ADDR.S NO.CELEX NO.DOC LINK KEYWORD IMG.CNT FORMULA FRACTION
    DIVIDEND DIVISOR EXPONENT SUB SUP IND OVER ROOT EXPR OP.CMP OP.MATH PERIOD CHAR NO.ECR
    INCL.ELEMENT PL.DATE DURAB FMT.VALUE LV BASE OVERLINE UNDERLINE INTEGRAL SUM PRODUCT
    FUNCTION TERM MARGIN EXP BAR VECTOR DEGREE
"""
_INLINE = frozenset(_INLINE_TEXT.split())
_DASH = "—"


def text_of(element: etree._Element) -> str:
    """Return an element's text on one line, with its quotation marks and without notes."""
    pieces: list[str] = []
    _gather(element, pieces)
    return " ".join("".join(pieces).split())


def blocks_of(element: etree._Element) -> tuple[Block, ...]:
    """Return what an element holds: lines of its own text, and the units below it."""
    return _blocks(element, None)


def title_of(element: etree._Element | None) -> str:
    """Return a title on one line, its paragraphs joined by blanks."""
    if element is None:
        return ""
    return " ".join(line for line in lines_of(blocks_of(element)) if line)


def block_of(element: etree._Element) -> list[Block]:
    """Return what one element contributes to the unit around it."""
    if element.tag in _DROPPED:
        return []
    read = _READERS.get(element.tag)
    return read(element) if read is not None else list(blocks_of(element))


def _blocks(element: etree._Element, left_out: etree._Element | None) -> tuple[Block, ...]:
    blocks: list[Block] = []
    pieces = [element.text or ""]
    for child in element:
        if child.tag in _INLINE:
            _gather_child(child, pieces)
        elif child is not left_out:
            close_line(pieces, blocks)
            blocks += block_of(child)
        pieces.append(child.tail or "")
    close_line(pieces, blocks)
    return tuple(blocks)


def _point(element: etree._Element) -> list[Block]:
    return _numbered(element, _child(element, "NO.P"), PartKind.POINT)


def _paragraph(element: etree._Element) -> list[Block]:
    return _numbered(element, _child(element, "NO.PARAG"), PartKind.PARAGRAPH)


def _numbered(
    element: etree._Element, number: etree._Element | None, kind: PartKind
) -> list[Block]:
    mark = text_of(number) if number is not None else ""
    blocks = list(_blocks(element, number))
    if not mark:
        return blocks
    if is_dash(mark):
        return list(_dashed(blocks))
    return [Unit(kind=kind, number=mark, blocks=tuple(blocks))]


def _list(element: etree._Element) -> list[Block]:
    dashed = element.get("TYPE", "") in ("DASH", "BULLET", "OTHER", "NDASH", "MDASH")
    found: list[Block] = []
    for item in element:
        inner = block_of(item)
        plain = dashed and not any(isinstance(block, Unit) for block in inner[:1])
        already = bool(inner) and isinstance(inner[0], str) and inner[0].startswith(_DASH)
        found += _dashed(inner) if plain and not already else inner
    return found


def _dashed(blocks: list[Block]) -> list[str]:
    lines = lines_of(blocks)
    return [f"{_DASH} {lines[0]}", *lines[1:]] if lines else []


def _definitions(element: etree._Element) -> list[Block]:
    separator = element.get("SEPARATOR", "").strip()
    lines: list[Block] = []
    for item in element.iterchildren("DLIST.ITEM"):
        term, *meaning = [" ".join(lines_of(blocks_of(part))) for part in item] or [""]
        lines.append(" ".join((f"{term}{separator}", *meaning)).strip())
    return lines


def _table(element: etree._Element) -> list[Block]:
    title = _child(element, "TITLE")
    lines: list[Block] = [title_of(title)] if title is not None else []
    for row in element.iter("ROW", "BLK"):
        cells = [
            " ".join(lines_of(blocks_of(cell))) if cell.tag == "CELL" else title_of(cell)
            for cell in row.iterchildren("CELL", "TI.BLK", "STI.BLK")
        ]
        if any(cells):
            lines.append(" ".join(" | ".join(cells).split()))
    return lines


def _quoted(element: etree._Element) -> list[Block]:
    """Flatten a quoted provision; its marks stand in lines of their own in some texts."""
    lines: list[str] = []
    for line in lines_of(blocks_of(element)):
        closing = bool(lines) and len(line.strip('’”»“" .;,')) == 0
        opening = bool(lines) and len(lines[-1].strip('‘“«„"')) == 0
        if closing or opening:
            lines[-1] += line
        else:
            lines.append(line)
    return list(lines)


def _group(element: etree._Element) -> list[Block]:
    title = _child(element, "TITLE")
    inner = [block for child in element if child is not title for block in block_of(child)]
    if title is None:
        return inner
    numbered = title.find("TI/NP")
    if numbered is not None:
        number = text_of(numbered.find("NO.P")) if numbered.find("NO.P") is not None else ""
        words = " ".join(text_of(child) for child in numbered if child.tag != "NO.P")
        if number and not is_dash(number):
            point = PartKind.POINT
            return [Unit(kind=point, number=number, title=words, blocks=tuple(inner))]
    words = title_of(title)
    named = section_label(words)
    if named is None:
        return [words, *inner] if words else inner
    label, rest = named
    return [Unit(kind=PartKind.PASSAGE, number=label.words, title=rest, blocks=tuple(inner))]


def _inner_article(element: etree._Element) -> list[Block]:
    """Read an article of a text that is annexed or quoted: no article of the act itself."""
    number, title = title_of(_child(element, "TI.ART")), title_of(_child(element, "STI.ART"))
    inner = [
        block
        for child in element
        if child.tag not in ("TI.ART", "STI.ART")
        for block in block_of(child)
    ]
    named = article_label(number)
    words = named.words if named else number
    return [Unit(kind=PartKind.PASSAGE, number=words, title=title, blocks=tuple(inner))]


_READERS: dict[str, Callable[[etree._Element], list[Block]]] = {
    "NP": _point,
    "PARAG": _paragraph,
    "LIST": _list,
    "TBL": _table,
    "DLIST": _definitions,
    "QUOT.S": _quoted,
    "GR.SEQ": _group,
    "DIVISION": _group,
    "ARTICLE": _inner_article,
}


def _gather(element: etree._Element, pieces: list[str]) -> None:
    pieces.append(element.text or "")
    for child in element:
        if child.tag not in _INLINE and child.tag not in _DROPPED:
            pieces.append(" ")
        _gather_child(child, pieces)
        pieces.append(child.tail or "")


def _gather_child(child: etree._Element, pieces: list[str]) -> None:
    if child.tag in ("QUOT.START", "QUOT.END"):
        pieces.append(_quotation_mark(child))
    elif child.tag == "NOTE":
        _close_up(pieces, child.tail or "")
    elif child.tag == "BR":
        pieces.append(" ")
    elif child.tag == "FT" and child.get("TYPE") == "NUMBER":
        pieces.append(_number(child.text or ""))
    elif child.tag == "HT" and child.get("TYPE") == "SUP":
        pieces.append(superscript(text_of(child)))
    elif child.tag not in _DROPPED:
        _gather(child, pieces)


def _close_up(pieces: list[str], tail: str) -> None:
    """Drop the blanks before a note that punctuation follows: they belonged to its mark."""
    while pieces and tail[:1] in tuple(",.;:)") and tail:
        before = pieces.pop().rstrip()
        if before:
            pieces.append(before)
            return


def _quotation_mark(element: etree._Element) -> str:
    fallback = "2018" if element.tag == "QUOT.START" else "2019"
    try:
        return chr(int(element.get("CODE") or fallback, 16))
    except (ValueError, OverflowError):
        return chr(int(fallback, 16))


def _number(digits: str) -> str:
    """Group thousands by a blank, as the journal prints what Formex holds as a bare number."""
    bare = digits.strip()
    return f"{int(bare):,}".replace(",", " ") if bare.isdecimal() else digits


def _child(element: etree._Element, tag: str) -> etree._Element | None:
    return next(element.iterchildren(tag), None)
