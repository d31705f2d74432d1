"""eCFR XML: the Code of Federal Regulations as its versioner service and its bulk files give it.

The structure is nine nested divisions named by their TYPE (TITLE … PART, SUBPART, SECTION,
APPENDIX); below the section paragraphs are flat, and `us_section.py` rebuilds their hierarchy.
Not text: authority, source, citations of amendments, notes, footnotes.

Source: GPO, Electronic Code of Federal Regulations (eCFR) XML Rendition User Guide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.corpus.importers.us.ecfr_text import head_text, lines_of
from policy_service.corpus.importers.us.hierarchy import CFR
from policy_service.corpus.importers.us.section import RESERVED, Section, parts_of
from policy_service.domain.errors import CorpusError

_DIVISION = re.compile(rb"<DIV[1-9]\s[^>]*\bTYPE\s*=")
_HEAD_BYTES = 65_536
_PATH = re.compile(r"title-(\d+)")
_PATH_PART = re.compile(r"part-(\w+)")
_ON = re.compile(r"/on/(\d{4}-\d{2}-\d{2})/")
_NODE = re.compile(r"(\d+):")
_NAMED = re.compile(r"(?i)ecfr.*?(\d{4}-\d{2}-\d{2})")
_SECTION_HEAD = re.compile(r"^(?:§+\s?)?\d+[a-z]?\.\S*?\.?\s+(?P<title>.*)$", re.DOTALL)
_APPENDIX = re.compile(r"(?i)^appendix(?:\s+([A-Z0-9]{1,4}))?\b")
_HEADED = ("CHAPTER", "SUBCHAP", "SUBCHAPTER", "PART", "SUBPART", "SUBJGRP")


def recognises(file: SourceFile) -> bool:
    """Tell whether a file is eCFR XML."""
    head = file.data[:_HEAD_BYTES]
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and bool(_DIVISION.search(head))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each file to one document."""
    return tuple(_document(file) for file in files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in the Code a division stands."""

    title: str = ""
    part: str = ""
    heading: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def _document(file: SourceFile) -> Document:
    root = parse_xml(file)
    top = _outermost(root)
    if top is None:
        raise CorpusError(
            f"`{file.name}` has no DIV with a TYPE: fetch it from the eCFR versioner again"
        )
    place = _Place(title=_title_number(top))
    parts = tuple(_walk(top, place))
    if not parts:
        raise CorpusError(f"`{file.name}` has no section with text: fetch it again")
    unit = _entered(top, place)
    stated = _ON.search(top.get("hierarchy_metadata", "")) or _NAMED.search(file.name)
    date = stated[1] if stated else ""
    return Document(
        format="ecfr",
        title=head_text(top) or _cited(unit, top.get("N", "")),
        parts=_unique(parts),
        identifiers=unit.scopes[-1:] or ((f"cfr:{unit.title}",) if unit.title else ()),
        language="en",
        version=date,
        version_date=date,
        url=_address(top, unit, date),
        files=(file.name,),
    )


def _outermost(root: etree._Element) -> etree._Element | None:
    return next((element for element in root.iter(etree.Element) if _is_division(element)), None)


def _is_division(element: etree._Element) -> bool:
    tag = element.tag
    return isinstance(tag, str) and re.fullmatch(r"DIV[1-9]", tag) is not None


def _type(division: etree._Element) -> str:
    return str(division.get("TYPE", "")).upper()


def _title_number(top: etree._Element) -> str:
    """Read the number of the title from wherever the file says it."""
    if _type(top) == "TITLE":
        return str(top.get("N", ""))
    for stated, pattern in (("hierarchy_metadata", _PATH), ("NODE", _NODE)):
        found = pattern.search(top.get(stated, ""))
        if found:
            return found[1]
    return ""


def _walk(division: etree._Element, place: _Place) -> Iterator[Part]:
    kind = _type(division)
    if kind == "SECTION":
        yield from _section(division, _in_part(division, place))
        return
    if kind == "APPENDIX":
        yield from _appendix(division, place)
        return
    place = _entered(division, place)
    for child in division:
        if _is_division(child):
            yield from _walk(child, place)


def _entered(division: etree._Element, place: _Place) -> _Place:
    """Return the place inside a division; a part or subpart is a scope of what it holds."""
    kind, number = _type(division), str(division.get("N", ""))
    if kind in _HEADED:
        place = replace(place, heading=(*place.heading, head_text(division)))
    if kind == "PART":
        scope = f"cfr:{place.title}/{number}"
        return replace(place, part=number, scopes=(scope,) if place.title else ())
    if kind == "SUBPART":
        part = place.part or _found(_PATH_PART, division.get("hierarchy_metadata", ""))
        whole = f"cfr:{place.title}/{part}"
        scopes = (whole, f"{whole}/{number}") if place.title and part else ()
        return replace(place, part=part, scopes=scopes)
    return place


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _in_part(division: etree._Element, place: _Place) -> _Place:
    if place.part or not place.title:
        return place
    part = str(division.get("N", "")).lstrip("§ ").partition(".")[0]
    return replace(place, part=part, scopes=(f"cfr:{place.title}/{part}",))


def _section(division: etree._Element, place: _Place) -> Iterator[Part]:
    number = re.sub(r"^§+\s*", "", str(division.get("N", ""))).strip()
    head = head_text(division)
    found = _SECTION_HEAD.match(head)
    title = (found["title"] if found else head).rstrip(" .")
    yield from parts_of(
        Section(
            step=number.lower(),
            cited=_cited(place, number),
            title=title if title else RESERVED,
            label=head.rstrip(" ."),
            lines=tuple(lines_of(division)),
            heading=place.heading,
            scopes=place.scopes,
        ),
        CFR,
    )


def _cited(place: _Place, number: str) -> str:
    return f"{place.title} CFR {number}" if place.title else f"§ {number}"


def _appendix(division: etree._Element, place: _Place) -> Iterator[Part]:
    """An appendix is one part with a passage for each of its paragraphs."""
    head = head_text(division)
    name = str(division.get("N", "")) or head
    found = _APPENDIX.match(name)
    letter = (found[1] or "") if found and (found[1] or "").lower() != "to" else ""
    words = f"appendix-{letter}" if found and letter else name
    step = (
        re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") if not found or letter else "appendix"
    )
    section = f"{_cited(place, place.part)}, {f'Appendix {letter}' if letter else name}".strip()
    annex = Part(
        steps=(step,),
        kind=PartKind.ANNEX,
        section=section,
        text="",
        title=head,
        heading=place.heading,
        scopes=place.scopes,
    )
    yield annex
    for number, line in enumerate(lines_of(division), start=1):
        yield replace(
            annex,
            steps=(step, f"p{number}"),
            kind=PartKind.PASSAGE,
            section=f"{section}, paragraph {number}",
            text=line.text.text,
            title="",
            heading=(*place.heading, head),
        )


def _unique(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Keep ids apart where two parts of the Code name an appendix alike."""
    seen: dict[tuple[str, ...], int] = {}
    kept: list[Part] = []
    for part in parts:
        seen[part.steps] = seen.get(part.steps, 0) + 1
        again = seen[part.steps]
        steps = part.steps if again == 1 else (f"{part.steps[0]}-{again}", *part.steps[1:])
        kept.append(part if again == 1 else replace(part, steps=steps))
    return tuple(kept)


def _address(top: etree._Element, place: _Place, date: str) -> str:
    if not place.title:
        return ""
    when = f"on/{date}" if date else "current"
    steps = [f"https://www.ecfr.gov/{when}/title-{place.title}"]
    if place.part:
        steps.append(f"part-{place.part}")
    if _type(top) == "SUBPART":
        steps.append(f"subpart-{top.get('N', '')}")
    return "/".join(steps)
