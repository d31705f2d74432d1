"""Units of an Akoma Ntoso document: what its containers, numbers and lists are.

Source: OASIS, Akoma Ntoso Version 1.0 part 1 and 2 (XML vocabulary, namespace 3.0), and
AKN4EU for recitals and points.
"""

from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.numbers import bare_number, is_dash, superscript
from policy_service.corpus.importers.eu.units import Block, Unit, close_line, lines_of

_DROPPED_TEXT = """
    meta authorialNote noteRef num heading subheading del img toc componentInfo comment
"""
_DROPPED = frozenset(_DROPPED_TEXT.split())
_INLINE_TEXT = """
    a abbr affectedDocument b concept date def docDate docNumber docTitle docType docPurpose
    docProponent docketNumber entity eol event fillIn i inline ins judge lawyer legislature
    location marker mmod mod mref noteRef object omissis opinion organization party person
    placeholder process quantity quotedText ref relatedDocument remark rmod role rref session
    shortTitle signature span sub sup term time u vote authorialNote del img embeddedText
"""
_INLINE = frozenset(_INLINE_TEXT.split())
_HIERARCHY_TEXT = """
    alinea article book chapter clause division indent level list paragraph part point proviso
    rule section subchapter subclause subdivision sublist subparagraph subpart subrule
    subsection subtitle title tome transitional subpoint
"""
_HIERARCHY = frozenset(_HIERARCHY_TEXT.split())
_PARAGRAPHS = frozenset({"paragraph", "subsection"})


def name_of(element: etree._Element) -> str:
    """Return an element's name without its namespace; empty for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text_of(element: etree._Element | None) -> str:
    """Return an element's text on one line, without notes and deleted words."""
    if element is None:
        return ""
    pieces: list[str] = []
    _gather(element, pieces)
    return " ".join("".join(pieces).split())


def named(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Find elements below one by name, in whatever namespace of the standard."""
    yield from (found for found in element.iter() if name_of(found) in names)


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of a name."""
    return next((found for found in element if name_of(found) == name), None)


def recitals_of(preamble: etree._Element) -> Iterator[Unit]:
    """Read recitals; one without a number is numbered by its place."""
    for position, recital in enumerate(named(preamble, "recital"), start=1):
        number = text_of(child(recital, "num")) or f"({position})"
        yield Unit(kind=PartKind.RECITAL, number=number, blocks=tuple(blocks_of(recital)))


def articles_of(
    body: etree._Element, heading: tuple[str, ...] = (), *, rank: str | None = None
) -> Iterator[Unit]:
    """Read the units that have numbers of their own: articles, or sections where none are."""
    unit = rank or _rank(body)
    for element in body:
        name = name_of(element)
        if name in _DROPPED:
            continue
        if name == unit:
            yield _article(element, heading)
        elif any(True for _ in named(element, unit)) and name != "quotedStructure":
            yield from articles_of(element, (*heading, *_heading(element)), rank=unit)
        else:
            blocks = tuple(block_of(element))
            if any(isinstance(block, str) or block.number for block in blocks):
                yield Unit(kind=PartKind.PASSAGE, number="", blocks=blocks, heading=heading)


def blocks_of(element: etree._Element) -> list[Block]:
    """Return what an element holds: lines of its own text, and the units below it."""
    blocks: list[Block] = []
    pieces = [element.text or ""]
    for found in element:
        name = name_of(found)
        if name in _INLINE and not _holds_structure(found):
            _gather_child(found, pieces)
        elif name:
            close_line(pieces, blocks)
            blocks += block_of(found)
        pieces.append(found.tail or "")
    close_line(pieces, blocks)
    return blocks


def block_of(element: etree._Element) -> list[Block]:
    """Return what one element contributes to the unit around it."""
    name = name_of(element)
    if name in _DROPPED:
        return []
    if name in _HIERARCHY or name == "item":
        return _numbered(element, name)
    if name == "quotedStructure":
        return list(_quoted(element))
    if name == "table":
        return [line for row in named(element, "tr") if (line := _row(row))]
    if name == "li":
        return _dashed(blocks_of(element))
    return blocks_of(element)


def _rank(body: etree._Element) -> str:
    found = {
        name_of(element)
        for element in body.iter()
        if not any(name_of(above) == "quotedStructure" for above in element.iterancestors())
    }
    return next((name for name in ("article", "section", "rule") if name in found), "paragraph")


def _article(element: etree._Element, heading: tuple[str, ...]) -> Unit:
    number = text_of(child(element, "num"))
    name = name_of(element)
    if name != "article" and number and not any(sign.isalpha() for sign in number[:-1]):
        number = f"{name.capitalize()} {number.strip(' .')}"
    elif name == "article" and number.strip(" .").isdecimal():
        number = f"Article {number.strip(' .')}"
    title = " ".join(filter(None, (text_of(child(element, n)) for n in ("heading", "subheading"))))
    return Unit(
        kind=PartKind.ARTICLE,
        number=number,
        title=title,
        heading=heading,
        blocks=tuple(blocks_of(element)),
    )


def _numbered(element: etree._Element, name: str) -> list[Block]:
    number, title = text_of(child(element, "num")), text_of(child(element, "heading"))
    blocks = blocks_of(element)
    if not number:
        return [title, *blocks] if title else blocks
    if is_dash(number):
        return _dashed(blocks)
    paragraph = name in _PARAGRAPHS and bare_number(number)[:1].isdigit()
    kind = PartKind.PARAGRAPH if paragraph else PartKind.POINT
    return [Unit(kind=kind, number=number, title=title, blocks=tuple(blocks))]


def _dashed(blocks: list[Block]) -> list[Block]:
    lines = lines_of(blocks)
    return [f"— {lines[0]}", *lines[1:]] if lines else []


def _quoted(element: etree._Element) -> list[str]:
    opening, closing = element.get("startQuote", ""), element.get("endQuote", "")
    lines = lines_of([block for found in element for block in _quoted_block(found)])
    if lines:
        lines[0] = opening + lines[0]
        lines[-1] += closing
    return lines


def _quoted_block(element: etree._Element) -> list[Block]:
    if name_of(element) != "article":
        return block_of(element)
    head = [text_of(child(element, name)) for name in ("num", "heading")]
    return [*(words for words in head if words), *blocks_of(element)]


def _holds_structure(element: etree._Element) -> bool:
    return any(True for _ in named(element, "quotedStructure"))


def _row(row: etree._Element) -> str:
    cells = [" ".join(lines_of(blocks_of(cell))) for cell in row if name_of(cell) in ("td", "th")]
    return " ".join(" | ".join(cells).split()) if any(cells) else ""


def _heading(element: etree._Element) -> tuple[str, ...]:
    words = [text_of(child(element, name)) for name in ("num", "heading")]
    joined = " — ".join(word for word in words if word)
    return (joined,) if joined else ()


def _gather(element: etree._Element, pieces: list[str]) -> None:
    pieces.append(element.text or "")
    for found in element:
        if name_of(found) not in _INLINE:
            pieces.append(" ")
        _gather_child(found, pieces)
        pieces.append(found.tail or "")


def _gather_child(element: etree._Element, pieces: list[str]) -> None:
    name = name_of(element)
    if name in ("authorialNote", "noteRef"):
        _close_up(pieces, element.tail or "")
    elif name == "eol":
        pieces.append(" ")
    elif name == "sup":
        pieces.append(superscript(text_of(element)))
    elif name == "quotedText":
        pieces.append(element.get("startQuote", ""))
        _gather(element, pieces)
        pieces.append(element.get("endQuote", ""))
    elif name and name not in _DROPPED:
        _gather(element, pieces)


def _close_up(pieces: list[str], tail: str) -> None:
    """Drop the blanks before a note that punctuation follows: they belonged to its mark."""
    if tail[:1] in tuple(",.;:)"):
        pieces[:] = ["".join(pieces).rstrip()]
