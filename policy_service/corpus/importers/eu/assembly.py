"""From the flat sequence of a page to the units of an act.

EUR-Lex XHTML and Markdown have headings and paragraphs one after another; what belongs to
what follows from their order. Readers of such formats turn a page into events, and this
module turns events into units. Not here: formats that nest their units by themselves.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from policy_service.corpus.importers.document import PartKind
from policy_service.corpus.importers.eu.numbers import article_label, bare_number, section_label
from policy_service.corpus.importers.eu.units import Block, Unit, lines_of

_OPENING, _CLOSING = "‘“„«", "’”“»"
_OPEN = re.compile(rf"^[{_OPENING}]")
_OPEN_NUMBER = re.compile(rf"^[{_OPENING}]\s?\(?\w{{1,4}}[.)]\s")
_CLOSE = re.compile(rf"[{_CLOSING}]\s?[.;,]?$")
_RECITAL = re.compile(r"^\(?\d+[a-z]?\)?\.?$")
_FLAT_RECITAL = re.compile(r"^(\(\d+[a-z]?\))\s*(.*)$")
_NUMBERED_GROUP = re.compile(r"^(\d+(?:\.\d+)*\.?)\s+(\S.*)$")
_FORMULA = re.compile(
    r"^This (?:Regulation|Decision|Directive) (?:shall be|is) binding in its entirety\b"
)


class Role(StrEnum):
    """What a heading or mark opens or closes."""

    DIVISION = "division"
    DIVISION_TITLE = "division_title"
    ARTICLE = "article"
    ARTICLE_TITLE = "article_title"
    ANNEX = "annex"
    ANNEX_TITLE = "annex_title"
    GROUP = "group"
    END = "end"  # the closing formula and signatures: text after it is no article's


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A line that is no text of a unit. Divisions and groups nest by `rank`."""

    role: Role
    text: str = ""
    rank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The number of a paragraph whose text follows: `1.`, `3.1.`."""

    text: str


Event = Heading | Number | str | Unit


def assemble(events: Iterable[Event]) -> tuple[Unit, ...]:
    """Build recitals, articles and annexes from events in the order of the text."""
    assembly = _Assembly()
    for event in fold_quotes(tuple(events)):
        assembly.take(event)
    return tuple(_without_formula(assembly.finish()))


def fold_quotes(events: Sequence[Event]) -> Iterator[Event]:
    """Make quoted provisions plain lines: what an act inserts into another is its own text."""
    place = 0
    while place < len(events):
        end = _end_of_quote(events, place)
        if end is None:
            yield events[place]
            place += 1
        else:
            yield from _flat(events[place : end + 1])
            place = end + 1


@dataclass(slots=True, kw_only=True)
class _Open:
    kind: PartKind
    number: str
    title: str = ""
    rank: str = ""
    heading: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)

    def close(self) -> Unit:
        return Unit(
            kind=self.kind,
            number=self.number,
            title=self.title,
            heading=self.heading,
            blocks=tuple(self.blocks),
        )


class _Assembly:
    def __init__(self) -> None:
        self._units: list[Unit] = []
        self._divisions: list[tuple[str, str]] = []
        self._open: list[_Open] = []  # the unit of the act, then those within it
        self._preamble = True
        self._recitals = 0  # the last one's number

    def take(self, event: Event) -> None:
        if isinstance(event, Heading):
            self._head(event)
        elif isinstance(event, Number):
            self._number(event.text)
        elif self._open:
            self._open[-1].blocks.append(event)
        elif self._preamble:
            self._recital(event)

    def finish(self) -> list[Unit]:
        self._close_to(0)
        return self._units

    def _recital(self, event: Block) -> None:
        last = self._units[-1] if self._units else None
        if isinstance(event, str) and (flat := _FLAT_RECITAL.match(event)):
            blocks = (flat[2],) if flat[2] else ()
            event = Unit(kind=PartKind.RECITAL, number=flat[1], blocks=blocks)
        if isinstance(event, Unit) and _RECITAL.match(event.number):
            number = int(re.sub(r"\D", "", event.number))
            if last is None or number > self._recitals:
                self._recitals = number
                self._units.append(replace(event, kind=PartKind.RECITAL))
                return
        # What follows a recital without a number of its own is still that recital's;
        # `HAVE ADOPTED THIS REGULATION:` is not.
        if last is not None and not (isinstance(event, str) and event.isupper()):
            self._units[-1] = replace(last, blocks=(*last.blocks, event))

    def _head(self, heading: Heading) -> None:
        match heading.role:
            case Role.DIVISION:
                self._division(heading)
            case Role.DIVISION_TITLE:
                if self._divisions and heading.text:
                    rank, words = self._divisions.pop()
                    self._divisions.append((rank, f"{words} — {heading.text}"))
            case Role.ARTICLE | Role.ANNEX:
                self._root(heading)
            case Role.ARTICLE_TITLE | Role.ANNEX_TITLE:
                if self._open:
                    root = self._open[0]
                    root.title = f"{root.title} {heading.text}".strip()
            case Role.GROUP:
                self._group(heading)
            case Role.END:
                self._close_to(0)

    def _division(self, heading: Heading) -> None:
        self._close_to(0)
        self._preamble = False
        ranks = [rank for rank, _ in self._divisions]
        if heading.rank in ranks:
            del self._divisions[ranks.index(heading.rank) :]
        if heading.text:
            self._divisions.append((heading.rank, heading.text))

    def _root(self, heading: Heading) -> None:
        self._close_to(0)
        self._preamble = False
        article = heading.role is Role.ARTICLE
        if not article:
            self._divisions.clear()
        self._open.append(
            _Open(
                kind=PartKind.ARTICLE if article else PartKind.ANNEX,
                number=heading.text,
                heading=tuple(words for _, words in self._divisions),
            )
        )

    def _group(self, heading: Heading) -> None:
        if not self._open or self._open[0].kind is not PartKind.ANNEX:
            # Outside annexes some pages mark chapters as groups.
            division = Heading(role=Role.DIVISION, text=heading.text, rank=f"group {heading.rank}")
            self._division(division)
            return
        ranks = [one.rank for one in self._open]
        outer = next((n for n, rank in enumerate(ranks) if rank and rank >= heading.rank), None)
        if outer is None:  # a paragraph that is open ends at a group's title
            outer = next((n for n, rank in enumerate(ranks) if n and not rank), len(ranks))
        self._close_to(outer)
        named, numbered = section_label(heading.text), _NUMBERED_GROUP.match(heading.text)
        if named:
            kind, number, title = PartKind.PASSAGE, named[0].words, named[1]
        elif numbered:
            kind, number, title = PartKind.POINT, numbered[1], numbered[2]
        else:
            self._open[-1].blocks.append(heading.text)
            return
        self._open.append(_Open(kind=kind, number=number, title=title, rank=heading.rank))

    def _number(self, number: str) -> None:
        if not self._open:
            return
        if len(self._open) > 1 and not self._open[-1].rank:
            self._close_to(len(self._open) - 1)
        article = self._open[0].kind is PartKind.ARTICLE
        kind = PartKind.PARAGRAPH if article else PartKind.POINT
        self._open.append(_Open(kind=kind, number=number))

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            closed = self._open.pop().close()
            if self._open:
                self._open[-1].blocks.append(closed)
            else:
                self._units.append(closed)


def _end_of_quote(events: Sequence[Event], place: int) -> int | None:
    """Return where the quotation that starts at `place` ends; None where none does."""
    if not _opens(events[place]):
        return None
    for end in range(place, len(events)):
        last = _last_line(events[end])
        if _CLOSE.search(last) and (end > place or not isinstance(events[end], str)):
            return end
        if end == place and _CLOSE.search(last) and isinstance(events[end], str):
            return None  # quoted, and one line already
    return None


def _opens(event: Event) -> bool:
    if isinstance(event, Number):
        return False
    if isinstance(event, Unit):
        return bool(_OPEN.match(event.number))
    text = event.text if isinstance(event, Heading) else event
    if not _OPEN.match(text):
        return False
    opened = sum(text.count(sign) for sign in _OPENING)
    closed = sum(text.count(sign) for sign in _CLOSING)
    headed = isinstance(event, Heading) or article_label(text[:30]) is not None
    return headed or opened > closed or bool(_OPEN_NUMBER.match(text))


def _last_line(event: Event) -> str:
    if isinstance(event, Heading | Number):
        return event.text
    lines = lines_of((event,))
    return lines[-1] if lines else ""


def _flat(events: Sequence[Event]) -> Iterator[str]:
    number = ""
    for event in events:
        if isinstance(event, Number):
            number = f"{event.text} "
            continue
        lines = [event.text] if isinstance(event, Heading) else lines_of((event,))
        for line in lines:
            yield f"{number}{line}"
            number = ""


def _without_formula(units: Sequence[Unit]) -> Iterator[Unit]:
    """Leave out the closing formula where a page has it as text of the last article."""
    articles = [n for n, unit in enumerate(units) if unit.kind is PartKind.ARTICLE]
    for position, unit in enumerate(units):
        yield _cut_formula(unit) if articles and position == articles[-1] else unit


def _cut_formula(unit: Unit) -> Unit:
    blocks: list[Block] = []
    for block in unit.blocks:
        if isinstance(block, str) and _FORMULA.match(block):
            break
        blocks.append(_cut_formula(block) if isinstance(block, Unit) else block)
    return replace(unit, blocks=tuple(blocks))


def rank_of(title: str) -> str:
    """Return what divisions of one level share: the word before the number."""
    words = [word for word in re.findall(r"[^\W\d_]+", title) if not _is_roman(word)]
    return words[0].casefold() if words else bare_number(title)


def _is_roman(word: str) -> bool:
    return bool(re.fullmatch(r"[IVXLC]+", word))
