"""Word documents of internal policies: headings by style, lists with their printed numbers.

python-docx opens the package; what paragraphs say is read in `docx_text.py`. Relations to
the outside (templates, pictures, links) are never followed. Headers, footers, footnotes and
text boxes are no part of the text.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lxml import etree

from policy_service.corpus.importers.archive import check_members, is_zip, open_zip
from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.limits import full_budget
from policy_service.corpus.importers.office.docx_numbering import Numbering
from policy_service.corpus.importers.office.docx_styles import Styles
from policy_service.corpus.importers.office.docx_text import (
    W,
    is_on,
    mark_is_deleted,
    text_of_paragraph,
    value_of,
)
from policy_service.corpus.importers.office.front_matter import stated_facts
from policy_service.corpus.importers.office.outline import Block, BlockKind
from policy_service.corpus.importers.office.policy import policy_document
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.domain.errors import CorpusError

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_BODY = "word/document.xml"


def recognises(file: SourceFile) -> bool:
    """Say whether a file is a zip with a Word document in it."""
    if not is_zip(file):
        return False
    try:
        with open_zip(file) as archive:
            return _BODY in archive.namelist()
    except CorpusError:
        return False


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each Word document to a document of its own."""
    return tuple(_read(file) for file in files)


def _read(file: SourceFile) -> Document:
    word = _opened(file)
    properties = word.core_properties
    entries = {
        "title": properties.title or "",
        "version": properties.version or "",
        "language": properties.language or "",
    }
    facts = stated_facts({key: value for key, value in entries.items() if value.strip()})
    return policy_document(format_name="docx", file=file, blocks=_Body(word).blocks(), facts=facts)


def _opened(file: SourceFile) -> "WordDocument":
    """Open a package whose members have been looked at: sizes first, then every XML part."""
    import docx  # heavy, and needed by an import alone
    from docx.opc.exceptions import OpcError

    with open_zip(file) as archive:
        check_members(file, archive, full_budget())
        try:
            members = [
                SourceFile(name=f"{name} in {file.name}", data=archive.read(name))
                for name in archive.namelist()
                if name.endswith((".xml", ".rels"))
            ]
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise _damaged(file) from error
    for member in members:
        parse_xml(member)
    try:
        return docx.Document(io.BytesIO(file.data))
    except (OpcError, KeyError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
        raise _damaged(file) from error


def _damaged(file: SourceFile) -> CorpusError:
    return CorpusError(f"`{file.name}` is no whole Word document: save it again as .docx")


class _Body:
    """Walks the body of one document and makes blocks."""

    def __init__(self, word: "WordDocument") -> None:
        self._root: etree._Element = word.element.body
        self._styles = Styles(word.styles.element)
        numbering = next(
            (
                relation.target_part.blob
                for relation in word.part.rels.values()
                if not relation.is_external and relation.reltype.endswith("/numbering")
            ),
            None,
        )
        part = SourceFile(name="numbering.xml", data=numbering) if numbering else None
        self._numbering = Numbering(parse_xml(part) if part else None)
        self._carried = ""  # of a paragraph whose end was deleted

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in the order of the text."""
        yield from self._below(self._root)

    def _below(self, parent: etree._Element) -> Iterator[Block]:
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"):
                yield from self._below(element)

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Block]:
        text = self._carried + text_of_paragraph(paragraph, self._styles.hidden)
        if mark_is_deleted(paragraph):
            self._carried = text
            return
        self._carried = ""
        text = " ".join(text.split())
        if not text:
            return
        properties = paragraph.find(f"{W}pPr")
        style = value_of(properties, "pStyle") or self._styles.default
        if self._styles.is_hidden(style):
            return
        number = self._number(properties, style)
        level = self._styles.heading_level(properties, style)
        if level:
            label = "" if number == "—" else number
            yield Block(kind=BlockKind.HEADING, text=text, level=level, number=label)
        elif not number:
            yield Block(kind=BlockKind.PARAGRAPH, text=text)
        elif number == "—":
            yield Block(kind=BlockKind.LINE, text=f"— {text}")
        else:
            yield Block(kind=BlockKind.LINE, text=text, number=number)

    def _number(self, properties: etree._Element | None, style: str) -> str:
        own = properties.find(f"{W}numPr") if properties is not None else None
        list_id, level = value_of(own, "numId"), value_of(own, "ilvl")
        if not list_id:
            list_id, style_level = self._styles.numbering(style)
            level = level or style_level
            if list_id and not level and (linked := self._numbering.of_style(style)):
                level = str(linked[1])
        if not list_id or list_id == "0":  # 0 takes the number of a style away
            return ""
        return self._numbering.label(list_id, int(level) if level.isdigit() else 0)

    def _table(self, table: etree._Element) -> Iterator[Block]:
        for row in table.iter(f"{W}tr"):
            if row.find(f"{W}trPr/{W}del") is not None or is_on(row.find(f"{W}trPr"), "hidden"):
                continue
            cells = (self._cell(cell) for cell in row.iterfind(f".//{W}tc"))
            text = " | ".join(cells).strip()
            if text.strip(" |"):
                yield Block(kind=BlockKind.LINE, text=text)

    def _cell(self, cell: etree._Element) -> str:
        texts = (
            text_of_paragraph(paragraph, self._styles.hidden)
            for paragraph in cell.iterfind(f"{W}p")
        )
        return " ".join(" ".join(texts).split())
