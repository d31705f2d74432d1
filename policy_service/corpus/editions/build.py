"""Documents to editions: which instrument, which provisions, with which ids and addresses.

Not the library: whether an edition may be drafted from is decided there, by people. Every
provision leaves here unreviewed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from policy_service.corpus.editions.hidden import Cleaning
from policy_service.corpus.editions.instrument import (
    InstrumentDetails,
    KnownInstrument,
    Target,
    instrument_names,
    target_of,
)
from policy_service.corpus.editions.provisions import provisions_of
from policy_service.corpus.importers.document import Document, Part, SourceFile
from policy_service.domain.edition import Edition, Provenance
from policy_service.domain.errors import CorpusError
from policy_service.domain.identifiers import Sha256Hex

NO_DETAILS = InstrumentDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """An edition, and what its reader has to know: hidden characters, parts left out."""

    edition: Edition
    notes: tuple[str, ...] = ()


def editions_of(
    documents: Sequence[Document],
    *,
    known: Sequence[KnownInstrument],
    source: Sequence[SourceFile],
    named: str = "",
    details: InstrumentDetails | None = None,
) -> tuple[ImportReport, ...]:
    """Make one edition of each instrument and version that the documents hold.

    `named` is an instrument's id that the caller chose. Raises `CorpusError`, one line: no
    text, no version date, or two texts of the same version of one instrument.
    """
    reports: dict[tuple[str, str], ImportReport] = {}
    for document in documents:
        for report in _of_document(
            document, known=known, source=source, named=named, details=details or NO_DETAILS
        ):
            head = report.edition.instrument
            key = (head.id, head.version_date)
            reports[key] = _joined(reports[key], report) if key in reports else report
    if not reports:
        raise CorpusError("no text was found to import: check that it is the right file")
    return tuple(reports.values())


def _of_document(
    document: Document,
    *,
    known: Sequence[KnownInstrument],
    source: Sequence[SourceFile],
    named: str,
    details: InstrumentDetails,
) -> Iterable[ImportReport]:
    parts_by_name: dict[str, list[Part]] = {}
    for name, part in instrument_names(document, known=known, named=named):
        parts_by_name.setdefault(name, []).append(part)
    provenance = _provenance(document, source)
    for name, parts in parts_by_name.items():
        if not any(part.text for part in parts):
            continue
        target = target_of(name, document, known=known, details=details)
        cleaning = Cleaning()
        edition = Edition(
            instrument=target.instrument,
            short=target.short,
            family=target.family,
            language=target.language,
            provenance=provenance,
            provisions=provisions_of(parts, target, document.identifiers, cleaning),
        )
        notes = (*cleaning.notes(), *_notes(document, target, parts, named=named))
        yield ImportReport(edition=edition, notes=notes)


def _notes(
    document: Document, target: Target, parts: Sequence[Part], *, named: str
) -> Iterable[str]:
    if named and len(parts) < len(document.parts):
        yield (
            f"{len(document.parts) - len(parts)} of {len(document.parts)} parts belong to other "
            "instruments and are left out"
        )
    if note := document.facts.get("note", ""):
        yield note
    if not target.known:
        yield f"`{target.instrument.id}` has no digest: its provisions stand alone"


def _provenance(document: Document, source: Sequence[SourceFile]) -> Provenance:
    """Hash the files a document was read from, in the order they were read."""
    by_name = {file.name: file for file in source}
    missing = [name for name in document.files if name not in by_name]
    if missing or not document.files:
        raise CorpusError(
            f"the bytes of `{', '.join(missing) or document.title}` are not at hand: "
            "import the file itself"
        )
    digest = hashlib.sha256()
    for name in document.files:
        digest.update(by_name[name].data)
    return Provenance(
        format=document.format,
        files=document.files,
        source_sha256=Sha256Hex(digest.hexdigest()),
        size_bytes=sum(len(by_name[name].data) for name in document.files),
    )


def _joined(first: ImportReport, second: ImportReport) -> ImportReport:
    """Join two texts of one version that share no provision, such as an act's sections."""
    left, right = first.edition, second.edition
    shared = {one.id for one in left.provisions} & {one.id for one in right.provisions}
    if shared:
        raise CorpusError(
            f"{_names(left)} and {_names(right)} are both `{left.instrument.id}` of "
            f"{left.instrument.version_date}: import one of them"
        )
    digest = hashlib.sha256(
        (left.provenance.source_sha256 + right.provenance.source_sha256).encode()
    )
    provenance = replace(
        left.provenance,
        files=(*left.provenance.files, *right.provenance.files),
        source_sha256=Sha256Hex(digest.hexdigest()),
        size_bytes=left.provenance.size_bytes + right.provenance.size_bytes,
    )
    edition = replace(left, provenance=provenance, provisions=(*left.provisions, *right.provisions))
    notes = tuple(dict.fromkeys((*first.notes, *second.notes)))
    return ImportReport(edition=edition, notes=notes)


def _names(edition: Edition) -> str:
    return ", ".join(f"`{name}`" for name in edition.provenance.files)
