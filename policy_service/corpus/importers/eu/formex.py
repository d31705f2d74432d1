"""Formex 4 and 6: acts of the Union as the Publications Office issues them.

One act may be one file or many: a `DOC` that lists the others, the act, its annexes, and
a table of contents. Consolidated texts (`CONS.ACT`) are read as well. Not here: zips.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.eu.formex_act import units_of_act, units_of_annexes
from policy_service.corpus.importers.eu.formex_facts import facts_of
from policy_service.corpus.importers.eu.nesting import nesting_limited
from policy_service.corpus.importers.eu.units import parts_of
from policy_service.corpus.importers.safe_xml import parse_xml
from policy_service.domain.errors import CorpusError

_ACTS = ("ACT", "CONS.ACT")
_ANNEXES = ("ANNEX", "CONS.ANNEX")
_INSERTED = ("TITLE", "CONTENTS")
_LISTS = ("DOC", "PUBLICATION")
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)([^>]*)")
_MARKS = (b"<BIB.", b"<INFO.CONSLEG", b"<ENACTING.TERMS", b"<TITLE>", b"<PREAMBLE>")
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: str
    root: etree._Element
    act: str  # name of the `DOC` file it belongs to; empty where it says none
    order: str  # its number among the files of the act


def recognises(file: SourceFile) -> bool:
    """Say whether a file is Formex, by its root element and schema."""
    head = file.data[:_HEAD_BYTES]
    root = _ROOT.search(head)
    if root is None:
        return False
    known = root[1].decode("ascii", "replace") in (*_ACTS, *_ANNEXES, *_LISTS)
    marked = any(mark in head for mark in _MARKS)
    return (known and marked) or b"/formex-" in root[2]


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read acts with their annexes, one document an act.

    Raises `CorpusError` where a file is broken, is no act, or a file that the act's list
    names is missing: an act is imported whole or not at all.
    """
    opened = [_open(file) for file in files]
    groups = _by_act(opened)
    documents = []
    for group in groups:
        if _holds_text(group):
            with nesting_limited(group[0].name):
                documents.append(_document(group))
    if not documents:
        raise CorpusError(
            f"`{files[0].name}` only lists the files of an act: import them together with it"
        )
    return tuple(documents)


def _open(file: SourceFile) -> _File:
    root = parse_xml(file)
    if root.tag not in (*_ACTS, *_ANNEXES, *_LISTS):
        raise CorpusError(
            f"`{file.name}` is Formex `{root.tag}`, not an act: import its act or annexes"
        )
    reference = next(root.iter("DOCUMENT.REF"), None)
    order = next((found.text or "" for found in root.iter("NO.SEQ")), "")
    act = file.name if root.tag == "DOC" else ""
    if reference is not None and root.tag not in _LISTS:
        act = reference.get("FILE", "")
    return _File(name=file.name, root=root, act=act, order=order)


def _by_act(opened: Sequence[_File]) -> list[list[_File]]:
    """Group files by the act they belong to; those that do not say join a sole act."""
    groups: dict[str, list[_File]] = {}
    for file in opened:
        if file.root.tag != "PUBLICATION":
            groups.setdefault(file.act, []).append(file)
    contents = [file for file in opened if file.root.tag == "PUBLICATION"]
    if len([group for group in groups.values() if _acts(group)]) <= 1:
        return [[file for group in groups.values() for file in group] + contents]
    return list(groups.values())


def _document(group: Sequence[_File]) -> Document:
    acts = _acts(group)
    if len(acts) > 1:
        names = ", ".join(f"`{act.name}`" for act in acts)
        raise CorpusError(f"{names} say they are one act: import them one by one")
    _refuse_missing(group)
    act = acts[0] if acts else None
    inserted = _insert(act, group) if act else frozenset()
    annexes = sorted(
        (file for file in group if file.root.tag in _ANNEXES and file.name not in inserted),
        key=lambda file: (file.order, file.name),
    )
    lists = [file for file in group if file.root.tag in _LISTS]
    others = [file.root for file in (*lists, *annexes)]
    facts = facts_of(act.root if act else None, others)
    texts = [*([act] if act else []), *annexes]
    units = [
        *(units_of_act(act.root) if act else ()),
        *(unit for file in texts for unit in units_of_annexes(file.root)),
    ]
    if not units:
        raise CorpusError(f"`{texts[0].name}` has no article, recital or annex: is it an act?")
    return Document(
        format=f"formex-{facts.schema}",
        title=facts.title,
        parts=parts_of(units),
        identifiers=facts.name.identifiers,
        language=facts.language,
        version=facts.name.version,
        version_date=facts.version_date,
        url=facts.name.url,
        files=tuple(file.name for file in group),
        facts=dict(facts.stated),
    )


def _insert(act: _File, group: Sequence[_File]) -> frozenset[str]:
    """Put files that an act includes where it includes them, and return their names.

    So an amending act quotes an annex that it adds to another: no annex of its own.
    """
    given = {file.name: file.root for file in group if file is not act}
    inserted = set()
    for place in list(act.root.iter("INCL.ELEMENT")):
        name = place.get("FILEREF", "")
        above = place.getparent()
        if name in given and above is not None:
            holder = etree.SubElement(etree.Element("HOLDER"), "INCLUDED")
            holder.extend([deepcopy(child) for child in given[name] if child.tag in _INSERTED])
            holder.tail = place.tail
            above.replace(place, holder)
            inserted.add(name)
    return frozenset(inserted)


def _refuse_missing(group: Sequence[_File]) -> None:
    given = {file.name for file in group}
    for listed in (file for file in group if file.root.tag == "DOC"):
        named = [
            found.get("FILE", "")
            for found in listed.root.iter("REF.PHYS")
            if found.get("TYPE", "DOC.XML") == "DOC.XML"
        ]
        missing = [name for name in named if name and name not in given]
        if missing:
            raise CorpusError(
                f"`{listed.name}` lists `{missing[0]}`, which is not among the files: add it"
            )


def _acts(group: Sequence[_File]) -> list[_File]:
    return [file for file in group if file.root.tag in _ACTS]


def _holds_text(group: Sequence[_File]) -> bool:
    return any(file.root.tag not in _LISTS for file in group)
