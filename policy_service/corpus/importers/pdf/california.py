"""A title of California's codes as it is printed: numbered sections with subdivisions.

Sections are headed `1798.100.  Title`, in bold; subdivisions are (a)(1)(A)(i)(I).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from policy_service.corpus.importers.document import Document
from policy_service.corpus.importers.pdf.paragraphs import Paragraph
from policy_service.corpus.importers.pdf.stated import stated_title, stated_version
from policy_service.corpus.importers.us.hierarchy import CALIFORNIA
from policy_service.corpus.importers.us.section import Line, Section, parts_of
from policy_service.corpus.importers.us.styled import Styled

_SECTION = re.compile(r"^(?P<number>\d{2,5}(?:\.\d{1,4}){0,3})\.(?:\s+|$)")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*$")
_CODES = {
    "civil code": "civ",
    "business and professions code": "bpc",
    "health and safety code": "hsc",
    "penal code": "pen",
    "government code": "gov",
    "insurance code": "ins",
    "financial code": "fin",
    "labor code": "lab",
    "education code": "edc",
}
_CIVIL_PRIVACY = "1798."  # Civil Code, division 3, part 4: the sections on privacy
_FEWEST = 2
_ADDRESS = "https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml"


def is_california(paragraphs: Sequence[Paragraph]) -> bool:
    """Tell whether a text is a title of California's codes."""
    headed = sum(_heading(one.text) is not None for one in paragraphs)
    return headed >= _FEWEST and any("California" in one.text.text.title() for one in paragraphs)


def document_of(name: str, paragraphs: Sequence[Paragraph]) -> Document:
    """Read the paragraphs of one PDF. Requires `is_california`."""
    version, day = stated_version(paragraphs)
    return read_lines(
        (one.text for one in paragraphs),
        format="pdf",
        name=name,
        title=stated_title(paragraphs),
        version=version,
        version_date=day,
    )


@dataclass(slots=True, kw_only=True)
class _Open:
    number: str
    title: str
    lines: list[Line] = field(default_factory=list)


def read_lines(
    lines: Iterable[Styled],
    *,
    format: str,
    name: str,
    title: str,
    version: str,
    version_date: str,
) -> Document:
    """Read paragraphs whose section numbers are bold."""
    sections: list[_Open] = []
    code = ""
    for line in lines:
        code = code or _code(line.text) if not sections else code
        number, heading, rest = _heading(line) or ("", "", line)
        if number:
            sections.append(_Open(number=number, title=heading))
        if sections and rest.text:
            sections[-1].lines.append(Line(text=rest))
    first = sections[0].number if sections else ""
    code = "civ" if first.startswith(_CIVIL_PRIVACY) else code
    scope = f"ca-{code}:{first}" if code else f"ca:{first}"
    return Document(
        format=format,
        title=title,
        parts=tuple(
            part for one in sections for part in parts_of(_section(one, scope), CALIFORNIA)
        ),
        identifiers=(scope,),
        language="en",
        version=version,
        version_date=version_date,
        url=f"{_ADDRESS}?lawCode={code.upper()}&sectionNum={first}." if code else "",
        files=(name,),
    )


def _heading(line: Styled) -> tuple[str, str, Styled] | None:
    """Return number, title and the text that follows on the same line, of a section's heading."""
    found = _SECTION.match(line.text)
    if not found or not line.is_bold or _LEADERS.search(line.text):
        return None
    end = found.end()
    while end < len(line.text) and line.marks[end] in "bx ":
        if line.marks[end] == " " and not line.text[end].isspace():
            break
        end += 1
    return found["number"], line.text[found.end() : end].strip(" ."), line[end:].strip()


def _section(one: _Open, scope: str) -> Section:
    cited = f"Section {one.number}"
    return Section(
        step=one.number,
        cited=cited,
        title=one.title,
        label=f"{cited} {one.title}".strip(),
        lines=one.lines,
        scopes=(scope,),
    )


def _code(text: str) -> str:
    return next((short for long, short in _CODES.items() if long in text.lower()), "")
