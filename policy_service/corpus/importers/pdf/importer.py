"""PDF: printed regulations of the Code, of California's codes, and policies of an organisation.

Which of them a file is, is told by its headings. A picture of text (a scan) is refused.
"""

from collections.abc import Sequence

from policy_service.corpus.importers.document import Document, SourceFile
from policy_service.corpus.importers.pdf import california as california_printed
from policy_service.corpus.importers.pdf import cfr as cfr_printed
from policy_service.corpus.importers.pdf import policy as pdf_policy
from policy_service.corpus.importers.pdf.lines import lines_of
from policy_service.corpus.importers.pdf.paragraphs import paragraphs_of

_HEAD_BYTES = 1_024  # a PDF's first line may come late; readers look as far


def recognises(file: SourceFile) -> bool:
    """Tell whether a file is a PDF."""
    return b"%PDF-" in file.data[:_HEAD_BYTES]


def read(files: Sequence[SourceFile]) -> tuple[Document, ...]:
    """Read each file to one document."""
    return tuple(_document(file) for file in files)


def _document(file: SourceFile) -> Document:
    paragraphs = paragraphs_of(lines_of(file))
    if cfr_printed.is_cfr(paragraphs):
        return cfr_printed.document_of(file.name, paragraphs)
    if california_printed.is_california(paragraphs):
        return california_printed.document_of(file.name, paragraphs)
    return pdf_policy.document_of(file, paragraphs)
