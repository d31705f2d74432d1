"""Plain text: numbered and underlined headings, paragraphs between blank lines, lists.

The last importer asked: whatever is text and of no other format. Data (JSON, XML) is not.
"""

import re
from collections.abc import Iterator, Sequence

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.office.outline import Block, BlockKind
from policy_service.corpus.importers.office.policy import policy_document
from policy_service.corpus.importers.text_decoding import decode, start_of_text

_DATA = ("{", "[", "<", "%PDF", "PK\x03\x04", "#!")
_UNDERLINE = re.compile(r"^(=|-|~|\*){3,}$")
_NUMBER = re.compile(
    r"^(?:§\s*)?((?:[A-Z]\.)?\d+(?:\.\d+)*)[.)]?\s+\S|^(?:section|article|annex|appendix|chapter"
    r"|schedule|part)\s+[\dA-Z]",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^(?:[-*•–—]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)])\s+\S")
_DASH = re.compile(r"^[-*•–—]\s+")
_ENTRY = re.compile(r"^[A-Z][A-Za-z ]{2,30}:\s+\S")
_TITLE_LENGTH = 90
_WORD = re.compile(r"[^\W\d_]{2,}")


def recognises(file: SourceFile) -> bool:
    """Say whether a file is running text, in whatever encoding."""
    start = start_of_text(file)
    return not start.startswith(_DATA) and len(_WORD.findall(start)) > 1


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each text to a document of its own."""
    return tuple(
        policy_document(format_name="plain-text", file=file, blocks=_blocks(decode(file)), facts={})
        for file in files
    )


def _blocks(text: str) -> Iterator[Block]:
    paragraphs = re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip("\n"))
    for number, paragraph in enumerate(paragraphs):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        if not lines:
            continue
        first = number == 0 and len(paragraphs) > 1
        if len(lines) > 1 and _UNDERLINE.match(lines[1]):
            yield _heading(lines[0], 1 if lines[1][0] == "=" else 2)
            lines = lines[2:]
        elif _is_heading(lines[0], following=lines[1:2], first=first):
            yield _heading(lines[0], 1 if first and not _NUMBER.match(lines[0]) else 0)
            lines = lines[1:]
        yield from _paragraph(lines)


def _is_heading(line: str, *, following: Sequence[str], first: bool) -> bool:
    alone = not following
    short = len(line) <= _TITLE_LENGTH and line[-1] not in ".;,:"
    if not short:
        return False
    upper = line == line.upper() and any(letter.isalpha() for letter in line)
    return (
        upper
        or (alone and bool(first or _NUMBER.match(line)))
        or (_is_numbered_title(line) and not any(one[0].islower() for one in following))
    )


def _is_numbered_title(line: str) -> bool:
    """Tell `4.2 Access review` above its text from a first line that merely starts so."""
    return bool(_NUMBER.match(line)) and len(line.split()) <= 8 and ". " not in line[5:]


def _heading(line: str, level: int) -> Block:
    if not level:
        match = _NUMBER.match(line)
        level = 2 + (match[1].count(".") if match and match[1] else 0)
    return Block(kind=BlockKind.HEADING, text=" ".join(line.split()), level=level)


def _paragraph(lines: Sequence[str]) -> Iterator[Block]:
    """Join wrapped lines; list items, and `Key: value` line by line, are lines of their own."""
    units: list[str] = []
    separate = all(_ENTRY.match(line) for line in lines)
    for line in lines:
        if units and not separate and not _ITEM.match(line):
            units[-1] = f"{units[-1]} {line}"
        else:
            units.append(line)
    for number, unit in enumerate(units):
        is_item = bool(_ITEM.match(unit))
        kind = BlockKind.LINE if number or is_item else BlockKind.PARAGRAPH
        yield Block(kind=kind, text=" ".join(_DASH.sub("— ", unit).split()))
