"""HTML of internal policies: headings, paragraphs, lists and tables of what a reader sees.

Not the reader of EUR-Lex pages, which is `eurlex_xhtml.py`. Nothing is fetched or run.
"""

import re
from collections.abc import Sequence

from lxml import etree
from lxml import html as lxml_html

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_count
from policy_service.corpus.importers.office.front_matter import stated_facts
from policy_service.corpus.importers.office.html_blocks import blocks_of
from policy_service.corpus.importers.office.policy import policy_document
from policy_service.corpus.importers.text_decoding import decode, start_of_text
from policy_service.domain.errors import CorpusError

_START = re.compile(
    r"^(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|h[1-6]|p|div|main"
    r"|article|section|table|ul|ol|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)


def recognises(file: SourceFile) -> bool:
    """Say whether a file starts as an HTML page or fragment does."""
    return bool(_START.match(start_of_text(file)))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each page to a document of its own."""
    return tuple(_read(file) for file in files)


def parse_html(name: str, text: str) -> etree._Element:
    """Parse a page as browsers do. Raises `CorpusError` where it is nested beyond sense."""
    check_count(name, "tags", text.count("<"), LIMITS.html_tags)
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False
    )
    try:
        root: etree._Element = lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise CorpusError(f"`{name}` holds no HTML that can be read: export it again") from error
    # INVARIANT: past libxml2's depth the rest of a page is silently missing; that is no reading.
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise CorpusError(f"`{name}` is nested too deep to be read: simplify its layout")
    return root


def _read(file: SourceFile) -> Document:
    root = parse_html(file.name, _without_declaration(decode(file)))
    facts = stated_facts(_meta(root))
    if language := (root.get("lang") or "").strip():
        facts.setdefault("language", language[:2].lower())
    return policy_document(format_name="html", file=file, blocks=blocks_of(root), facts=facts)


def _without_declaration(text: str) -> str:
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)


def _meta(root: etree._Element) -> dict[str, str]:
    entries = {
        str(meta.get("name")): str(meta.get("content"))
        for meta in root.iter("meta")
        if meta.get("name") and meta.get("content")
    }
    if title := " ".join((root.findtext(".//title") or "").split()):
        entries.setdefault("title", title)
    return entries
