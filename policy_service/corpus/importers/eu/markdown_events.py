"""Markdown of an act of the Union as events: headings, numbered paragraphs, indented points.

Read line by line, and not by a Markdown parser: for it the `3.` after a list is text of the
last item, while in a law it opens the third paragraph.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.assembly import (
    Event,
    Heading,
    Number,
    Role,
    fold_quotes,
    rank_of,
)
from policy_service.corpus.importers.eu.footnotes import FootnoteMarks
from policy_service.corpus.importers.eu.numbers import (
    annex_label,
    article_label,
    bare_number,
    is_dash,
)
from policy_service.corpus.importers.eu.units import Block, Unit, lines_of

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]\s+(.*)|(\([^\W_]{1,6}\)\s+\S.*)|([—–]\s+\S.*))$")
_MARK = re.compile(r"^(\([^\W_]{1,6}\)|[^\W_]{1,4}\)|\d+(?:\.\d+)*\.)\s*(.*)$")
_NUMBER = re.compile(r"^(\d+(?:\.\d+)*[a-z]{0,2}\.)\s+(\S.*)$")
_BOLD = re.compile(r"^\*\*(.+)\*\*$")
_EMPHASIS = re.compile(r"(\*{1,3})(?=\S)(.+?)(?<=\S)\1")
_NOTE = re.compile(r"\s?\\\[.*?\\\]")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])")
_RULE = re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$")
_CELL_RULE = re.compile(r"^[\s|:-]+$")
_SIGNED = re.compile(r"^Done at \S")
_STRUCTURE = ("preamble", "recitals", "enacting terms", "footnotes", "notes", "table of contents")
_TITLE_SEPARATOR = re.compile(r"^\s*[—–:.-]\s*")


@dataclass(slots=True, kw_only=True)
class _Item:
    indent: int
    number: str  # empty for a list mark that numbers nothing
    loose: bool = False  # a point whose list mark stands where its parent's stands
    blocks: list[Block] = field(default_factory=list)


class _Page:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self._items: list[_Item] = []
        self._marks = FootnoteMarks()
        self._after_heading = False
        self._dash = False

    def line(self, raw: str) -> None:
        text = raw.strip()
        if heading := _HEADING.match(raw):
            self._heading(len(heading[1]), _plain(heading[2]))
        elif not text or (_CELL_RULE.match(text) and "|" in text):
            return
        elif _RULE.match(raw) or _SIGNED.match(text):
            self._emit(Heading(role=Role.END))
        elif self._after_heading and (bold := _BOLD.match(text)):
            self._emit(Heading(role=Role.ARTICLE_TITLE, text=self._clean(bold[1])))
        elif is_dash(text):
            self._dash = True
        elif text.startswith("|"):
            self._row(text)
        elif item := _ITEM.match(raw.rstrip()):
            self._item(len(item[1].expandtabs(4)), item[2] or item[3] or item[4] or "")
        else:
            self._words(raw, text)

    def close_items(self, depth: int = 0) -> None:
        while len(self._items) > depth:
            item = self._items.pop()
            done: list[Block] = _close(item)
            if self._items:
                self._items[-1].blocks += done
            else:
                self.events += done

    def _emit(self, event: Event) -> None:
        self.close_items()
        self.events.append(event)
        self._after_heading = isinstance(event, Heading) and event.role is Role.ARTICLE

    def _heading(self, level: int, text: str) -> None:
        article = article_label(text)
        if level == 1 or text.lower() in _STRUCTURE:
            self._emit(Heading(role=Role.END))
        elif article is not None:
            self._article(text)
        elif annex_label(text) is not None and _first_word_is_annex(text):
            number, _, title = text.partition(" — ")
            self._emit(Heading(role=Role.ANNEX, text=number))
            if title:
                self._emit(Heading(role=Role.ANNEX_TITLE, text=title))
        elif self._in_annex():
            self._emit(Heading(role=Role.GROUP, text=text, rank=str(level)))
        else:
            rank = f"{level}" if level < len("###") else f"{level} {rank_of(text)}"
            self._emit(Heading(role=Role.DIVISION, text=text, rank=rank))

    def _article(self, text: str) -> None:
        number, title = text, ""
        if found := re.match(r"^(\w+\.?\s+\d+\s?[a-z]{0,2})(?=\s*[—–:.-]|$)", text):
            number, title = found[1], _TITLE_SEPARATOR.sub("", text[found.end() :])
        self._emit(Heading(role=Role.ARTICLE, text=number))
        if title:
            self._emit(Heading(role=Role.ARTICLE_TITLE, text=title))

    def _in_annex(self) -> bool:
        roots = (
            event.role
            for event in reversed(self.events)
            if isinstance(event, Heading) and event.role in (Role.ANNEX, Role.ARTICLE)
        )
        return next(roots, None) is Role.ANNEX

    def _row(self, text: str) -> None:
        cells = re.split(r"(?<!\\)\|", text.strip("|"))
        self._emit(" ".join(" | ".join(self._clean(cell) for cell in cells).split()))

    def _item(self, indent: int, text: str) -> None:
        found = _MARK.match(text)
        number, words = (found[1], found[2]) if found else ("", text)
        loose = self._is_loose(indent, number)
        indent = indent + 1 if loose else self._joined(indent)
        depth = next((n for n, one in enumerate(self._items) if one.indent >= indent), None)
        self.close_items(len(self._items) if depth is None else depth)
        clean = self._clean(words if number else words.lstrip("—– "))
        blocks: list[Block] = [clean] if clean else []
        self._items.append(_Item(indent=indent, number=number, loose=loose, blocks=blocks))
        self._after_heading = False

    def _is_loose(self, indent: int, number: str) -> bool:
        """Say whether an `(i)` is a point of the item before it, though not indented.

        Some copies indent (ii) and what follows, and not the (i) before them: after any
        letter but (h) an (i) is roman.
        """
        last = next((one for one in reversed(self._items) if one.indent <= indent), None)
        if last is None or number != "(i)" or last.indent != indent:
            return False
        letter = bare_number(last.number)
        return len(letter) == 1 and letter.isalpha() and letter != "h"

    def _joined(self, indent: int) -> int:
        """Return the indent of a loose `(i)` for an item that follows it in its list."""
        last = self._items[-1] if self._items else None
        return last.indent if last and last.loose and indent >= last.indent else indent

    def _words(self, raw: str, text: str) -> None:
        indent = len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())
        numbered = _NUMBER.match(text)
        if indent and self._items and indent > self._items[0].indent:
            depth = next((n for n, one in enumerate(self._items) if one.indent >= indent), None)
            self.close_items(max(depth or len(self._items), 1))
            self._items[-1].blocks.append(self._clean(text))
        elif numbered:
            self._emit(Number(text=numbered[1]))
            self._emit(self._clean(numbered[2]))
        elif self._dash:
            self._emit(f"— {self._clean(text)}")
        else:
            self._emit(self._clean(text))
        self._dash = False

    def _clean(self, text: str) -> str:
        return self._marks.without(_plain(text))


def events_of(lines: Sequence[str]) -> Iterator[Event]:
    """Read the lines of a page, without the block of facts at its head."""
    page = _Page()
    for line in lines:
        page.line(line)
    page.close_items()
    yield from page.events


def _close(item: _Item) -> list[Block]:
    blocks = [block if isinstance(block, str | Unit) else "" for block in fold_quotes(item.blocks)]
    if item.number:
        return [Unit(kind=PartKind.POINT, number=item.number, blocks=tuple(blocks))]
    lines = lines_of(blocks)
    return [f"— {line}" if n == 0 else line for n, line in enumerate(lines)]


def _first_word_is_annex(text: str) -> bool:
    return annex_label(" ".join(text.split()[:2])) is not None


def _plain(text: str) -> str:
    bare = _NOTE.sub("", text)
    bare = _EMPHASIS.sub(r"\2", bare)
    return " ".join(_ESCAPE.sub(r"\1", bare).split())
