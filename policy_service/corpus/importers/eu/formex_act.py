"""An act in Formex as units: recitals, articles with the headings above them, annexes."""

from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.formex_blocks import block_of, blocks_of, text_of, title_of
from policy_service.corpus.importers.eu.units import Block, Unit

_ANNEXES = ("ANNEX", "CONS.ANNEX")
_OTHER_TITLES = ("BIB.DATA", "ENACTING.TERMS")
_HEADS = frozenset({"TI.ART", "STI.ART", "TITLE", "NO.DOC.C"})


def units_of_act(root: etree._Element) -> Iterator[Unit]:
    """Read the recitals and articles of one `ACT` or `CONS.ACT`."""
    yield from _recitals(root)
    for terms in root.iter("ENACTING.TERMS"):
        if not _inside(terms, ("QUOT.S", *_ANNEXES)):
            yield from _articles(terms, ())


def units_of_annexes(root: etree._Element) -> Iterator[Unit]:
    """Read the annexes in a file, itself one or holding some."""
    for element in root.iter(*_ANNEXES):
        if not _inside(element, ("QUOT.S", *_ANNEXES)):
            yield _annex(element)


def act_title(root: etree._Element) -> str:
    """Return the title of an act on one line, without the note on the EEA."""
    title = next(
        (
            found
            for found in root.iter("TITLE")
            if not _inside(found, ("BIB.DATA", "ENACTING.TERMS"))
        ),
        None,
    )
    if title is None:
        return ""
    lines = [text_of(line) for line in title.iter("P")] or [title_of(title)]
    return " ".join(line for line in lines if line)


def _recitals(root: etree._Element) -> Iterator[Unit]:
    position = 0
    for consid in root.iter("CONSID"):
        if _inside(consid, ("QUOT.S", *_ANNEXES)):
            continue
        position += 1
        blocks = blocks_of(consid)
        first = blocks[0] if blocks else ""
        if isinstance(first, Unit) and first.number:
            number, blocks = first.number, (*first.blocks, *blocks[1:])
        else:
            number = f"({position})"
        yield Unit(kind=PartKind.RECITAL, number=number, blocks=blocks)


def _articles(element: etree._Element, heading: tuple[str, ...]) -> Iterator[Unit]:
    for child in element:
        if child.tag == "ARTICLE":
            yield _article(child, heading)
        elif child.tag in ("DIVISION", "GR.SEQ"):
            yield from _articles(child, (*heading, *_division_title(child)))
        elif child.tag not in ("TITLE", "FINAL", "SIGNATURE") and child.tag not in _ANNEXES:
            blocks = blocks_of(child)
            if blocks:
                yield Unit(kind=PartKind.PASSAGE, number="", blocks=blocks, heading=heading)


def _article(element: etree._Element, heading: tuple[str, ...]) -> Unit:
    number = title_of(element.find("TI.ART")) or _identifier(element)
    blocks: list[Block] = []
    for child in element:
        if child.tag not in _HEADS:
            blocks += block_of(child)
    return Unit(
        kind=PartKind.ARTICLE,
        number=number,
        title=title_of(element.find("STI.ART")),
        blocks=tuple(blocks),
        heading=heading,
    )


def _annex(element: etree._Element) -> Unit:
    title = element.find("TITLE") if element.find("TITLE") is not None else element.find("TI")
    number, words = _annex_title(title)
    blocks = [
        block
        for child in list(element)
        if child is not title and child.tag != "BIB.INSTANCE"
        for block in blocks_of(child)
    ]
    return Unit(kind=PartKind.ANNEX, number=number, title=words, blocks=tuple(blocks))


def _annex_title(title: etree._Element | None) -> tuple[str, str]:
    if title is None:
        return "", ""
    lines = [line for line in (title_of(part) for part in title.iter("P", "NP")) if line]
    lines = lines or [title_of(title)]
    return lines[0], " ".join(lines[1:])


def _division_title(element: etree._Element) -> tuple[str, ...]:
    title = element.find("TITLE")
    if title is None:
        return ()
    words = [title_of(title.find(tag)) for tag in ("TI", "STI")]
    joined = " — ".join(word for word in words if word)
    return (joined,) if joined else ()


def _identifier(element: etree._Element) -> str:
    number = element.get("IDENTIFIER", "").lstrip("0")
    return f"Article {number.lower()}" if number else ""


def _inside(element: etree._Element, tags: tuple[str, ...]) -> bool:
    return any(above.tag in tags for above in element.iterancestors())
