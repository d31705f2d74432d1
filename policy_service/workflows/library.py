"""The library: digests and held editions as one corpus, with the indexes that search it.

It follows the state: an approval on the command line is seen by a running server at its
next question. What is imported, approved or accepted is decided in `editions.py`.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policy_service.corpus.collection import Corpus
from policy_service.corpus.merging import HeldEdition, merge
from policy_service.domain.edition import Edition, ProposedObligation
from policy_service.domain.identifiers import ModelVersion, ObligationId, Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Instrument, Provision, Strength
from policy_service.kit.canonical import content_sha256
from policy_service.kit.clock import Clock
from policy_service.refinement.retriever_registry import RetrieverRegistry
from policy_service.retrieval.index import ProvisionIndex
from policy_service.retrieval.learned.passages import PassageTable
from policy_service.storage import editions
from policy_service.storage.database import Database
from policy_service.storage.editions import EditionState, ProposalChoice, StoredEdition
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.indexes import Indexes

# Folders of the embedded indexes, by what is in them.
_SEARCH = "library"  # everything held
_GROUNDS = "index"  # what drafts are grounded by
_REVIEWED = "reviewed"  # what a retriever is trained on
_STRENGTHS = {ProposalChoice.ADVICE: Strength.ADVICE, ProposalChoice.FLOOR: Strength.FLOOR}


class OpenIndex(Protocol):
    """Opens an index of exactly these provisions that is kept, and ranked, elsewhere."""

    def __call__(
        self,
        provisions: Sequence[Provision],
        instruments: Sequence[Instrument],
        progress: Progress,
    ) -> ProvisionIndex:
        """Open it. Raises `RetrievalError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """An index with the version of the retriever that ranks it."""

    retriever: ModelVersion
    index: ProvisionIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What drafts are grounded by, as of one moment."""

    corpus: Corpus
    index: ProvisionIndex
    retriever: ModelVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Both indexes a version of the retriever is judged on."""

    reviewed: ProvisionIndex  # every reviewed text in force
    grounds: ProvisionIndex  # what drafts are grounded by


@dataclass(slots=True)
class _State:
    """The corpus as of one revision and day, and its indexes once they were asked for."""

    revision: int
    today: str
    corpus: Corpus
    search: _Ranked | None = None
    grounds: _Ranked | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Library:
    """Serves the corpus and its indexes as the state has them. Safe to share between threads."""

    def __init__(
        self,
        *,
        database: Database,
        digests: Corpus,
        clock: Clock,
        indexes: Indexes,
        retrievers: RetrieverRegistry,
        open_remote: OpenIndex | None = None,
    ) -> None:
        """`open_remote` opens what serves search elsewhere; drafts keep an embedded index."""
        self.digests = digests
        self._database = database
        self._clock = clock
        self._indexes = indexes
        self._retrievers = retrievers
        self._open_remote = open_remote
        self._lock = threading.Lock()
        self._current: _State | None = None
        self._decoded: dict[Sha256Hex, Edition] = {}

    def with_digests(self, digests: Corpus) -> "Library":
        """Make a library over the same state with other digests."""
        return Library(
            database=self._database,
            digests=digests,
            clock=self._clock,
            indexes=self._indexes,
            retrievers=self._retrievers,
            open_remote=self._open_remote,
        )

    @property
    def corpus(self) -> Corpus:
        """Return what drafts stand on today. Raises `StorageError` for a damaged edition."""
        return self._state().corpus

    def index(self, progress: Progress) -> ProvisionIndex:
        """Open the index of everything held: digests, official texts, older and unreviewed.

        It is ranked by the live version of the retriever. Raises `RefinementError` where that
        is damaged.
        """
        state = self._state()
        texts = state.corpus.searchable
        if self._open_remote is None and len(texts) == len(state.corpus.grounds):
            return self._grounds(state, progress).index
        with state.lock:
            version = self._retrievers.current_version()
            if state.search is None or state.search.retriever != version:
                weights = self._retrievers.load(version).weights
                instruments = (*state.corpus.instruments, *state.corpus.unlisted)
                if self._open_remote is not None:
                    index = self._open_remote(texts, instruments, progress)
                else:
                    index = self._indexes.open(
                        _SEARCH, texts, instruments, progress, weights=weights
                    )
                state.search = _Ranked(retriever=version, index=index)
            return state.search.index

    def drafting(self, progress: Progress) -> Grounds:
        """Return the corpus of one moment with the index that drafts are grounded by.

        INVARIANT: no text is in that index, and so none moves the score of another, before
        it stands in a digest's place or a person accepted an obligation of it.
        """
        state = self._state()
        ranked = self._grounds(state, progress)
        return Grounds(corpus=state.corpus, index=ranked.index, retriever=ranked.retriever)

    def trial(self, corpus: Corpus, weights: bytes | None, progress: Progress) -> Trial:
        """Open what a retriever is trained and judged on, ranked by these weights.

        INVARIANT: no text that nobody has reviewed is in either index, so none can teach.
        """
        instruments = corpus.instruments
        grounds = self._indexes.open(
            _GROUNDS, corpus.grounds, instruments, progress, weights=weights
        )
        reviewed = grounds
        if _reviewed(corpus) != _GROUNDS:
            reviewed = self._indexes.open(
                _REVIEWED, corpus.provisions, instruments, progress, weights=weights
            )
        return Trial(reviewed=reviewed, grounds=grounds)

    def lessons_table(self, corpus: Corpus, progress: Progress) -> PassageTable:
        """Open every reviewed text to train a retriever on."""
        live = self._retrievers.current().weights
        return self._indexes.table(_reviewed(corpus), corpus.provisions, progress, live=live)

    def _grounds(self, state: _State, progress: Progress) -> _Ranked:
        with state.lock:
            version = self._retrievers.current_version()
            if state.grounds is None or state.grounds.retriever != version:
                corpus = state.corpus
                weights = self._retrievers.load(version).weights
                index = self._indexes.open(
                    _GROUNDS, corpus.grounds, corpus.instruments, progress, weights=weights
                )
                state.grounds = _Ranked(retriever=version, index=index)
            return state.grounds

    def _state(self) -> _State:
        """Return the state as it is now, built anew where the editions or the day changed."""
        today = self._clock.now().date().isoformat()
        with self._lock, self._database.read() as session:
            revision = editions.library_revision(session)
            current = self._current
            if current is None or (current.revision, current.today) != (revision, today):
                corpus = merge(self.digests, self._held(session), today=today)
                self._current = current = _follow(current, revision, today, corpus)
            return current

    def _held(self, session: ReadSession) -> list[HeldEdition]:
        rows = [
            row
            for row in editions.list_editions(session)
            if row.state is not EditionState.WITHDRAWN
        ]
        decoded = {row.content_sha256: self._edition(session, row) for row in rows}
        self._decoded = decoded
        return [
            HeldEdition(
                edition=decoded[row.content_sha256],
                approved=row.state is EditionState.APPROVED,
                accepted=accepted_proposals(session, row, decoded[row.content_sha256]),
            )
            for row in rows
        ]

    def _edition(self, session: ReadSession, row: StoredEdition) -> Edition:
        known = self._decoded.get(row.content_sha256)
        if known is not None:
            return known
        return editions.read_edition(session, row.instrument, row.version_date)


def _reviewed(corpus: Corpus) -> str:
    """Name the index of every reviewed text: often it is the one that grounds drafts."""
    return _GROUNDS if len(corpus.provisions) == len(corpus.grounds) else _REVIEWED


def _follow(before: _State | None, revision: int, today: str, corpus: Corpus) -> _State:
    """Make the next state; an index whose provisions are the same is kept open."""
    state = _State(revision=revision, today=today, corpus=corpus)
    if before is not None:
        if before.corpus.grounds == corpus.grounds:
            state.grounds = before.grounds
        if before.corpus.searchable == corpus.searchable:
            state.search = before.search
    return state


def proposal_sha256(proposal: ProposedObligation, provision: Provision) -> Sha256Hex:
    """Hash what is decided on: the obligation as proposed, and the text it was read in."""
    content = [to_plain(proposal.obligation), proposal.mandatory, provision.sha256]
    return Sha256Hex(content_sha256(content))


def accepted_proposals(
    session: ReadSession, row: StoredEdition, edition: Edition
) -> dict[ObligationId, Strength]:
    """Return the accepted proposals of an edition with the strength they were given.

    INVARIANT: a decision counts only for the content it was made for, and never from who
    imported that content.
    """
    decided = editions.decisions_of(session, row.instrument, row.version_date)
    texts = {one.id: one for one in edition.provisions}
    found: dict[ObligationId, Strength] = {}
    for proposal in edition.proposals:
        decision = decided.get(proposal.id)
        if decision is None or decision.by == row.imported_by:
            continue
        text = texts[proposal.obligation.provision]
        if decision.proposal_sha256 != proposal_sha256(proposal, text):
            continue
        if decision.choice in _STRENGTHS:
            found[proposal.id] = _STRENGTHS[decision.choice]
    return found
