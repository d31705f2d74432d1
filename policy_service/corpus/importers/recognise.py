"""Which importer reads a file: decided by its content, the strictest format first.

Importers are imported when the first file is read: a start of the product does without.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from policy_service.corpus.importers.document import Document, SourceFile

# In this order: what has marks of its own before what any text could be.
_IMPORTERS = (
    "oscal.importer",
    "eu.formex",
    "eu.akoma_ntoso",
    "us.regml",
    "us.ecfr",
    "eu.eurlex_xhtml",
    "eu.gdprtext_json",
    "pdf.importer",
    "office.docx",
    "eu.markdown",
    "office.html",
    "office.markdown",
    "office.plain_text",
)
FORMATS = (
    "OSCAL (JSON, YAML, XML), Formex, EUR-Lex XHTML, Akoma Ntoso, eCFR XML, RegML, PDF, DOCX, "
    "Markdown, HTML, plain text, or a zip or folder of them"
)


class Importer(Protocol):
    """A module that reads one format."""

    def recognises(self, file: SourceFile) -> bool:
        """Say whether the content is of this format; quick, and never raises."""
        ...

    def read(self, files: Sequence[SourceFile]) -> tuple[Document, ...]:
        """Read all files of one import that are of this format, in the order of their names.

        Raises `CorpusError`, one line, for what is broken.
        """
        ...


@cache
def importers() -> tuple[tuple[str, Importer], ...]:
    """Return every importer with its name, in the order in which they are asked."""
    package = __package__
    return tuple((name, cast(Importer, import_module(f"{package}.{name}"))) for name in _IMPORTERS)


def importer_of(file: SourceFile) -> str:
    """Name the importer that reads a file; empty where none does."""
    return next((name for name, one in importers() if one.recognises(file)), "")
