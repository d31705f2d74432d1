"""A page of EUR-Lex as events: what its classes and tables say of headings and points.

Three generations of pages share one reader: the CONVEX form of the Official Journal
(`ti-art`, `normal`), its newer form (`oj-ti-art`, `eli-subdivision`), and consolidated
texts (`title-article-norm`, `grid-container`). Source: pages of EUR-Lex themselves.
"""

import re
from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.assembly import (
    Event,
    Heading,
    Number,
    Role,
    fold_quotes,
    rank_of,
)
from policy_service.corpus.importers.eu.numbers import annex_label, is_dash, superscript
from policy_service.corpus.importers.eu.units import Block, Unit, lines_of

_ROLES = {
    "ti-art": Role.ARTICLE,
    "title-article-norm": Role.ARTICLE,
    "sti-art": Role.ARTICLE_TITLE,
    "stitle-article-norm": Role.ARTICLE_TITLE,
    "ti-section-1": Role.DIVISION,
    "title-division-1": Role.DIVISION,
    "ti-section-2": Role.DIVISION_TITLE,
    "title-division-2": Role.DIVISION_TITLE,
    "title-annex-1": Role.ANNEX,
    "title-annex-2": Role.ANNEX_TITLE,
    "final": Role.END,
    "signatory": Role.END,
}
_FINAL_ID = re.compile(r"^(?:fnp|fin)_\d")
_GROUP = re.compile(r"^(?:ti-grseq-|title-gr-seq-level-)(\d)$")
_TITLES = frozenset({"doc-ti", "title-doc-first", "title-doc-last", "title-doc-oj-reference"})
_DROPPED_TEXT = """
    note footnote modref arrow hd-date hd-lg hd-ti hd-oj disclaimer reference separator
    toc-item toc-1 toc-2 toc-3 signatory-1 image tbl-notes hd-modifiers
"""
_DROPPED = frozenset(_DROPPED_TEXT.split())
_IGNORED_TAGS_TEXT = """
    script style head hr img col colgroup nav
"""
_IGNORED_TAGS = frozenset(_IGNORED_TAGS_TEXT.split())
_INLINE_TEXT = """
    a abbr b big bdo br cite code del em font i ins small span strike strong sub sup u q
"""
_INLINE = frozenset(_INLINE_TEXT.split())
_NOTE = re.compile(r"^#?(?:ntr|ntc|src\.E|E\d|ftn|fn|footnote)")
_MARKER = re.compile(r"[►▼]\s?[A-Z]{1,2}\d*\s*|◄")
_MARK = re.compile(r"^[‘“„«]?\(?\w{1,6}(?:\.\w{1,4})*[.)]*\)?$")
_PARAGRAPH = re.compile(r"^(\d+(?:\.\d+)*[a-z]{0,2}\.?(?<=\.))(?:\u00a0|\s{2})\s*(?=\S)")


def title_lines(body: etree._Element) -> list[str]:
    """Return the lines of the act's title."""
    lines: list[str] = []
    for line in body.iter("p"):
        if _classes(line) & _TITLES:
            lines.append(text_of(line))
        elif lines and text_of(line):
            break
    return [line for line in lines if line]


def events_of(body: etree._Element) -> Iterator[Event]:
    """Read a page's body. Titles of annexes are told from the act's own by their place."""
    begun, in_title = False, False
    for event in _walk(body):
        if isinstance(event, _Title):
            if not begun:
                continue
            opens = not in_title or annex_label(event.text) is not None
            role = Role.ANNEX if opens else Role.ANNEX_TITLE
            in_title = True
            yield Heading(role=role, text=event.text)
            continue
        in_title = False
        begun = begun or isinstance(event, Heading)
        yield event


class _Title(str):
    """A line of class `doc-ti`: of the act's title before its articles, an annex's after."""

    __slots__ = ()

    @property
    def text(self) -> str:
        return str(self)


def text_of(element: etree._Element) -> str:
    """Return an element's text on one line, without marks of footnotes and amendments."""
    return " ".join(_raw(element).split())


def _raw(element: etree._Element) -> str:
    pieces: list[str] = []
    _gather(element, pieces)
    return _MARKER.sub("", "".join(pieces))


def _walk(element: etree._Element) -> Iterator[Event]:
    pieces = [element.text or ""]
    for child in element:
        tag = child.tag
        if tag in _INLINE and "no-parag" not in _classes(child):
            _gather_child(child, pieces)
        elif isinstance(tag, str):
            yield from _line("".join(pieces), frozenset())
            pieces = []
            yield from _block(child)
        pieces.append(child.tail or "")
    yield from _line("".join(pieces), frozenset())


def _block(element: etree._Element) -> Iterator[Event]:
    classes = _classes(element)
    if element.tag in _IGNORED_TAGS or classes & _DROPPED:
        if "doc-end" in classes:
            yield Heading(role=Role.END)
    elif element.tag == "div" and _closes(element):
        yield Heading(role=Role.END)
    elif "no-parag" in classes:
        yield Number(text=text_of(element))
    elif "grid-container" in classes:
        yield from _grid(element)
    elif element.tag == "table":
        yield from _table(element)
    elif element.tag == "p" and not any("no-parag" in _classes(child) for child in element):
        yield from _line(_raw(element), classes)
    elif element.tag == "li":
        yield from _item("—", _blocks(element))
    else:
        yield from _walk(element)


def _closes(element: etree._Element) -> bool:
    """Say whether a division holds the closing formula and signatures."""
    named = _FINAL_ID.match(element.get("id") or "")
    return bool(named) or any(_ROLES.get(name) is Role.END for name in _classes(element))


def _line(raw: str, classes: frozenset[str]) -> Iterator[Event]:
    text = " ".join(_MARKER.sub("", raw).split())
    role = next((_ROLES[name] for name in sorted(classes) if name in _ROLES), None)
    group = next((found for name in sorted(classes) if (found := _GROUP.match(name))), None)
    if role is Role.END:
        yield Heading(role=role)
    elif not text:
        return
    elif role is not None:
        rank = rank_of(text) if role is Role.DIVISION else ""
        yield Heading(role=role, text=text, rank=rank)
    elif group:
        yield Heading(role=Role.GROUP, text=text, rank=group[1])
    elif classes & _TITLES:
        yield _Title(text)
    elif numbered := _PARAGRAPH.match(raw.strip()):
        yield Number(text=numbered[1])
        yield text[len(numbered[1]) :].strip()
    else:
        yield text


def _table(element: etree._Element) -> Iterator[Event]:
    plain = any("table" in name for name in _classes(element))
    for row in element.iter("tr"):
        if _table_of(row) is not element:
            continue
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        while cells and not text_of(cells[0]) and not plain and len(cells) > len("ab"):
            cells = cells[1:]
        mark = text_of(cells[0]) if cells else ""
        if not plain and len(cells) == len("ab") and (is_dash(mark) or _MARK.match(mark)):
            yield from _item(mark, _blocks(cells[1]))
        elif not plain and len(cells) == 1:
            yield from _walk(cells[0])
        elif any(text_of(cell) for cell in cells):
            words = (" ".join(lines_of(_blocks(cell))) for cell in cells)
            yield " ".join(" | ".join(words).split())


def _grid(element: etree._Element) -> Iterator[Event]:
    marks = [child for child in element.iter("div") if "grid-list-column-1" in _classes(child)]
    mark = next(iter(marks), None)
    if mark is None or _grid_of(mark) is not element:
        yield from _walk(element)
        return
    content: list[Block] = []
    for sibling in mark.itersiblings():
        if isinstance(sibling.tag, str):
            content += _blocks(sibling)
    yield from _item(text_of(mark), content)


def _item(mark: str, blocks: list[Block]) -> Iterator[Block]:
    if not is_dash(mark):
        yield Unit(kind=PartKind.POINT, number=mark, blocks=tuple(blocks))
        return
    lines = lines_of(blocks)
    yield from (f"— {line}" if n == 0 else line for n, line in enumerate(lines))


def _blocks(element: etree._Element) -> list[Block]:
    """Read what a cell holds: headings and numbers inside one are lines of its text."""
    found: list[Block] = []
    number = ""
    for event in fold_quotes(tuple(_walk(element))):
        if isinstance(event, Number):
            number = f"{event.text} "
        elif isinstance(event, Unit):
            found.append(event)
        else:
            text = event.text if isinstance(event, Heading) else str(event)
            found.append(f"{number}{text}")
            number = ""
    return [block for block in found if block]


def _gather(element: etree._Element, pieces: list[str]) -> None:
    pieces.append(element.text or "")
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _INLINE:
            pieces.append(" ")
        _gather_child(child, pieces)
        pieces.append(child.tail or "")


def _gather_child(child: etree._Element, pieces: list[str]) -> None:
    if not isinstance(child.tag, str) or child.tag in _IGNORED_TAGS:
        return
    if child.tag == "br":
        pieces.append(" ")
    elif _is_note(child):
        _drop_note(child, pieces)
    elif child.tag == "sup" or _classes(child) & {"super", "superscript"}:
        pieces.append(superscript(text_of(child)))
    else:
        _gather(child, pieces)


def _is_note(element: etree._Element) -> bool:
    if element.tag != "a":
        return "note-tag" in " ".join(_classes(element))
    targets = (element.get("id") or "", (element.get("href") or "").rpartition("/")[2])
    return any(_NOTE.match(target.lstrip("#")) for target in targets)


def _drop_note(element: etree._Element, pieces: list[str]) -> None:
    """Leave a note's mark out, with brackets around it and the blank before it."""
    before, tail = "".join(pieces), element.tail or ""
    if before.rstrip().endswith("(") and tail.lstrip().startswith(")"):
        before, tail = before.rstrip()[:-1], tail.lstrip()[1:]
        element.tail = tail
    if not tail or tail[0] in ",.;:)’” \n\t\u00a0":
        before = before.rstrip()
    pieces[:] = [before]


def _classes(element: etree._Element) -> frozenset[str]:
    if not isinstance(element.tag, str):
        return frozenset()
    names = (element.get("class") or "").split()
    return frozenset(name.removeprefix("clg-").removeprefix("oj-") for name in names)


def _table_of(row: etree._Element) -> etree._Element | None:
    return next(row.iterancestors("table"), None)


def _grid_of(column: etree._Element) -> etree._Element | None:
    return next(
        (above for above in column.iterancestors("div") if "grid-container" in _classes(above)),
        None,
    )
