"""GDPRtEXT's nested JSON: chapters, sections, articles, points and recitals of one act.

Source: GDPRtEXT, "GDPR as linked data" (Pandit, Fatema, O'Sullivan, Lewis; ESWC 2018). Its
points have the own text of a unit; lists without numbers are dashes of the official text.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from policy_service.corpus.importers.document import Document, PartKind, SourceFile
from policy_service.corpus.importers.eu.acts import ActName, act_of_title
from policy_service.corpus.importers.eu.footnotes import FootnoteMarks
from policy_service.corpus.importers.eu.units import Block, Unit, parts_of
from policy_service.domain.errors import CorpusError

_DAY = re.compile(r"^(\d\d)/(\d\d)/(\d{4})$")
_HEAD_BYTES = 4096
_Node = Mapping[str, object]


def recognises(file: SourceFile) -> bool:
    """Say whether a file is this JSON, by the names at its head."""
    head = file.data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and all(
        name in head for name in (b'"regulation"', b'"chapters"', b'"contents"')
    )


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read one act a file. Raises `CorpusError` where a file is broken or lacks a field."""
    return tuple(_document(file) for file in files)


def _document(file: SourceFile) -> Document:
    act = _load(file)
    try:
        marks = FootnoteMarks(_notes(act))
        recitals = [_recital(node, marks) for node in _nodes(act, "recitals")]
        articles = [unit for node in _nodes(act, "chapters") for unit in _articles(node, marks)]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CorpusError(
            f"`{file.name}` is not GDPRtEXT's JSON throughout ({type(error).__name__}: {error})"
        ) from error
    if not articles:
        raise CorpusError(f"`{file.name}` has no article: is it a whole act?")
    name = act_of_title(f"Regulation {_text(act, 'regulation')}") or ActName()
    return Document(
        format="gdprtext-json",
        title=" ".join(filter(None, (_text(act, "title"), _text(act, "about")))),
        parts=parts_of((*recitals, *articles)),
        identifiers=name.identifiers,
        language=_text(act, "language").lower(),
        version=name.version,
        version_date=_day(_text(act, "updated")) or _day(_text(act, "dated")),
        url=name.url,
        files=(file.name,),
        facts={"dated": _day(_text(act, "dated"))} if _text(act, "dated") else {},
    )


def _load(file: SourceFile) -> _Node:
    try:
        loaded = json.loads(file.data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise CorpusError(f"`{file.name}` is not JSON ({reason}): fetch it again") from error
    if not isinstance(loaded, dict):
        raise CorpusError(f"`{file.name}` is JSON, but no act: it has no object at its root")
    return cast(_Node, loaded)


def _recital(node: _Node, marks: FootnoteMarks) -> Unit:
    text = marks.without(_clean(_text(node, "text")))
    return Unit(kind=PartKind.RECITAL, number=str(node["number"]), blocks=(text,))


def _articles(node: _Node, marks: FootnoteMarks, above: tuple[str, ...] = ()) -> Iterator[Unit]:
    if node["type"] == "article":
        yield Unit(
            kind=PartKind.ARTICLE,
            number=f"Article {node['number']}",
            title=_text(node, "title"),
            heading=above,
            blocks=tuple(_article_blocks(node, marks)),
        )
        return
    kind = str(node["type"])
    word = kind.upper() if kind == "chapter" else kind.capitalize()
    heading = f"{word} {node['number']} — {_text(node, 'title')}"
    for child in _nodes(node, "contents"):
        yield from _articles(child, marks, (*above, heading))


def _article_blocks(node: _Node, marks: FootnoteMarks) -> list[Block]:
    blocks: list[Block] = []
    numbered = all(_is_text(child) for child in list(_nodes(node, "contents"))[:1])
    kind = PartKind.POINT if numbered else PartKind.PARAGRAPH
    for child in _nodes(node, "contents"):
        read = _blocks(child, kind, marks)
        last = blocks[-1] if blocks else None
        if _is_text(child) and isinstance(last, Unit) and last.kind is PartKind.PARAGRAPH:
            # A text without a number after a numbered paragraph is its next subparagraph.
            blocks[-1] = Unit(kind=last.kind, number=last.number, blocks=(*last.blocks, *read))
        else:
            blocks += read
    return blocks


def _blocks(node: _Node, kind: PartKind, marks: FootnoteMarks) -> list[Block]:
    text = marks.without(_clean(_text(node, "text")))
    below = [
        block
        for child in _nodes(node, "subpoints")
        for block in _blocks(child, PartKind.POINT, marks)
    ]
    number = node["number"]
    if number is None:
        dash = "— " if node["type"] == "subpoint" else ""
        return [f"{dash}{text}", *below]
    mark = f"{number}." if kind is PartKind.PARAGRAPH else f"({number})"
    return [Unit(kind=kind, number=mark, blocks=(text, *below))]


def _is_text(node: _Node) -> bool:
    return node["number"] is None


def _nodes(node: _Node, name: str) -> Iterator[_Node]:
    found = node.get(name) or []
    if isinstance(found, dict):  # some lists are objects whose names are their places
        found = list(found.values())
    if not isinstance(found, list):
        raise TypeError(f"`{name}` is no list")
    for child in found:
        if not isinstance(child, dict):
            raise TypeError(f"`{name}` holds what is no object")
        yield child


def _text(node: _Node, name: str) -> str:
    found = node.get(name)
    return found if isinstance(found, str) else ""


def _clean(text: str) -> str:
    return " ".join(text.split())


def _notes(act: _Node) -> list[int]:
    notes = act.get("citations")
    found = notes.values() if isinstance(notes, dict) else ()
    numbers = [str(note.get("number", "")) for note in found if isinstance(note, dict)]
    return [int(number) for number in numbers if number.isdecimal()]


def _day(day: str) -> str:
    found = _DAY.match(day)
    return f"{found[3]}-{found[2]}-{found[1]}" if found else ""
