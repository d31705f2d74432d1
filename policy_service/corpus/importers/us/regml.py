"""RegML, the XML of eRegulations: a part of the Code whose labels already give the hierarchy.

Every `paragraph` is a part of its own, unmarked ones (`1016-3-p1`) and figures (without text)
too; appendices and official interpretations follow the regulation.

Source: the regulations-schema of the Consumer Financial Protection Bureau (namespace `eregs`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from policy_service.corpus.importers.document import Document, Part, PartKind, SourceFile
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.domain.errors import CorpusError

_SPACE = "{eregs}"
_ROOT = re.compile(rb"<(?:\w+:)?(?:regulation|notice)\s[^>]*['\"]eregs['\"]")
_HEAD_BYTES = 8_192
_NO_WORDS = ("graphic", "footnote", "altText")


def recognises(file: SourceFile) -> bool:
    """Tell whether a file is RegML."""
    return bool(_ROOT.search(file.data[:_HEAD_BYTES]))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each file to one document."""
    return tuple(_document(file) for file in files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    steps: tuple[str, ...] = ()
    cited: str = ""
    heading: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def _document(file: SourceFile) -> Document:
    root = parse_xml(file)
    part = root.find(f".//{_SPACE}part")
    title = _words(root.find(f".//{_SPACE}cfr/{_SPACE}title"))
    number = "" if part is None else str(part.get("label", ""))
    if etree.QName(root).localname != "regulation" or part is None or not number:
        raise CorpusError(
            f"`{file.name}` holds no regulation part: import the RegML regulation, not a notice"
        )
    scope = f"cfr:{title}/{number}"
    name = _words(root.find(f".//{_SPACE}fdsys/{_SPACE}title"))
    place = _Place(
        cited=f"{title} CFR", heading=(f"Part {number} {name}".strip(),), scopes=(scope,)
    )
    parts = tuple(_walk(part, place, number))
    return Document(
        format="regml",
        title=name,
        parts=parts,
        identifiers=(scope,),
        language="en",
        version=_words(root.find(f".//{_SPACE}documentNumber")),
        version_date=_words(root.find(f".//{_SPACE}effectiveDate")),
        url=f"https://www.ecfr.gov/current/title-{title}/part-{number}",
        files=(file.name,),
        facts=_facts(root),
    )


def _facts(root: etree._Element) -> dict[str, str]:
    stated = {
        "agency": _words(root.find(f".//{_SPACE}agency")),
        "federal_register": _words(root.find(f".//{_SPACE}federalRegisterURL")),
    }
    return {name: value for name, value in stated.items() if value}


def _walk(element: etree._Element, place: _Place, number: str) -> Iterator[Part]:
    for child in element:
        match etree.QName(child).localname:
            case "section":
                yield from _section(child, place, number)
            case "appendix":
                yield from _appendix(child, place, number)
            case "interpretations":
                yield from _interpretations(child, place, number)
            case "subpart":
                yield from _walk(child, _subpart(child, place), number)
            case "content":
                yield from _walk(child, place, number)


def _subpart(subpart: etree._Element, place: _Place) -> _Place:
    letter, title = str(subpart.get("subpartLetter", "")), _child(subpart, "title")
    if not letter.isalpha():  # eRegulations wraps sections outside subparts in a subpart `0`
        return place
    return replace(
        place,
        heading=(*place.heading, f"Subpart {letter} {title}".strip()),
        scopes=(*place.scopes, f"{place.scopes[0]}/{letter}"),
    )


def _section(section: etree._Element, place: _Place, number: str) -> Iterator[Part]:
    own = _after(section, number)
    name = f"{number}.{own}"
    label = _child(section, "subject").rstrip(" .")
    title = re.sub(r"^§+\s*\S+\s*", "", label)
    here = replace(place, steps=(name.lower(),), cited=f"{place.cited} {name}")
    yield _part(here, PartKind.ARTICLE, title, "")
    inside = replace(here, heading=(*here.heading, label))
    for child in section.iterchildren(f"{_SPACE}paragraph"):
        yield from _paragraph(child, inside, str(section.get("label", "")))


def _appendix(appendix: etree._Element, place: _Place, number: str) -> Iterator[Part]:
    letter = str(appendix.get("appendixLetter", "")) or _after(appendix, number)
    title = _child(appendix, "appendixTitle")
    here = replace(
        place,
        steps=(f"appendix-{letter.lower()}",),
        cited=f"{place.cited} {number}, Appendix {letter}",
    )
    yield _part(here, PartKind.ANNEX, title, "")
    inside = replace(here, heading=(*here.heading, title))
    for section in appendix.iterchildren(f"{_SPACE}appendixSection"):
        below = _child(section, "subject")
        heading = (*inside.heading, below) if below else inside.heading
        for child in section.iterchildren(f"{_SPACE}paragraph"):
            whole = str(appendix.get("label", ""))
            yield from _paragraph(child, replace(inside, heading=heading), whole)


def _interpretations(root: etree._Element, place: _Place, number: str) -> Iterator[Part]:
    title = _child(root, "title")
    here = replace(
        place,
        steps=("interpretations",),
        cited=f"{place.cited} {number}, Supplement I",
        heading=(*place.heading, title),
    )
    yield _part(replace(here, heading=place.heading), PartKind.ANNEX, title, "")
    for paragraph in root.iter(f"{_SPACE}interpParagraph"):
        label = str(paragraph.get("label", ""))
        steps = tuple(step.lower() for step in label.split("-")[1:] if step)
        yield _part(
            replace(here, steps=("interpretations", *steps), cited=f"{here.cited}, {label}"),
            PartKind.PASSAGE,
            _child(paragraph, "title").rstrip(" ."),
            _child(paragraph, "content"),
        )


def _paragraph(paragraph: etree._Element, place: _Place, above: str) -> Iterator[Part]:
    """Yield a paragraph and those below it; a label continues that of the unit around it."""
    label = str(paragraph.get("label", ""))
    marker = str(paragraph.get("marker", "")).strip()
    tokens = _tokens(label, above, marker)
    title = _child(paragraph, "title").rstrip(" .:—")
    here = replace(
        place,
        steps=(*place.steps, *(token.lower() for token in tokens)),
        cited=place.cited + _printed(marker, tokens, first=len(place.steps) == 1),
    )
    depth = PartKind.PARAGRAPH if len(here.steps) == 2 else PartKind.POINT
    yield _part(here, depth, title, _child(paragraph, "content"))
    inside = replace(here, heading=(*here.heading, title) if title else here.heading)
    for child in paragraph.iterchildren(f"{_SPACE}paragraph"):
        yield from _paragraph(child, inside, label)


def _tokens(label: str, above: str, marker: str) -> tuple[str, ...]:
    """Return the steps below the unit above; a mistyped label is one step, its marker's."""
    tokens = tuple(token for token in label.split("-") if token)
    if label.startswith(f"{above}-"):
        return tuple(token for token in label.removeprefix(f"{above}-").split("-") if token)
    return (re.sub(r"\W", "", marker) or tokens[-1],) if tokens else ("p",)


def _printed(marker: str, tokens: Sequence[str], *, first: bool) -> str:
    if marker.startswith("("):  # as the label says: it is checked there, markers are mistyped
        return "".join(f"({token})" for token in tokens)
    return (", " if first else "") + marker if marker else f", paragraph {tokens[-1]}"


def _part(place: _Place, kind: PartKind, title: str, text: str) -> Part:
    return Part(
        steps=place.steps,
        kind=kind,
        section=place.cited,
        text=text,
        title=title,
        heading=place.heading,
        scopes=place.scopes,
    )


def _after(element: etree._Element, number: str) -> str:
    return str(element.get("label", "")).removeprefix(f"{number}-")


def _child(element: etree._Element, name: str) -> str:
    return _words(element.find(f"{_SPACE}{name}"))


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(_runs(element)).split())


def _runs(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if etree.QName(child).localname not in _NO_WORDS:
            yield from _runs(child)
        yield child.tail or ""
