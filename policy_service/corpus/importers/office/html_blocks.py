"""The visible text of an HTML tree as blocks; comments, scripts and hidden elements are none.

Hidden means: the attributes `hidden` and `aria-hidden`, and `display: none`,
`visibility: hidden`, `opacity: 0` or `font-size: 0` in the element's own style. What a style
sheet hides, and white letters on white, are out of reach and are read.
"""

import re
from collections.abc import Iterator

from lxml import etree

from policy_service.corpus.importers.office.outline import Block, BlockKind

_SILENT = frozenset(
    (
        *("script", "style", "template", "noscript", "head", "nav", "svg", "math", "iframe"),
        *("object", "embed", "select", "option", "button", "textarea", "input", "audio"),
        *("video", "canvas", "map", "datalist", "del", "s", "strike", "rp", "rt"),
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd"),
        *("details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"),
        *("header", "hr", "html", "legend", "li", "main", "ol", "p", "pre", "section"),
        *("summary", "table", "tbody", "tfoot", "thead", "tr", "ul", *_HEADINGS),
    )
)
_CELLS = frozenset(("td", "th"))
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0*)?\s*(?:[a-z%]*)\s*(?:;|!|$)",
    re.IGNORECASE,
)


def blocks_of(root: etree._Element) -> Iterator[Block]:
    """Yield the blocks of a tree in the order of the text."""
    walk = _Walk()
    events = etree.iterwalk(root, events=("start", "end"))
    for event, element in events:
        tag = _tag(element)
        if event == "start":
            if tag in _SILENT or _is_hidden(element):
                events.skip_subtree()
                walk.silent = element
                continue
            yield from walk.start(tag, element)
        else:
            if walk.silent is element:
                walk.silent = None
            else:
                yield from walk.end(tag)
            walk.add(element.tail if element is not root else None)
    yield from walk.flush()


class _Walk:
    """Letters since the last block, and what the next block will be."""

    def __init__(self) -> None:
        self.silent: etree._Element | None = None
        self._letters: list[str] = []
        self._heading = 0
        self._lists: list[int | None] = []  # the next number, none for a list of dashes
        self._marker = ""
        self._items = 0
        self._rows = 0
        self._cells = 0

    def start(self, tag: str, element: etree._Element) -> Iterator[Block]:
        if tag in _BREAKS and not (self._rows and tag not in ("tr", "table")):
            yield from self.flush()
        elif tag in _BREAKS or tag == "br":
            self._letters.append(" ")
        if tag in _HEADINGS and not self._rows:
            self._heading = _HEADINGS[tag]
        elif tag in ("ul", "ol"):
            self._lists.append(_first_number(element) if tag == "ol" else None)
        elif tag == "li":
            self._items += 1
            self._marker = self._next_marker()
        elif tag == "tr":
            self._rows += 1
            self._cells = 0
        elif tag in _CELLS:
            self._letters.append(" | " if self._cells else "")
            self._cells += 1
        self.add(element.text)

    def end(self, tag: str) -> Iterator[Block]:
        if tag == "tr" or (tag in _BREAKS and not self._rows):
            yield from self.flush()
        elif tag in _BREAKS:
            self._letters.append(" ")
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._items = max(self._items - 1, 0)
            self._marker = ""
        elif tag == "tr":
            self._rows = max(self._rows - 1, 0)
        elif tag in _HEADINGS:
            self._heading = 0

    def add(self, text: str | None) -> None:
        if text:
            self._letters.append(text)

    def flush(self) -> Iterator[Block]:
        """Yield what was gathered as one block."""
        text = " ".join("".join(self._letters).split())
        self._letters.clear()
        if not text.strip(" |"):
            return
        if self._heading:
            yield Block(kind=BlockKind.HEADING, text=text, level=self._heading)
        elif self._items or self._rows:
            yield Block(kind=BlockKind.LINE, text=f"{self._marker}{text}")
            self._marker = ""
        else:
            yield Block(kind=BlockKind.PARAGRAPH, text=text)

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "— "
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}. "


def _tag(element: etree._Element) -> str:
    tag = element.tag
    return etree.QName(tag).localname.lower() if isinstance(tag, str) else ""


def _is_hidden(element: etree._Element) -> bool:
    if not isinstance(element.tag, str):
        return True  # comments, processing instructions, unresolved entities
    return (
        element.get("hidden") is not None
        or (element.get("aria-hidden") or "").strip().lower() == "true"
        or bool(_HIDING.search(element.get("style") or ""))
    )


def _first_number(element: etree._Element) -> int:
    start = (element.get("start") or "").strip()
    return int(start) if re.fullmatch(r"\d{1,6}", start) else 1
