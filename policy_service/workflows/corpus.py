"""Corpus: questions asked of the texts held, one text with what is known of it, and versions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_service.corpus.collection import is_digested
from policy_service.corpus.diff import diff_provisions
from policy_service.corpus.editions.build import editions_of
from policy_service.corpus.editions.instrument import InstrumentDetails
from policy_service.corpus.importers.reading import read_source
from policy_service.domain.bundle import Bundle
from policy_service.domain.edition import Edition, EditionDiff
from policy_service.domain.errors import CorpusError, NotFoundError
from policy_service.domain.identifiers import ProvisionId, RuleId
from policy_service.domain.progress import Progress
from policy_service.domain.provision import (
    Citation,
    ControlKind,
    Instrument,
    Passage,
    Provision,
    Standing,
)
from policy_service.retrieval.filters import Filters
from policy_service.storage import applications, bundles, drafts, editions
from policy_service.storage.editions import EditionState, StoredEdition
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.edition_review import ProposalReading, find_row, list_proposals
from policy_service.workflows.editions import known_instruments
from policy_service.workflows.platform import Platform

_HELD = (EditionState.APPROVED, EditionState.UNREVIEWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSummary:
    """One instrument of the corpus with what is held of it."""

    instrument: Instrument
    provisions: int  # all that drafts may stand on
    digested: int  # with words of our own
    official: int  # with an approved official text
    apart: int  # texts that are found and not drafted from: unreviewed, or of older versions
    obligations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReading:
    """One provision in one of its texts, with all that is known of it."""

    provision: Provision
    before: Provision | None
    after: Provision | None
    edition: StoredEdition | None  # where the text was imported from; none for a digest
    proposals: tuple[ProposalReading, ...]
    others: tuple[Provision, ...]  # further texts held under the same id


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedRule:
    """A rule of a live policy that cites a provision which another version changes or lacks."""

    source: str
    draft: str
    rule: RuleId
    provision: ProvisionId
    change: str  # changed, removed


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """How two versions differ, and what of ours stands on what differs."""

    instrument: str
    diff: EditionDiff
    digested: tuple[ProvisionId, ...]  # changed or removed provisions that the digest speaks of
    rules: tuple[AffectedRule, ...]


def search_corpus(
    platform: Platform,
    query: str,
    *,
    limit: int,
    instruments: frozenset[str] | None = None,
    kind: ControlKind | None = None,
    filters: Filters | None = None,
    progress: Progress,
) -> tuple[Passage, ...]:
    """Find the texts nearest to `query`, best first, unreviewed ones among them.

    `instruments` and `kind` narrow beside `filters`. Raises `RetrievalError`.
    """
    index = platform.index(progress)
    kinds = None if kind is None else frozenset({kind})
    return index.search(
        query, limit=limit, filters=filters or Filters(), instruments=instruments, kinds=kinds
    )


def summarise_instruments(platform: Platform) -> tuple[InstrumentSummary, ...]:
    """Summarise every instrument that drafts may stand on or that search finds, by id."""
    corpus = platform.corpus
    others = Counter(one.instrument for one in corpus.others)
    by_name: dict[str, list[Provision]] = {}
    for one in corpus.provisions:
        by_name.setdefault(one.instrument, []).append(one)
    instruments = sorted((*corpus.instruments, *corpus.unlisted), key=lambda one: one.id)
    return tuple(
        _summary(one, by_name.get(one.id, []), apart=others[one.id]) for one in instruments
    )


def read_text(platform: Platform, provision_id: str, *, version_date: str = "") -> TextReading:
    """Return a provision in the text that drafts quote, or in that of a version date.

    Raises `CorpusError` naming the nearest ids, `NotFoundError` for an unknown version.
    """
    corpus = platform.corpus
    texts = corpus.texts(provision_id)
    chosen = next((one for one in texts if version_date in ("", one.version_date)), None)
    if chosen is None:
        held = ", ".join(one.version_date for one in texts)
        raise NotFoundError(
            f"`{provision_id}` is not held in a version of {version_date}; held: {held}"
        )
    before, after = _beside(corpus.searchable, chosen)
    with platform.database.read() as session:
        edition = None
        if chosen.standing is not Standing.DIGEST:
            edition = editions.find_edition(session, chosen.instrument, chosen.version_date)
    proposals: tuple[ProposalReading, ...] = ()
    if edition is not None:
        proposals = tuple(
            one
            for one in list_proposals(platform, chosen.instrument, version_date=chosen.version_date)
            if one.provision.id == chosen.id
        )
    return TextReading(
        provision=chosen,
        before=before,
        after=after,
        edition=edition,
        proposals=proposals,
        others=tuple(one for one in texts if one is not chosen),
    )


def diff_versions(
    platform: Platform,
    instrument: str,
    old: str,
    new: str,
    *,
    version_date: str = "",
    progress: Progress,
) -> VersionDiff:
    """Compare two versions of an instrument: version dates that are held, or a file as `new`.

    `version_date` is that of the file, where it does not say itself. Raises `NotFoundError`
    for a version that is not held, `CorpusError` for a file.
    """
    file = Path(new)
    with platform.database.read() as session:
        before = _held(session, instrument, old)
        after = None if file.exists() else _held(session, instrument, new)
    if after is None:
        after = _from_file(platform, file, instrument, version_date, progress)
    diff = diff_provisions(
        before.provisions,
        after.provisions,
        versions=(before.instrument.version_date, after.instrument.version_date),
    )
    return affected_by(platform, instrument, diff)


def affected_by(platform: Platform, instrument: str, diff: EditionDiff) -> VersionDiff:
    """Say what of ours stands on what differs: digest entries and rules of live policies."""
    changes = {one.before.id: "changed" for one in diff.changed}
    changes.update({one.id: "removed" for one in diff.removed})
    digested = {one.id for one in platform.corpus.provisions if is_digested(one)}
    with platform.database.read() as session:
        rules = tuple(_affected_rules(session, changes))
    return VersionDiff(
        instrument=instrument,
        diff=diff,
        digested=tuple(key for key in changes if key in digested),
        rules=rules,
    )


def _affected_rules(
    session: ReadSession, changes: dict[ProvisionId, str]
) -> Iterable[AffectedRule]:
    for stored in bundles.list_bundles(session):
        bundle = stored.signed.bundle
        if stored.state.value != "published" or not changes:
            continue
        for rule, cited in _cited_by(session, bundle):
            if cited in changes:
                yield AffectedRule(
                    source=bundle.source,
                    draft=bundle.draft,
                    rule=rule,
                    provision=cited,
                    change=changes[cited],
                )


def _cited_by(session: ReadSession, bundle: Bundle) -> Iterator[tuple[RuleId, ProvisionId]]:
    """Yield each rule of a bundle with each provision it cites: a draft's, or an application's."""
    content = drafts.content_by_sha256(session, bundle.draft, bundle.draft_sha256)
    submission = applications.find_application(session, bundle.draft)
    citing: list[tuple[RuleId, tuple[Citation, ...]]] = []
    if content is not None:
        citing.extend((rule.id, rule.citations) for rule in content.rules)
    if submission is not None:
        citing.extend((one.rule, one.citations) for one in submission.cited)
    for rule, citations in citing:
        for provision in dict.fromkeys(one.provision for one in citations):
            yield rule, provision


def _held(session: ReadSession, instrument: str, version_date: str) -> Edition:
    row = find_row(session, instrument, version_date, _HELD)
    return editions.read_edition(session, row.instrument, row.version_date)


def _from_file(
    platform: Platform, file: Path, instrument: str, version_date: str, progress: Progress
) -> Edition:
    source = read_source(file, progress=progress)
    reports = editions_of(
        source.documents,
        known=known_instruments(platform),
        source=source.files,
        named=instrument,
        details=InstrumentDetails(version_date=version_date),
    )
    if len(reports) != 1:
        raise CorpusError(f"`{file.name}` holds {len(reports)} versions: compare with one of them")
    return reports[0].edition


def _beside(
    texts: Sequence[Provision], chosen: Provision
) -> tuple[Provision | None, Provision | None]:
    """Return the neighbours of a text in its own version."""
    own = [
        one
        for one in texts
        if (one.instrument, one.version_date, one.standing)
        == (chosen.instrument, chosen.version_date, chosen.standing)
    ]
    place = next(number for number, one in enumerate(own) if one.id == chosen.id)
    before = own[place - 1] if place else None
    return before, own[place + 1] if place + 1 < len(own) else None


def _summary(
    instrument: Instrument, provisions: Sequence[Provision], *, apart: int
) -> InstrumentSummary:
    return InstrumentSummary(
        instrument=instrument,
        provisions=len(provisions),
        digested=sum(is_digested(one) for one in provisions),
        official=sum(one.standing is Standing.APPROVED for one in provisions),
        apart=apart,
        obligations=sum(len(one.obligations) for one in provisions),
    )
