"""Markdown of acts of the Union: `### Article 4`, numbered paragraphs, points in lists.

Several public collections publish acts so; their head names the act by CELEX and ELI. It
is a copy of the official text and not the official text: what it lost, the import lacks.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.eu.acts import (
    ActName,
    act_of_celex,
    act_of_eli,
    act_of_title,
)
from policy_service.corpus.importers.eu.assembly import assemble
from policy_service.corpus.importers.eu.markdown_events import events_of
from policy_service.corpus.importers.eu.nesting import nesting_limited
from policy_service.corpus.importers.eu.numbers import article_label
from policy_service.corpus.importers.eu.units import parts_of
from policy_service.domain.errors import CorpusError

_HEAD_BYTES = 8192
_ACT = re.compile(rb"CELEX|/eli/(?:reg|dir|dec)|^#\s.*\((?:EU|EC|EEC|UE|CE|EG)\)\s", re.MULTILINE)
_ARTICLE = re.compile(rb"^#{2,6}\s+[^\n]{0,40}\d", re.MULTILINE)
_MONTHS_TEXT = """
    january february march april may june july august september october november december
"""
_MONTHS = tuple(_MONTHS_TEXT.split())
_DATED = re.compile(r"\bof (\d{1,2}) (\w+) (\d{4})\b")
_LANGUAGE = re.compile(r"legal-content/([A-Z]{2})/")


def recognises(file: SourceFile) -> bool:
    """Say whether a file is Markdown of an act: a head that names one, headings of articles."""
    if b"\0" in file.data[:_HEAD_BYTES] or not _ACT.search(file.data[:_HEAD_BYTES]):
        return False
    headings = (found[0] for found in _ARTICLE.finditer(file.data))
    return any(article_label(heading.decode("utf-8", "replace")) for heading in headings)


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read one act a file. Raises `CorpusError` where a file is no text or has no article."""
    documents = []
    for file in files:
        with nesting_limited(file.name):
            documents.append(_document(file))
    return tuple(documents)


def _document(file: SourceFile) -> Document:
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"`{file.name}` is not UTF-8 text: save it as UTF-8") from error
    lines = text.splitlines()
    quoted = "\n".join(line for line in lines if line.startswith(">"))
    title = next((line[2:].strip() for line in lines if line.startswith("# ")), "")
    units = assemble(events_of([line for line in lines if not line.startswith(">")]))
    if not units:
        raise CorpusError(f"`{file.name}` has no article, recital or annex: is it a whole act?")
    name = _name(quoted, title)
    dated = _day_of(title)
    language = _LANGUAGE.search(quoted)
    return Document(
        format="eu-markdown",
        title=title,
        parts=parts_of(units),
        identifiers=name.identifiers,
        language=language[1].lower() if language else "en",
        version=name.version,
        version_date=name.consolidated or dated,
        url=name.url,
        files=(file.name,),
        facts={"dated": dated} if dated else {},
    )


def _name(quoted: str, title: str) -> ActName:
    celex, eli, titled = act_of_celex(quoted), act_of_eli(quoted), act_of_title(title)
    name = celex or eli or titled or ActName()
    return replace(name, eli_type=eli.eli_type) if eli and not name.eli_type else name


def _day_of(title: str) -> str:
    found = _DATED.search(title)
    if found is None or found[2].lower() not in _MONTHS:
        return ""
    month = _MONTHS.index(found[2].lower()) + 1
    return f"{found[3]}-{month:02d}-{int(found[1]):02d}"
