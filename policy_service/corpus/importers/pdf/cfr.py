"""The Code of Federal Regulations as it is printed: paragraphs of a PDF to sections and parts.

`PART` and `Subpart` headings give the scopes; tables of contents, authorities, sources and
citations of amendments are left out.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from policy_service.corpus.importers.document import Document, Part, PartKind
from policy_service.corpus.importers.pdf.paragraphs import Paragraph
from policy_service.corpus.importers.pdf.stated import stated_title, stated_version
from policy_service.corpus.importers.us.hierarchy import CFR
from policy_service.corpus.importers.us.section import RESERVED, Line, Section, parts_of

_SECTION = re.compile(r"^§\s?(?P<number>\d{1,4}\.\d{1,4}[a-z]?(?:-\d+)?)\.?\s+(?P<title>\S.*)$")
_PART = re.compile(r"^PART\s+(?P<number>\d{1,4})\s?[—–-]+\s?(?P<title>.*)$", re.IGNORECASE)
_SUBPART = re.compile(r"^SUBPART\s+(?P<letter>[A-Z]{1,2})\s?[—–-]+\s?(?P<title>.*)$", re.IGNORECASE)
_RESERVED_SUBPARTS = re.compile(r"(?i)^subparts?\s+[A-Z]{1,2}\b.*\[reserved\]$")
_APPENDIX = re.compile(r"^APPENDIX\s+(?:(?P<letter>[A-Z]{1,2})\s+)?TO\s+.*$", re.IGNORECASE)
_TITLE = re.compile(r"\b(\d{1,2})\s+C\.?F\.?R\.?\s+(?:Parts?\s+)?(\d{1,4})\b")
_CITATION = re.compile(r"^\[(?:\d+ FR |Reserved\]$).*\]$")
_NO_TEXT = re.compile(
    r"(?i)^(authority|source|editorial note|effective date note|cross reference)s?:"
)
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*$")
_FEWEST = 2  # headings of sections that make a text the Code


def sections_in(paragraphs: Sequence[Paragraph]) -> int:
    """Count what looks like the heading of a section of the Code."""
    bold = sum(_is_section(one, bold=True) for one in paragraphs)
    return bold or sum(_is_section(one, bold=False) for one in paragraphs)


def is_cfr(paragraphs: Sequence[Paragraph]) -> bool:
    """Tell whether a text is a part of the Code, or several."""
    return sections_in(paragraphs) >= _FEWEST


def document_of(name: str, paragraphs: Sequence[Paragraph]) -> Document:
    """Read the paragraphs of one PDF. Requires `is_cfr`."""
    title = _title_number(paragraphs)
    version, day = stated_version(paragraphs)
    parts = tuple(
        part
        for section in _sections(paragraphs, title)
        for part in (_annex(section) if section.appendix else _parts(section))
    )
    numbers = sorted({part.scopes[0] for part in parts if part.scopes})
    return Document(
        format="pdf",
        title=stated_title(paragraphs),
        parts=parts,
        identifiers=tuple(numbers),
        language="en",
        version=version,
        version_date=day,
        url=f"https://www.ecfr.gov/current/title-{title}" if title else "",
        files=(name,),
    )


@dataclass(slots=True, kw_only=True)
class _Open:
    """A section being read."""

    number: str
    title: str
    heading: tuple[str, ...]
    scopes: tuple[str, ...]
    cited: str
    appendix: bool = False
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    title: str
    part: str = ""
    heading: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def _is_section(paragraph: Paragraph, *, bold: bool) -> bool:
    text = paragraph.text.text
    return (
        (paragraph.text.is_bold or not bold)
        and _SECTION.match(text) is not None
        and _LEADERS.search(text) is None
    )


def _title_number(paragraphs: Sequence[Paragraph]) -> str:
    """Find the title of the Code that the text's own parts are cited by."""
    own = {found["number"] for one in paragraphs if (found := _PART.match(one.text.text))}
    cited = Counter(
        found[1]
        for one in paragraphs
        for found in _TITLE.finditer(one.text.text)
        if found[2] in own
    )
    first = _TITLE.search(" ".join(one.text.text for one in paragraphs if one.page <= 1))
    if first:
        return first[1]
    return cited.most_common(1)[0][0] if cited else ""


def _sections(paragraphs: Sequence[Paragraph], title: str) -> list[_Open]:
    bold = any(_is_section(one, bold=True) for one in paragraphs)
    place = _Place(title=title)
    sections: list[_Open] = []
    current: _Open | None = None
    for paragraph in paragraphs:
        text = paragraph.text.text
        headed = paragraph.text.is_bold or not bold
        if headed and (_PART.match(text) or _SUBPART.match(text)):
            place, current = _entered(place, text), None
        elif _RESERVED_SUBPARTS.match(text):
            current = None
        elif headed and _APPENDIX.match(text):
            current = _appendix(place, text)
            sections.append(current)
        elif _is_section(paragraph, bold=bold):
            current = _section(place, text)
            sections.append(current)
        elif current and not _CITATION.match(text) and not _NO_TEXT.match(text):
            current.lines.append(Line(text=paragraph.text))
    return _without_contents(sections)


def _without_contents(sections: Sequence[_Open]) -> list[_Open]:
    """Where a section is headed twice, the one with more text is it; the other lists it."""
    longest: dict[str, _Open] = {}
    for section in sections:
        known = longest.get(section.number)
        if known is None or _length(section) >= _length(known):
            longest[section.number] = section
    return [section for section in sections if longest[section.number] is section]


def _length(section: _Open) -> int:
    return sum(len(line.text.text) for line in section.lines)


def _entered(place: _Place, text: str) -> _Place:
    part = _PART.match(text)
    if part:
        scope = f"cfr:{place.title}/{part['number']}"
        return replace(
            place,
            part=part["number"],
            heading=(text,),
            scopes=(scope,) if place.title else (),
        )
    found = _SUBPART.match(text)
    letter = found["letter"].upper() if found else ""
    return replace(
        place,
        heading=(*place.heading[:1], text),
        scopes=(*place.scopes[:1], f"{place.scopes[0]}/{letter}") if place.scopes else (),
    )


def _of_part(place: _Place, part: str) -> _Place:
    """A section's own number says its part, whatever heading was read before it."""
    if place.part == part:
        return place
    scopes = (f"cfr:{place.title}/{part}",) if place.title else ()
    return replace(place, part=part, heading=(f"Part {part}",), scopes=scopes)


def _section(place: _Place, text: str) -> _Open:
    found = _SECTION.match(text)
    number, title = (found["number"], found["title"]) if found else ("", text)
    place = _of_part(place, number.partition(".")[0])
    return _Open(
        number=number,
        title=title.rstrip(" .") or RESERVED,
        heading=place.heading,
        scopes=place.scopes,
        cited=f"{place.title} CFR {number}" if place.title else f"§ {number}",
    )


def _appendix(place: _Place, text: str) -> _Open:
    found = _APPENDIX.match(text)
    letter = found["letter"] if found and found["letter"] else ""
    stated = re.search(r"(?i)\bpart (\d{1,4})\b", text)
    place = _of_part(place, stated[1]) if stated else place
    subpart = re.search(r"(?i)subpart ([A-Z])\b", text)
    step = "-".join(filter(None, ("appendix", letter, place.part, subpart[1] if subpart else "")))
    where = f"{place.title} CFR {place.part}".strip()
    return _Open(
        number=step.lower(),
        title=text,
        heading=place.heading,
        scopes=place.scopes,
        cited=f"{where}, Appendix {letter}".rstrip(),
        appendix=True,
    )


def _parts(section: _Open) -> tuple[Part, ...]:
    return parts_of(
        Section(
            step=section.number,
            cited=section.cited,
            title=section.title,
            label=f"§ {section.number} {section.title}",
            lines=section.lines,
            heading=section.heading,
            scopes=section.scopes,
        ),
        CFR,
    )


def _annex(section: _Open) -> Iterator[Part]:
    annex = Part(
        steps=(section.number,),
        kind=PartKind.ANNEX,
        section=section.cited,
        text="",
        title=section.title,
        heading=section.heading,
        scopes=section.scopes,
    )
    yield annex
    for number, line in enumerate(section.lines, start=1):
        yield replace(
            annex,
            steps=(section.number, f"p{number}"),
            kind=PartKind.PASSAGE,
            section=f"{section.cited}, paragraph {number}",
            text=line.text.text,
            title="",
            heading=(*section.heading, section.title),
        )
