"""EUR-Lex XHTML: acts of the Union as the portal shows them, of the journal and consolidated.

The page is data: no script runs, nothing it links to is fetched, and text that a browser
would hide is not told apart. Not here: saved pages of other sites.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.eu.acts import ActName, act_of_celex, act_of_title
from policy_service.corpus.importers.eu.assembly import assemble
from policy_service.corpus.importers.eu.eurlex_events import events_of, text_of, title_lines
from policy_service.corpus.importers.eu.nesting import nesting_limited
from policy_service.corpus.importers.eu.units import parts_of
from policy_service.domain.errors import CorpusError

_PAGE = re.compile(rb"<html[\s>]", re.IGNORECASE)
_CLASSES = re.compile(
    rb"class=\"(?:oj-|clg-)?(?:ti-art|doc-ti|title-article-norm|stitle-article-norm|eli-subdivision"
    rb"|title-annex-1|ti-grseq-1)\b"
)
_HEAD_BYTES = 65_536
_ENCODING = re.compile(rb"(?:encoding|charset)\s*=\s*[\"']?([\w.-]+)", re.IGNORECASE)
_CONSOLIDATED = re.compile(r"\b0(\d{4}[RLD]\d{4})\s+—\s+([A-Z]{2})\s+—\s+(\d\d)\.(\d\d)\.(\d{4})")
_JOURNAL_DATE = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_DATE_FIRST = re.compile(r"^(\d{4})/(\d{1,2})/(\d{1,2})$")


def recognises(file: SourceFile) -> bool:
    """Say whether a file is a page of EUR-Lex, by the classes of its headings."""
    return bool(_PAGE.search(file.data[:_HEAD_BYTES]) and _CLASSES.search(file.data))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read one act a page. Raises `CorpusError` where a page is cut off or holds no act."""
    documents = []
    for file in files:
        with nesting_limited(file.name):
            documents.append(_document(file))
    return tuple(documents)


def _document(file: SourceFile) -> Document:
    if b"</html>" not in file.data[-_HEAD_BYTES:].lower():
        raise CorpusError(f"`{file.name}` is cut off before `</html>`: save the page again")
    page = _parse(file)
    body = page.find("body")
    units = assemble(events_of(body)) if body is not None else ()
    if body is None or not units:
        raise CorpusError(f"`{file.name}` has no article, recital or annex: is it a whole act?")
    title = " ".join(title_lines(body))
    head = _head(body)
    name = _name(title, head, file)
    published = _published(body)
    return Document(
        format="eurlex-xhtml",
        title=title,
        parts=parts_of(units),
        identifiers=name.identifiers,
        language=_language(page, body, head),
        version=name.version,
        version_date=name.consolidated or published,
        url=name.url,
        files=(file.name,),
        facts={"published": published} if published else {},
    )


def _parse(file: SourceFile) -> etree._Element:
    stated = _ENCODING.search(file.data[:1024])
    encoding = stated[1].decode("ascii") if stated else "utf-8"
    try:
        parser = etree.HTMLParser(
            encoding=encoding,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        page = etree.fromstring(file.data, parser)
    except (LookupError, etree.LxmlError) as error:
        raise CorpusError(f"`{file.name}` cannot be read as a page: save it again") from error
    if any("xcessive depth" in str(entry.message) for entry in parser.error_log):
        raise CorpusError(f"`{file.name}` nests deeper than a page of EUR-Lex: save it again")
    if page is None:
        raise CorpusError(f"`{file.name}` is an empty page: save it again")
    return page


def _head(body: etree._Element) -> str:
    """Return the text of the lines before the act, where consolidated texts name themselves."""
    lines = []
    for line in body.iter("p"):
        if re.search(r"(?:^|\s|oj-)ti-art|title-article-norm", line.get("class") or ""):
            break
        lines.append(text_of(line))
    return "\n".join(lines)


def _name(title: str, head: str, file: SourceFile) -> ActName:
    found = _CONSOLIDATED.search(head)
    if found:
        celex, _, day, month, year = found.groups()
        held = act_of_celex(f"0{celex}-{year}{month}{day}")
        if held:
            of_title = act_of_title(title)
            return replace(held, eli_type=of_title.eli_type if of_title else "")
    linked = act_of_celex(file.data[:_HEAD_BYTES].decode("ascii", "replace"))
    of_title = act_of_title(title)
    if of_title is not None and of_title.letter:
        return of_title
    return linked or of_title or ActName()


def _published(body: etree._Element) -> str:
    for line in body.iter("p"):
        if "hd-date" in (line.get("class") or ""):
            text = text_of(line)
            if found := _JOURNAL_DATE.match(text):
                day, month, year = found.groups()
                return f"{year}-{int(month):02d}-{int(day):02d}"
            if found := _DATE_FIRST.match(text):
                year, month, day = found.groups()
                return f"{year}-{int(month):02d}-{int(day):02d}"
    return ""


def _language(page: etree._Element, body: etree._Element, head: str) -> str:
    for line in body.iter("p"):
        if "hd-lg" in (line.get("class") or ""):
            return text_of(line).lower()
    if found := _CONSOLIDATED.search(head):
        return found[2].lower()
    stated = page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    return stated[:2].lower()
