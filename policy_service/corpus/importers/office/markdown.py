"""Markdown of internal policies, read as CommonMark with tables.

It is rendered to HTML and read as a page is, so raw HTML, comments and hidden elements in it
are treated as in any page. Front matter between `---` lines gives title, version and date.
Not the reader of EU acts in Markdown, which is `eu_markdown.py`.
"""

import re
from collections.abc import Sequence

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_size
from policy_service.corpus.importers.office.front_matter import stated_facts
from policy_service.corpus.importers.office.html import parse_html
from policy_service.corpus.importers.office.html_blocks import blocks_of
from policy_service.corpus.importers.office.policy import policy_document
from policy_service.corpus.importers.text_decoding import decode, start_of_text
from policy_service.domain.errors import CorpusError

_SAMPLE_CHARACTERS = 65_536
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^([A-Za-z][\w -]*):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SIGNS = re.compile(
    r"^#{1,6}[ \t]+\S|^\S.*\n(?:={3,}|-{3,})[ \t]*$|^\|.+\|[ \t]*\n\|[ :|-]+\|"
    r"|\*\*\S[^*\n]*\*\*|\]\(\S+\)|^```|^> \S",
    re.MULTILINE,
)


def recognises(file: SourceFile) -> bool:
    """Say whether a text has a front matter or marks that only Markdown has."""
    start = start_of_text(file, _SAMPLE_CHARACTERS).replace("\r\n", "\n")
    if not start or start[0] in "{[<":
        return start.startswith("<!--") and bool(_SIGNS.search(start))
    return bool(_FRONT.match(start) or _SIGNS.search(start))


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each text to a document of its own."""
    return tuple(_read(file) for file in files)


def _read(file: SourceFile) -> Document:
    check_size(file.name, len(file.data), LIMITS.markdown_bytes)
    text = decode(file).lstrip()
    entries: dict[str, str] = {}
    if front := _FRONT.match(text):
        entries = {key: value.strip("\"'") for key, value in _ENTRY.findall(front[1])}
        text = text[front.end() :]
    root = parse_html(file.name, f"<html><body>{_rendered(file.name, text)}</body></html>")
    return policy_document(
        format_name="markdown",
        file=file,
        blocks=blocks_of(root),
        facts=stated_facts(entries),
    )


def _rendered(name: str, text: str) -> str:
    from markdown_it import MarkdownIt  # heavy, and needed by an import alone

    if any(block.count("[") > LIMITS.markdown_brackets for block in text.split("\n\n")):
        raise CorpusError(
            f"`{name}` has a block of more than {LIMITS.markdown_brackets} brackets: "
            "give the policy alone"
        )
    parser = MarkdownIt("commonmark", {"maxNesting": LIMITS.depth}).enable("table")
    tokens = parser.parse(text)
    # INVARIANT: past its depth the parser drops text without a word; that is no reading.
    if max((token.level for token in tokens), default=0) >= LIMITS.depth - 1:
        raise CorpusError(f"`{name}` is nested too deep to be read: simplify its lists")
    return str(parser.renderer.render(tokens, parser.options, {}))
