"""Imports: official texts read from files and stored as unreviewed editions, all or none.

What is read is data: nothing here follows an instruction in it, and nothing that comes in
here is drafted from before people have approved it (`edition_review.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from policy_service.corpus.collection import Corpus, is_digested
from policy_service.corpus.diff import diff_provisions
from policy_service.corpus.digests import Digest
from policy_service.corpus.editions.build import editions_of
from policy_service.corpus.editions.instrument import InstrumentDetails
from policy_service.corpus.extraction.edition_proposals import with_proposals
from policy_service.corpus.importers.reading import read_source
from policy_service.corpus.obligation_parameters import parameter_problem
from policy_service.domain.edition import Edition, EditionDiff
from policy_service.domain.errors import (
    ConflictError,
    CorpusError,
    FourEyesError,
    RetrievalError,
)
from policy_service.domain.identifiers import ObligationId, ProvisionId, Sha256Hex, SubjectId
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Provision, Standing, Strength
from policy_service.kit.hashing import sha256_hex
from policy_service.storage import editions
from policy_service.storage.editions import EditionState, ProposalChoice, StoredEdition
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.accepted import Accepted, accepted_of
from policy_service.workflows.acting import acting_person
from policy_service.workflows.library import proposal_sha256
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work

_NOTES = 20  # of one edition, at most
_NOTE_LENGTH = 500


class ImportOutcome(StrEnum):
    """What an import did."""

    IMPORTED = "imported"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"  # the same content is held already


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEdition:
    """One edition as it was read, what became of it, and how it differs from what was held."""

    row: StoredEdition
    outcome: ImportOutcome
    digested: int  # provisions of it that our digest has an entry for
    digest_entries: int  # entries of that digest
    changes: EditionDiff | None  # against the edition held so far; none where it is the first
    fallen: Accepted  # what was accepted of the text it replaces, until it is approved


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """One line of the list of editions, with what was decided on its proposals so far."""

    row: StoredEdition
    quoted: bool  # drafts quote it today
    open: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    edition: Edition
    row: StoredEdition
    content: bytes


def import_editions(
    platform: Platform,
    path: Path,
    *,
    actor: str,
    instrument: str = "",
    details: InstrumentDetails | None = None,
    replace_approved: bool = False,
    dry_run: bool = False,
    progress: Progress,
) -> tuple[ImportedEdition, ...]:
    """Read a file, folder or zip and store each edition in it, unreviewed; all or none.

    The same content again changes nothing. Another content of the same version takes the
    place of an unreviewed one; of an approved one only where `replace_approved` says so, and
    is then unreviewed. Raises `CorpusError` for what cannot be read, `ConflictError`, and
    `FourEyesError` where somebody replaces what they imported and others accepted parts of.
    """
    corpus = platform.corpus
    source = read_source(path, progress=progress)
    reports = editions_of(
        source.documents,
        known=known_instruments(platform),
        source=source.files,
        named=instrument,
        details=details,
    )
    passed_over = tuple(f"`{name}` was passed over: no known format" for name in source.left_out)
    # All that takes long is done before the state is locked for writing.
    read = []
    others = _by_identifier(corpus)
    for report in reports:
        edition = with_proposals(report.edition, others=others, progress=progress)
        read.append(_read(edition, (*report.notes, *passed_over), actor=actor))
    with platform.database.read() as session:
        acting_person(platform, session, actor)
        found = tuple(
            _compare(session, corpus, one, replace_approved=replace_approved) for one in read
        )
    if dry_run or all(one.outcome is ImportOutcome.UNCHANGED for one in found):
        return found
    return _store(platform, read, found, replace_approved=replace_approved)


def known_instruments(platform: Platform) -> tuple[Digest, ...]:
    """List what imports may be editions of: digests as they ship, and what was approved beside."""
    shipped = platform.library.digests.digests
    names = {one.instrument.id for one in shipped}
    return (
        *shipped,
        *(one for one in platform.corpus.digests if one.instrument.id not in names),
    )


def prepare_indexes(platform: Platform, progress: Progress) -> str:
    """Build the indexes now rather than at the next question; say what stands against it.

    Returns an empty text where all went well. What is stored stays, whatever it says.
    """
    try:
        platform.index(progress)
        platform.library.drafting(progress)
    except RetrievalError as error:
        return error.message
    return ""


def summarise_editions(platform: Platform) -> tuple[EditionSummary, ...]:
    """List the editions held by instrument, oldest version first, withdrawn ones too."""
    quoted = {
        (one.instrument, one.version_date)
        for one in platform.corpus.provisions
        if one.standing is Standing.APPROVED
    }
    with platform.database.read() as session:
        return tuple(
            _summary(session, row, quoted=(row.instrument, row.version_date) in quoted)
            for row in editions.list_editions(session)
        )


def _summary(session: ReadSession, row: StoredEdition, *, quoted: bool) -> EditionSummary:
    decided = editions.decisions_of(session, row.instrument, row.version_date).values()
    rejected = sum(one.choice is ProposalChoice.REJECTED for one in decided)
    return EditionSummary(
        row=row,
        quoted=quoted,
        open=max(row.proposals - len(decided), 0),
        accepted=len(decided) - rejected,
        rejected=rejected,
    )


def _by_identifier(corpus: Corpus) -> dict[str, tuple[Provision, ...]]:
    """Return what references may lead to outside an edition, by every name it goes by."""
    return {
        name: digest.provisions
        for digest in corpus.digests
        for name in (digest.instrument.id, digest.short, *digest.identifiers)
    }


def _read(edition: Edition, notes: Sequence[str], *, actor: str) -> _Read:
    _check(edition)
    content = editions.content_of(edition)
    head = edition.instrument
    remarks = tuple(one[:_NOTE_LENGTH] for one in notes[:_NOTES])
    row = StoredEdition(
        instrument=head.id,
        version_date=head.version_date,
        title=head.title,
        kind=head.kind,
        language=edition.language,
        state=EditionState.UNREVIEWED,
        provenance=edition.provenance,
        content_sha256=Sha256Hex(sha256_hex(content)),
        provisions=len(edition.provisions),
        proposals=len(edition.proposals),
        imported_by=SubjectId(actor.strip()),
        imported_at="",  # set when it is stored
        notes=remarks,
    )
    return _Read(edition=edition, row=row, content=content)


def _check(edition: Edition) -> None:
    """Hold an edition to what the rest of the product relies on, whoever read it."""
    head = edition.instrument
    if not _is_date(head.version_date):
        raise CorpusError(
            f"`{head.version_date}` is no date: give one with `--version-date 2025-01-31`"
        )
    ids = [one.id for one in edition.provisions]
    if not ids or len(set(ids)) != len(ids):
        raise CorpusError(f"`{head.id}` was read without provisions, or with one id twice")
    known = set(ids)
    for proposal in edition.proposals:
        one = proposal.obligation
        as_in_files = {  # where a list is no tuple
            name: list(value) if isinstance(value, tuple) else value
            for name, value in one.parameters.items()
        }
        problem = parameter_problem(one.kind, as_in_files)
        if "unless_purposes" in one.parameters:
            problem = "text from outside cannot free a purpose"
        if one.strength is not Strength.ADVICE or one.provision not in known:
            problem = "a proposal is advice on a provision of its edition"
        if problem:
            raise CorpusError(f"proposal `{proposal.id}` cannot be kept: {problem}; report this")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _compare(
    session: ReadSession, corpus: Corpus, one: _Read, *, replace_approved: bool
) -> ImportedEdition:
    row = one.row
    before = editions.find_edition(session, row.instrument, row.version_date)
    outcome = _outcome(before, row, replace_approved=replace_approved)
    fallen = _fallen(session, before, row, outcome)
    entries = _digest_ids(corpus, row.instrument)
    return ImportedEdition(
        row=before if before is not None and outcome is ImportOutcome.UNCHANGED else row,
        outcome=outcome,
        digested=sum(provision.id in entries for provision in one.edition.provisions),
        digest_entries=len(entries),
        changes=_changes(session, one),
        fallen=fallen,
    )


def _store(
    platform: Platform,
    read: Sequence[_Read],
    found: Sequence[ImportedEdition],
    *,
    replace_approved: bool,
) -> tuple[ImportedEdition, ...]:
    stored = []
    with unit_of_work(platform) as work:
        for one, compared in zip(read, found, strict=True):
            row = replace(one.row, imported_at=work.at)
            before = editions.find_edition(work.session, row.instrument, row.version_date)
            # Once more, with the state locked: somebody may have approved it since.
            outcome = _outcome(before, row, replace_approved=replace_approved)
            fallen = _fallen(work.session, before, row, outcome)
            if outcome is ImportOutcome.UNCHANGED:
                stored.append(compared)
                continue
            editions.save_edition(work.session, row, one.content)
            kept = editions.keep_decisions(work.session, row, _contents(one.edition))
            _record(work, row, before, kept, fallen)
            stored.append(replace(compared, row=row, outcome=outcome, fallen=fallen))
    return tuple(stored)


def _contents(edition: Edition) -> dict[ObligationId, Sha256Hex]:
    texts = {one.id: one for one in edition.provisions}
    return {
        one.id: proposal_sha256(one, texts[one.obligation.provision]) for one in edition.proposals
    }


def _record(
    work: UnitOfWork,
    row: StoredEdition,
    before: StoredEdition | None,
    decisions_kept: int,
    fallen: Accepted,
) -> None:
    work.record(
        "edition_import",
        actor=row.imported_by,
        subject=subject_of(row),
        format=row.provenance.format,
        source_sha256=row.provenance.source_sha256,
        content_sha256=row.content_sha256,
        replaced="" if before is None else before.content_sha256,
        provisions=row.provisions,
        proposals=row.proposals,
        decisions_kept=decisions_kept,
        obligations_fallen=fallen.number,
        floors_fallen=fallen.floors,
    )


def name_of(row: StoredEdition) -> str:
    """Name an edition in a message: `gdpr` of 2016-05-04."""
    return f"`{row.instrument}` of {row.version_date}"


def subject_of(row: StoredEdition) -> str:
    """Name an edition in the audit log: `gdpr@2016-05-04`."""
    return f"{row.instrument}@{row.version_date}"


def _outcome(
    before: StoredEdition | None, row: StoredEdition, *, replace_approved: bool
) -> ImportOutcome:
    if before is None:
        return ImportOutcome.IMPORTED
    if before.state is EditionState.WITHDRAWN:
        return ImportOutcome.REPLACED
    if before.content_sha256 == row.content_sha256:
        return ImportOutcome.UNCHANGED
    if before.state is EditionState.APPROVED and not replace_approved:
        if before.provenance.source_sha256 == row.provenance.source_sha256:
            # The same bytes; what is read off other texts (references) may have moved on.
            return ImportOutcome.UNCHANGED
        raise ConflictError(
            f"{name_of(before)} is approved with another content; `--replace` puts this one in "
            "its place, to be approved anew"
        )
    return ImportOutcome.REPLACED


def _fallen(
    session: ReadSession,
    before: StoredEdition | None,
    row: StoredEdition,
    outcome: ImportOutcome,
) -> Accepted:
    """Count the accepted obligations that stop to hold where an import takes a text's place.

    They hold again, as far as the text is the same, once the new one is approved. Raises
    `FourEyesError` where whoever imports the new text imported the old one too.
    """
    if before is None or outcome is ImportOutcome.UNCHANGED:
        return Accepted()
    fallen = accepted_of(session, before)
    if fallen.number and before.imported_by == row.imported_by:
        raise FourEyesError(
            f"`{row.imported_by}` imported {name_of(before)}, and {fallen} would fall with it; "
            "ask somebody else to import what takes its place"
        )
    return fallen


def _digest_ids(corpus: Corpus, instrument: str) -> frozenset[ProvisionId]:
    return frozenset(
        one.id for one in corpus.provisions if one.instrument == instrument and is_digested(one)
    )


def _changes(session: ReadSession, one: _Read) -> EditionDiff | None:
    """Compare with the edition held so far: of this version, else the newest other one."""
    held = [
        row
        for row in editions.list_editions(session)
        if row.instrument == one.row.instrument and row.state is not EditionState.WITHDRAWN
    ]
    same = [row for row in held if row.version_date == one.row.version_date]
    against = (same or held)[-1:]
    if not against:
        return None
    row = against[0]
    before = editions.read_edition(session, row.instrument, row.version_date)
    return diff_provisions(
        before.provisions,
        one.edition.provisions,
        versions=(row.version_date, one.row.version_date),
    )
