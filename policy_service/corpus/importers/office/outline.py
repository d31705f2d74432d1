"""Blocks of a text without a schema (headings, paragraphs, lines) to parts with stable ids.

Serves internal policies in Markdown, HTML, DOCX and plain text. A numbered section is one
part whose step is its number (`4.2`); below a heading without a number every paragraph is a
part, whose steps are the heading's words and the paragraph's number (`scope`, `2`). So ids
outlive edits elsewhere in the text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from policy_service.corpus.importers.document import Part, PartKind

_DECIMAL = r"(?:[A-Z]\.)?\d+(?:\.\d+)*"
_NUMBERED = re.compile(
    rf"^(?:§\s*)?(?P<number>{_DECIMAL})[.)]?(?:\s*[-–—:]\s*|\s+)(?P<title>\S.*)$"
)
_NAMED = re.compile(
    rf"^(?P<name>article|section|clause|chapter|part|annex|appendix|schedule)\s+"
    rf"(?P<number>{_DECIMAL}|[IVXLC]+|[A-Z])(?![\w.]\w)[.:]?(?:\s*[-–—:]?\s*(?P<title>\S.*))?$",
    re.IGNORECASE,
)
_PREFIXES = {"article": "art-", "annex": "annex-", "appendix": "appendix-", "schedule": "schedule-"}
_CONTAINERS = ("chapter", "part")
_DECIMALS = re.compile(r"^\d+(?:\.\d+)+$")
_CLAUSE = re.compile(r"^(?P<number>\d+(?:\.\d+)+)[.)]?\s+(?P<text>\S.*)$", re.DOTALL)


class BlockKind(StrEnum):
    """What a block is; a line belongs to the paragraph before it (list items, table rows)."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of text with single blanks. `number` is what a word processor printed."""

    kind: BlockKind
    text: str
    level: int = 0  # of a heading, from 1
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    level: int
    label: str  # as people read it: `4.2 Access review`
    steps: tuple[str, ...]
    numbered: bool


@dataclass(slots=True, kw_only=True)
class _Open:
    """A part that still grows."""

    steps: tuple[str, ...]
    kind: PartKind
    section: str
    title: str
    heading: tuple[str, ...]
    lines: list[str] = field(default_factory=list)


def parts_of(blocks: Iterable[Block]) -> tuple[Part, ...]:
    """Cut blocks into parts. INVARIANT: steps are unique, empty paragraphs make no part."""
    outline = _Outline()
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            outline.heading(block)
        elif block.text:
            outline.text(block)
    return tuple(
        Part(
            steps=one.steps,
            kind=one.kind,
            section=one.section,
            text="\n".join(one.lines),
            title=one.title,
            heading=one.heading,
        )
        for one in outline.parts
    )


def slug_of(text: str, *, most: int = 60) -> str:
    """Write text as a step of an id: lower case, hyphens, cut at a word."""
    words = re.findall(r"[a-z0-9]+(?:\.[0-9]+)*", text.lower())
    slug = ""
    for word in words:
        if slug and len(slug) + len(word) >= most:
            break
        slug = f"{slug}-{word}" if slug else word[:most]
    return slug or "text"


class _Outline:
    """The sections that are open, and the parts so far."""

    def __init__(self) -> None:
        self.parts: list[_Open] = []
        self._open: list[_Section] = []
        self._taken: set[tuple[str, ...]] = set()
        self._current: _Open | None = None
        self._paragraphs = 0

    def heading(self, block: Block) -> None:
        """Close what lies at or below the heading's level and open its section."""
        while self._open and self._open[-1].level >= block.level:
            self._open.pop()
        above = self._open[-1] if self._open else None
        number, title, label = _read_heading(block)
        path = above.steps if above and not above.numbered else ()
        if number:
            steps = self._unique((number,), (*path, number))
        else:
            base = above.steps if above else ()
            steps = self._unique((*base, slug_of(title)))
        heading = tuple(one.label for one in self._open)
        section = _Section(
            level=block.level, label=_joined(label, title), steps=steps, numbered=bool(number)
        )
        self._open.append(section)
        self._paragraphs = 0
        self._current = None
        if number:
            kind = PartKind.ANNEX if number.startswith("annex") else PartKind.ARTICLE
            self._start(_Open(steps=steps, kind=kind, section=label, title=title, heading=heading))

    def text(self, block: Block) -> None:
        """Add a block to the open part, or open one: a clause with a number, a paragraph."""
        number, text = block.number.rstrip(".)"), block.text
        if block.kind is BlockKind.PARAGRAPH and not number and (match := _CLAUSE.match(text)):
            number, text = match["number"], match["text"]
        if _DECIMALS.match(number) or (number.isdigit() and not self._open):
            part = self._start(self._clause(number))
        else:
            inside = self._open[-1] if self._open else None
            in_section = inside is not None and inside.numbered
            goes_on = block.kind is BlockKind.LINE or in_section
            if self._current is not None and goes_on:
                part = self._current
            else:
                part = self._start(self._paragraph(inside))
            text = f"{block.number} {text}" if number else text
        part.lines.append(text)

    def _clause(self, number: str) -> _Open:
        """Open a numbered paragraph: `4.2.1 Access is …`; `4.3` lies beside `4.2`, not in it."""
        while self._open and self._open[-1].numbered:
            step = self._open[-1].steps[-1]
            if not step[:1].isdigit() or number.startswith(f"{step}."):
                break
            self._open.pop()
        path = next((one.steps for one in reversed(self._open) if not one.numbered), ())
        return _Open(
            steps=self._unique((number,), (*path, number)),
            kind=PartKind.PARAGRAPH,
            section=number,
            title="",
            heading=self._labels(),
        )

    def _paragraph(self, inside: _Section | None) -> _Open:
        self._paragraphs += 1
        base = inside.steps if inside else ("text",)
        name = f"{inside.label}, paragraph" if inside else "Paragraph"
        return _Open(
            steps=self._unique((*base, str(self._paragraphs))),
            kind=PartKind.PASSAGE,
            section=f"{name} {self._paragraphs}",
            title="",
            heading=self._labels(),
        )

    def _labels(self) -> tuple[str, ...]:
        return tuple(one.label for one in self._open)

    def _start(self, part: _Open) -> _Open:
        self.parts.append(part)
        self._current = part
        return part

    def _unique(self, *wanted: tuple[str, ...]) -> tuple[str, ...]:
        for steps in wanted:
            if steps not in self._taken:
                break
        else:
            number = 2
            *above, last = wanted[-1]
            while (steps := (*above, f"{last}-{number}")) in self._taken:
                number += 1
        self._taken.add(steps)
        return steps


def _read_heading(block: Block) -> tuple[str, str, str]:
    """Cut a heading into its step, title and label; the step is empty without a number."""
    if block.number:
        number = block.number.rstrip(".)")
        named = _NAMED.match(number)
        return (_step(named) if named else slug_of(number)), block.text, block.number
    if named := _NAMED.match(block.text):
        label = block.text[: named.end("number")]
        return _step(named), (named["title"] or "").strip(), label
    if numbered := _NUMBERED.match(block.text):
        return slug_of(numbered["number"]), numbered["title"], numbered["number"]
    return "", block.text, ""


def _step(named: re.Match[str]) -> str:
    """Name a heading such as `Annex II`; chapters and parts hold sections and are no step."""
    name, number = named["name"].lower(), named["number"].lower()
    if name in _CONTAINERS:
        return f"{name}-{number}"
    return f"{_PREFIXES.get(name, '')}{number}"


def _joined(label: str, title: str) -> str:
    return f"{label} {title}".strip() if label else title
