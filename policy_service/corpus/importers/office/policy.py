"""Blocks of an internal policy to a document: its title, its facts, its parts."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.limits import LIMITS, check_count
from policy_service.corpus.importers.office.front_matter import facts_in_lines
from policy_service.corpus.importers.office.outline import Block, BlockKind, parts_of
from policy_service.domain.errors import CorpusError

_OWN_FIELDS = ("title", "version", "version_date", "language", "url")


def policy_document(
    *, format_name: str, file: SourceFile, blocks: Iterable[Block], facts: Mapping[str, str]
) -> Document:
    """Make a document of blocks and what the format states of it.

    A heading at the start that all others lie below is the title and no part of an id. Raises
    `CorpusError` where there is no text.
    """
    held = tuple(islice(blocks, LIMITS.blocks + 1))
    check_count(file.name, "paragraphs", len(held), LIMITS.blocks)
    title, body = _title(held)
    parts = parts_of(body)
    if not any(part.text for part in parts):
        raise CorpusError(f"`{file.name}` holds no text: check that it is the right file")
    lines = [block.text for block in body if block.kind is not BlockKind.HEADING]
    known = {**facts_in_lines(lines), **facts}
    return Document(
        format=format_name,
        title=title or known.get("title", "") or _from_name(file.name),
        parts=parts,
        language=known.get("language", ""),
        version=known.get("version", ""),
        version_date=known.get("version_date", ""),
        url=known.get("url", ""),
        files=(file.name,),
        facts={key: value for key, value in sorted(known.items()) if key not in _OWN_FIELDS},
    )


def _title(blocks: Sequence[Block]) -> tuple[str, Sequence[Block]]:
    if blocks and blocks[0].kind is BlockKind.HEADING and not blocks[0].number:
        first, others = blocks[0], blocks[1:]
        if all(block.level > first.level for block in others if block.level):
            return first.text, others
    return "", blocks


def _from_name(name: str) -> str:
    stem = name.rsplit(".", 1)[0].replace("_", " ").replace("-", " ").strip()
    return stem[:1].upper() + stem[1:] if stem else "Untitled policy"
