"""Akoma Ntoso 3: acts of the Union in AKN4EU, and acts of others with sections.

Amendments are not applied: a quoted structure is text of the unit that quotes it. Not
here: judgments, debates and amendment lists, which hold no provisions.
"""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.eu.acts import (
    ActName,
    act_of_celex,
    act_of_eli,
    act_of_title,
)
from policy_service.corpus.importers.eu.akoma_ntoso_units import (
    articles_of,
    blocks_of,
    child,
    name_of,
    named,
    recitals_of,
    text_of,
)
from policy_service.corpus.importers.eu.nesting import nesting_limited
from policy_service.corpus.importers.eu.numbers import annex_label
from policy_service.corpus.importers.eu.units import Unit, parts_of
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.domain.errors import CorpusError

_HEAD_BYTES = 4096
_ROOT = re.compile(rb"<(?:[\w.-]+:)?akomaNtoso[\s>]")
_TEXTS = ("act", "bill", "doc", "documentCollection", "statement")
_LANGUAGES = {
    "bul": "bg", "ces": "cs", "dan": "da", "deu": "de", "ger": "de", "ell": "el", "eng": "en",
    "est": "et", "fin": "fi", "fra": "fr", "fre": "fr", "gle": "ga", "hrv": "hr", "hun": "hu",
    "ita": "it", "lav": "lv", "lit": "lt", "mlt": "mt", "nld": "nl", "dut": "nl", "pol": "pl",
    "por": "pt", "ron": "ro", "rum": "ro", "slk": "sk", "slv": "sl", "spa": "es", "swe": "sv",
}  # fmt: skip


def recognises(file: SourceFile) -> bool:
    """Say whether a file is Akoma Ntoso, by its root element."""
    return bool(_ROOT.search(file.data[:_HEAD_BYTES]))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read one act a file. Raises `CorpusError` where a file is broken or holds no act."""
    documents = []
    for file in files:
        with nesting_limited(file.name):
            documents.append(_document(file))
    return tuple(documents)


def _document(file: SourceFile) -> Document:
    root = parse_xml(file)
    act = next((found for found in root if name_of(found) in _TEXTS), None)
    if act is None:
        holds = next((name_of(found) for found in root if name_of(found)), "nothing")
        raise CorpusError(f"`{file.name}` is Akoma Ntoso `{holds}`, not an act: import an act")
    units = [*_body(act), *_annexes(act)]
    if not units:
        raise CorpusError(f"`{file.name}` has no article, section or recital: is it an act?")
    meta = child(act, "meta")
    title = _title(act)
    name = _name(meta, title)
    return Document(
        format="akn-3",
        title=title,
        parts=parts_of(units),
        identifiers=name.identifiers or _work(meta),
        language=_language(meta),
        version=name.version or _value(meta, "FRBRWork", "FRBRnumber", "value"),
        version_date=name.consolidated or _date(meta),
        url=name.url,
        files=(file.name,),
        facts=_facts(meta),
    )


def _body(act: etree._Element) -> Iterator[Unit]:
    for part in act:
        match name_of(part):
            case "preamble":
                yield from recitals_of(part)
            case "body" | "mainBody":
                yield from articles_of(part)
            case "collectionBody" | "components":
                for inner in named(part, *_TEXTS):
                    yield from _body(inner)


def _annexes(act: etree._Element) -> Iterator[Unit]:
    for position, attachment in enumerate(named(act, "attachment"), start=1):
        holder = next((found for found in attachment if name_of(found) in _TEXTS), attachment)
        heads = [text_of(child(attachment, name)) for name in ("num", "heading", "subheading")]
        heads += [
            text_of(line)
            for place in named(holder, "coverPage", "preface")
            for line in named(place, "p")
        ]
        heads = [head for head in dict.fromkeys(heads) if head]
        place = next((n for n, head in enumerate(heads) if annex_label(head)), None)
        number = f"Annex {position}" if place is None else heads[place]
        titles = heads if place is None else heads[place + 1 :]
        body = next(named(holder, "mainBody", "body"), None)
        yield Unit(
            kind=PartKind.ANNEX,
            number=number,
            title=" ".join(titles),
            blocks=tuple(blocks_of(body)) if body is not None else (),
        )


def _title(act: etree._Element) -> str:
    preface = child(act, "preface")
    if preface is not None:
        lines = [text_of(line) for line in named(preface, "p")]
        words = " ".join(line for line in lines if line) or text_of(preface)
        if words:
            return words
    return _value(child(act, "meta"), "FRBRWork", "FRBRname", "value")


def _name(meta: etree._Element | None, title: str) -> ActName:
    stated = " ".join(
        value
        for found in (meta.iter() if meta is not None else ())
        if name_of(found).startswith("FRBR") and isinstance(found.tag, str)
        for value in found.attrib.values()
    )
    found = act_of_celex(stated) or act_of_eli(stated) or act_of_title(title)
    return found if found is not None and found.letter else ActName()


def _work(meta: etree._Element | None) -> tuple[str, ...]:
    work = _value(meta, "FRBRWork", "FRBRthis", "value") or _value(
        meta, "FRBRWork", "FRBRuri", "value"
    )
    return (f"akn:{work}",) if work else ()


def _language(meta: etree._Element | None) -> str:
    language = _value(meta, "FRBRExpression", "FRBRlanguage", "language").lower()
    return _LANGUAGES.get(language, language[:2])


def _date(meta: etree._Element | None) -> str:
    days = (_value(meta, level, "FRBRdate", "date") for level in ("FRBRExpression", "FRBRWork"))
    return next((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), "")


def _facts(meta: etree._Element | None) -> dict[str, str]:
    country = _value(meta, "FRBRWork", "FRBRcountry", "value")
    return {"country": country} if country else {}


def _value(meta: etree._Element | None, level: str, name: str, attribute: str) -> str:
    if meta is None:
        return ""
    return next(
        (
            found.get(attribute, "")
            for place in named(meta, level)
            for found in named(place, name)
            if found.get(attribute)
        ),
        "",
    )
