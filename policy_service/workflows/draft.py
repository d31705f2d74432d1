"""Draft: catalogue + corpus + organisation + model → a stored draft; also its amendments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policy_service.corpus.collection import Corpus
from policy_service.corpus.taxonomy import data_uses
from policy_service.domain.asset import Catalog
from policy_service.domain.bundle import Bundle
from policy_service.domain.draft import Draft
from policy_service.domain.errors import NotFoundError
from policy_service.domain.identifiers import ObligationId, Revision, SubjectId
from policy_service.domain.organisation import Organisation
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Passage, Strength
from policy_service.domain.review import DraftState
from policy_service.drafting.draft import draft_policy
from policy_service.drafting.organisation import read_organisation
from policy_service.publication.bundle import build_bundle
from policy_service.publication.export import write_draft_folder
from policy_service.retrieval.index import ProvisionIndex
from policy_service.review.lifecycle import Event, advance
from policy_service.storage import drafts, sources
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import find_catalog
from policy_service.workflows.unit_of_work import unit_of_work

DEFAULT_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """A stored draft with what it belongs to."""

    row: drafts.StoredDraft
    draft: Draft
    organisation: Organisation
    catalog: Catalog


def read_organisation_file(platform: Platform, file: Path) -> tuple[Organisation, Corpus]:
    """Read an organisation file and choose the instruments that bind it.

    Raises `OrganisationError` naming key and line, `CorpusError` for an unknown regulation.
    """
    organisation = read_organisation(file, known_purposes=data_uses())
    return organisation, applicable_corpus(platform, organisation)


def applicable_corpus(platform: Platform, organisation: Organisation) -> Corpus:
    """Choose the instruments that bind an organisation, internal standards among them."""
    return _select(platform.corpus, organisation)


def _select(corpus: Corpus, organisation: Organisation) -> Corpus:
    return corpus.select(
        regulations=organisation.regulations,
        jurisdictions=organisation.jurisdictions,
        sector=organisation.sector,
    )


def floors_of(corpus: Corpus) -> tuple[ObligationId, ...]:
    """Name the mandatory obligations of a corpus: hard constraints on every draft."""
    return tuple(one.id for one in corpus.obligations(strength=Strength.FLOOR))


def draft(
    platform: Platform,
    *,
    organisation: Organisation,
    source: str,
    author: str,
    progress: Progress,
    seed: int = DEFAULT_SEED,
) -> Draft:
    """Draft a policy for `source` and store it.

    The same inputs give the same draft: where it is stored already, it is returned as
    it stands, amendments included; one that was superseded or rolled back is open for
    review again. Raises `DraftingError`, `NotFoundError`.
    """
    grounds = platform.library.drafting(progress)
    corpus = _select(grounds.corpus, organisation)
    instruments = frozenset(one.instrument for one in corpus.grounds)
    made = draft_policy(
        organisation=organisation,
        catalog=find_catalog(platform, source),
        corpus=corpus,
        retriever=_Narrowed(grounds.index, instruments),
        encoder=platform.encoder(),
        reward=platform.models.current(),
        categories=platform.categories,
        floors=floors_of(corpus),
        corpus_sha256=corpus.sha256,
        retriever_version=grounds.retriever,
        seed=seed,
        progress=progress,
    )
    return _store(platform, made, organisation, author=author)


def _store(platform: Platform, made: Draft, organisation: Organisation, *, author: str) -> Draft:
    with unit_of_work(platform) as work:
        known = drafts.find_draft(work.session, made.id)
        if known is not None:
            if known.state in (DraftState.SUPERSEDED, DraftState.ROLLED_BACK):
                state = advance(known.state, Event.REDRAFT)
                drafts.change_state(work.session, made.id, state, at=work.at)
                work.record("redraft", actor=author, subject=made.id, draft_sha256=known.sha256)
            return load_draft(work.session, made.id).draft
        row = drafts.StoredDraft(
            id=made.id,
            source=made.source,
            organisation=organisation.name,
            organisation_sha256=sources.save_organisation(work.session, organisation),
            author=SubjectId(author),
            state=DraftState.DRAFTED,
            sha256=made.sha256,
            created_at=work.at,
            changed_at=work.at,
        )
        drafts.add_draft(work.session, row, made)
        work.record(
            "draft",
            actor=author,
            subject=made.id,
            draft_sha256=made.sha256,
            source=made.source,
            rules=len(made.rules),
            model_version=made.lineage.model_version,
            retriever=made.lineage.retriever,
            corpus_sha256=made.lineage.corpus_sha256,
        )
    return made


def find_draft(platform: Platform, draft_id: str) -> DraftView:
    """Return a stored draft with its present content. Raises `NotFoundError`."""
    with platform.database.read() as session:
        return load_draft(session, draft_id)


def load_draft(session: ReadSession, draft_id: str) -> DraftView:
    """Return a stored draft with its present content. Raises `NotFoundError`."""
    row = drafts.find_draft(session, draft_id)
    if row is None:
        raise NotFoundError(f"no draft `{draft_id}`; list them: `policy-service draft --list`")
    content = drafts.content_by_sha256(session, row.id, row.sha256)
    organisation = sources.find_organisation(session, row.organisation_sha256)
    catalog = None
    if content is not None:
        catalog = sources.catalog_by_sha256(session, content.lineage.catalog_sha256)
    if content is None or organisation is None or catalog is None:
        raise NotFoundError(f"draft `{draft_id}` is not whole in the state; draft it anew")
    return DraftView(row=row, draft=content, organisation=organisation, catalog=catalog)


def list_drafts(platform: Platform) -> tuple[drafts.StoredDraft, ...]:
    """List the stored drafts, newest first."""
    with platform.database.read() as session:
        return drafts.list_drafts(session)


def preview_bundle(platform: Platform, view: DraftView) -> Bundle:
    """Build the bundle a draft would become, as revision 0: to read and test, not to enforce."""
    return build_bundle(
        draft=view.draft,
        catalog=view.catalog,
        revision=Revision(0),
        tenant=platform.tenant,
        issued_at=platform.clock.now(),
        lifetime=platform.bundle_lifetime,
        model_conf=platform.casbin_model,
    )


def write_draft(platform: Platform, draft_id: str, folder: Path) -> None:
    """Write a draft as a folder that people read and engines load, all of it or nothing."""
    view = find_draft(platform, draft_id)
    write_draft_folder(
        draft=view.draft,
        bundle=preview_bundle(platform, view),
        organisation=view.organisation,
        folder=folder,
        provisions={one.id: one for one in platform.corpus.provisions},
        categories=platform.categories,
    )


class _Narrowed:
    """Searches the provisions of the applicable instruments only.

    INVARIANT: the index holds nothing but what drafts may be grounded by, so that no
    imported text, however much of it, crowds a clause out or moves its score.
    """

    def __init__(self, index: ProvisionIndex, instruments: frozenset[str]) -> None:
        self._index = index
        self._instruments = instruments

    def search_many(
        self, queries: Sequence[str], *, limit: int = 8
    ) -> tuple[tuple[Passage, ...], ...]:
        """Answer each query within the applicable instruments."""
        return self._index.search_many(queries, limit=limit, instruments=self._instruments)
