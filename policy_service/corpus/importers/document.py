"""What every importer returns: one act, standard or policy as parts in the order of the text.

A document knows nothing of the corpus: which instrument it is, and what its provisions are
called there, is decided in `edition.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PartKind(StrEnum):
    """What a part is; counts of articles, recitals and controls go by it."""

    RECITAL = "recital"
    ARTICLE = "article"  # an article or section with a number of its own
    PARAGRAPH = "paragraph"
    POINT = "point"
    ANNEX = "annex"
    CONTROL = "control"
    ENHANCEMENT = "enhancement"
    PASSAGE = "passage"  # a paragraph or heading section of a text without numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as it was given: bytes not yet looked at, and a name without folders."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One unit with its own text.

    `steps` are the steps of the id below the instrument: (`art-32`, `1`, `a`),
    (`recital-26`,), (`annex-iii`, `1`, `a`), (`164.312`, `a`, `2`, `iv`), (`ac-2`, `3`).
    `text` is the unit's own text, without that of the parts below it; white space is single
    blanks, and separate blocks of one unit are joined by a line break. A unit without text
    of its own (an article cut into paragraphs) is a part with an empty text: it counts, and
    becomes no provision. INVARIANT: steps are unique in a document.
    """

    steps: tuple[str, ...]
    kind: PartKind
    section: str  # as the instrument writes it: `Article 32(1)(a)`, `Recital 26`, `§ 164.312(a)(2)`
    text: str
    title: str = ""  # its own heading: `Security of processing`; points have none
    heading: tuple[str, ...] = ()  # headings above it, outermost first, as people read them
    scopes: tuple[str, ...] = ()  # identifiers of the units around it: `cfr:45/164`, `cfr:45/164/C`


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document. Fields that the format does not state are empty.

    `identifiers` name it as others do: `celex:32016R0679`, `cfr:12/1016`,
    `ca-civ:1798.100`, `oscal:<title in lower case>`.
    """

    format: str  # `formex-4`, `formex-6`, `eurlex-xhtml`, `ecfr`, `regml`, `akn-3`, `pdf` …
    title: str
    parts: tuple[Part, ...]
    identifiers: tuple[str, ...] = ()
    language: str = ""  # ISO 639-1
    version: str = ""  # `2016/679`, `5.1.1+u4`
    version_date: str = ""  # ISO date this text holds from, or was published
    url: str = ""
    files: tuple[str, ...] = ()  # names of the files it was read from
    facts: Mapping[str, str] = field(default_factory=dict)  # what else a format states
