"""One section of an American legal text: its printed paragraphs to parts with paths.

It knows markers, italic headings, `[Reserved]`, unnumbered definitions and flush text; where
paragraphs come from (eCFR, PDF, Markdown) is the reader's business.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from policy_service.corpus.importers.document import Part, PartKind
from policy_service.corpus.importers.us.hierarchy import Mark, Scheme, paths_of
from policy_service.corpus.importers.us.styled import Styled

RESERVED = "[Reserved]"
_MARKER = re.compile(r"\$?\(\s?([a-z]{1,7}|[A-Z]{1,5}|\d{1,3})\s?\)\s*")
_RANGE = re.compile(
    r"(?:[-–—]|\s?(?:through|and|to)\s?)\(\s?([a-z]{1,7}|[A-Z]{1,5}|\d{1,3})\s?\)\s*(?=\[Reserved)"
)
_SEPARATOR = re.compile(r"[\s.:;—–-]*")
_RESERVED = re.compile(r"\[\s?Reserved\s?\]\.?", re.IGNORECASE)
_COMPLETE = re.compile(r"[.:;—–!?\])”\"’|]$|(?:\s|^)(?:and|or)$")
_LONGEST_HEADING = 300
_KINDS = (PartKind.ARTICLE, PartKind.PARAGRAPH, PartKind.POINT)
_OPENERS = (":", "—", "–", "-")
_DEFINING = re.compile(r"\b(defin|terms?\b|as used in|following meaning)", re.IGNORECASE)
_TERM = re.compile(
    r"[“\"‘']?(?P<term>[A-Z][^.;:]{0,120}?)[”\"’']?,?\s"
    r"(?:means?|shall mean|includes?|shall include|has the (?:same )?meaning|have the|"
    r"refers? to|stands for|is defined)\b"
)
_TERM_LIST = re.compile(r"(?P<term>[A-Z][^.;:()]{0,120}?)(?:\s?means)?\s?[:—]\s*(?=\(1\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed paragraph. `flush` text never begins a unit of its own."""

    text: Styled
    flush: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section as it is printed. `cited` is how people cite it: `45 CFR 164.312`."""

    step: str
    cited: str
    title: str
    lines: Sequence[Line]
    heading: tuple[str, ...] = ()  # of the units around it
    label: str = ""  # in the headings of what lies below: `§ 164.312 Technical safeguards`
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What one marker introduces: the pieces a printed paragraph is cut into."""

    mark: Mark | None  # None: unmarked text
    text: str = ""
    title: str = ""
    printed: str = ""  # with its marker, for a marker that turns out to be text


@dataclass(slots=True)
class _Unit:
    path: tuple[str, ...]
    title: str = ""
    blocks: list[list[str]] = field(default_factory=list)  # of pieces that make one sentence


def parts_of(section: Section, scheme: Scheme) -> tuple[Part, ...]:
    """Return the section and everything below it as parts, in the order of the text."""
    items = tuple(_items(section))
    paths = iter(paths_of([item.mark for item in items if item.mark is not None], scheme))
    units = _Units(_Unit(path=(), title=section.title))
    for item in items:
        path = next(paths) if item.mark is not None else None
        if path is None:
            units.add(item.text if item.mark is None else item.printed)
        else:
            blocks = [[item.text]] if item.text else []
            units.open(_Unit(path=path, title=item.title, blocks=blocks))
    return tuple(_parts(section, units.all))


def _items(section: Section) -> Iterator[_Item]:
    defining = bool(_DEFINING.search(section.title))
    for line in section.lines:
        if not line.text.text:
            continue
        if line.flush:
            yield _Item(mark=None, text=line.text.text)
            continue
        for item in _cut(line.text, defining=defining):
            yield item
            if item.mark is None or not item.mark.term:
                defining = bool(_DEFINING.search(section.title)) or _defines(item)


def _defines(item: _Item) -> bool:
    return bool(_DEFINING.search(f"{item.title} {item.text}")) and _opens(item.text)


def _opens(text: str) -> bool:
    return text.endswith(_OPENERS)


def _cut(line: Styled, *, defining: bool) -> Iterator[_Item]:
    """Cut a paragraph at its leading markers, and after a heading at those that follow it."""
    at, chained = 0, False
    pending: list[_Item] = []
    while found := _MARKER.match(line.text, at):
        token, start, at = found[1], at, found.end()
        mark = Mark(token=token, italic=_italic(line, found), chained=chained)
        title, after = _heading(line, at)
        chained = True
        last = _range_end(line, at)
        if last:
            yield _Item(mark=mark, title=RESERVED, printed=line.text[start:])
            yield _Item(mark=Mark(token=last[1]), title=RESERVED, printed="")
            return
        if _MARKER.match(line.text, after):
            pending.append(_Item(mark=mark, title=title, printed=line.text[start:after].strip()))
            at = after
            continue
        yield from pending
        yield _ending(line, mark, title=title, at=after, printed=line.text[start:].strip())
        return
    yield from pending
    if not pending:
        yield from _unmarked(line, defining=defining)


def _ending(line: Styled, mark: Mark, *, title: str, at: int, printed: str) -> _Item:
    text = line.text[at:].strip()
    if _RESERVED.fullmatch(text):
        title, text = title or RESERVED, ""
    opens = _opens(text) if text else None
    whole = Mark(token=mark.token, italic=mark.italic, chained=mark.chained, opens=opens)
    return _Item(mark=whole, text=text, title=title, printed=printed)


def _italic(line: Styled, found: re.Match[str]) -> bool | None:
    if not any(mark != " " for mark in line.marks):
        return None
    return line.marks[found.start(1)] in "ix"


def _range_end(line: Styled, at: int) -> re.Match[str] | None:
    return _RANGE.match(line.text, at) or _RANGE.match(line.text, max(at - 1, 0))


def _heading(line: Styled, at: int) -> tuple[str, int]:
    """Return the italic heading at a place, and where the text after it begins."""
    end = line.slanted(at)
    words = line.text[at:end].strip()
    gap = _SEPARATOR.match(line.text, end)
    after = gap.end() if gap else end
    ends = words[-1:] in ".:;—" or after >= len(line.text) or line.text[end:after].strip() != ""
    if not words or len(words) > _LONGEST_HEADING or not ends or not words[0].isalnum():
        return "", at
    return words.rstrip(" .:;—–-"), after


def _unmarked(line: Styled, *, defining: bool) -> Iterator[_Item]:
    text = line.text
    term = _term(line) if defining else ""
    if not term:
        yield _Item(mark=None, text=text)
        return
    mark = Mark(token=term, term=True, opens=_opens(text))
    listed = _TERM_LIST.match(text)
    if listed is None:
        yield _Item(mark=mark, title=term, text=text)
        return
    yield _Item(mark=mark, title=term, text=_lead(text[: listed.end()]))
    yield from _cut(line[listed.end() :], defining=False)


def _lead(text: str) -> str:
    return text.strip() if text.rstrip(" :—").endswith("means") else ""


def _term(line: Styled) -> str:
    """Return the term that an unnumbered paragraph defines, or nothing."""
    slanted = line.text[: line.slanted()].strip(" .:;—,")
    found = _TERM_LIST.match(line.text) or _TERM.match(line.text)
    said = found["term"].strip() if found else ""
    if slanted and len(slanted) <= _LONGEST_HEADING:
        whole = said.startswith(slanted) and "(" not in said[len(slanted) :]
        return said if whole else slanted
    return said


class _Units:
    """The units so far, and the newest of each path."""

    def __init__(self, first: _Unit) -> None:
        self.all = [first]
        self._newest = {first.path: first}

    def open(self, unit: _Unit) -> None:
        """Go on with a unit of its own."""
        self.all.append(unit)
        self._newest[unit.path] = unit

    def add(self, text: str) -> None:
        """Add unmarked text; where the text before it breaks off, it goes on with that."""
        last = self.all[-1].blocks
        if last and not _COMPLETE.search(last[-1][-1]):
            last[-1].append(text)
        elif text:
            self._flush_target().blocks.append([text])

    def _flush_target(self) -> _Unit:
        """Find the unit whose list an unmarked paragraph ends; without one, the last."""
        last = self.all[-1]
        for depth in range(len(last.path) - 1, -1, -1):
            above = self._newest[last.path[:depth]]
            if above.blocks and _opens(above.blocks[-1][-1]):
                return above
        return last


def _parts(section: Section, units: Sequence[_Unit]) -> Iterator[Part]:
    titles: dict[tuple[str, ...], str] = {}
    seen: dict[tuple[str, ...], int] = {}
    for unit in units:
        steps = (section.step, *(_step(token) for token in unit.path))
        seen[steps] = seen.get(steps, 0) + 1
        if seen[steps] > 1:
            steps = (*steps[:-1], f"{steps[-1]}-{seen[steps]}")
        yield Part(
            steps=steps,
            kind=_KINDS[min(len(unit.path), len(_KINDS) - 1)],
            section=section.cited + "".join(_label(token) for token in unit.path),
            text="\n".join(" ".join(block) for block in unit.blocks),
            title=unit.title,
            heading=(*section.heading, *_above(section, unit.path, titles)),
            scopes=section.scopes,
        )
        titles[unit.path] = unit.title
        if unit.path and not titles.get(unit.path[:-1], "title"):
            titles[unit.path[:-1]] = unit.title  # `(a)(1) Standard: Integrity` names (a)


def _above(
    section: Section, path: tuple[str, ...], titles: dict[tuple[str, ...], str]
) -> Iterator[str]:
    if not path:
        return
    yield section.label or section.title
    for depth in range(1, len(path)):
        title = titles.get(path[:depth], "")
        if title:
            yield title


def _label(token: str) -> str:
    return f"({token})" if _is_token(token) else f" ({token})"


def _is_token(token: str) -> bool:
    return bool(re.fullmatch(r"[a-z]{1,7}|([A-Z])\1?|[IVXL]{1,5}|\d{1,3}", token))


def _step(token: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", token.lower()).strip("-") or "term"
