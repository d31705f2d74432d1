"""Refine the retriever: marks and the corpus → a new version of it, if the gates hold.

The lessons are gathered and the gates stand in `refinement`; what is trained and how it
ranks is `retrieval`'s. This hands one to the other and writes the audit record.
"""

from collections.abc import Sequence

from policy_service.corpus.collection import Corpus
from policy_service.domain.identifiers import ModelVersion, ProvisionId, Sha256Hex
from policy_service.domain.learning import RetrieverCard
from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Strength
from policy_service.engines.retriever_training import TrainingSettings
from policy_service.refinement.relevance import RelevanceQuestion
from policy_service.refinement.relevance_questions import questions_from_corpus
from policy_service.refinement.retriever_figures import Asked
from policy_service.refinement.retriever_gates import deciding_figures
from policy_service.refinement.retriever_refine import (
    RetrieverLessons,
    RetrieverRefinement,
)
from policy_service.refinement.retriever_refine import (
    refine_retriever as train_and_gate,
)
from policy_service.retrieval.index import ProvisionIndex
from policy_service.workflows.draft import DEFAULT_SEED
from policy_service.workflows.platform import Platform
from policy_service.workflows.relevance import list_marks
from policy_service.workflows.unit_of_work import record_event

# What the faces of the service are handed of the stage beneath.
__all__ = [
    "RetrieverRefinement",
    "collect_lessons",
    "deciding_figures",
    "list_retrievers",
    "refine_retriever",
    "roll_back_retriever",
]
MAX_MADE = 800  # questions made from the corpus; training takes about a CPU-second for three


def refine_retriever(
    platform: Platform,
    *,
    actor: str,
    progress: Progress,
    seed: int = DEFAULT_SEED,
    settings: TrainingSettings | None = None,
) -> RetrieverRefinement:
    """Train on every mark and on the corpus, register the version, promote it by its gates.

    Raises `RefinementError` where there is nothing to learn from, or the live version is
    damaged.
    """
    corpus = platform.corpus
    result = train_and_gate(
        collect_lessons(platform, corpus),
        bench=_Bench(platform, corpus, settings),
        registry=platform.retrievers,
        clock=platform.clock,
        seed=seed,
        progress=progress,
    )
    card = result.card
    record_event(
        platform,
        "retriever_refinement",
        actor=actor,
        subject=card.version,
        parent=card.parent,
        examples=card.examples,
        marks=card.marks,
        examples_sha256=card.examples_sha256,
        weights_sha256=card.weights_sha256,
        promoted=card.promoted,
    )
    return result


def collect_lessons(platform: Platform, corpus: Corpus) -> RetrieverLessons:
    """Gather marks, questions made from reviewed texts, and the titles of floors."""
    return RetrieverLessons(
        marks=list_marks(platform),
        made=questions_from_corpus(
            corpus.provisions, label=platform.categories.label, limit=MAX_MADE
        ),
        known=frozenset(one.id for one in corpus.provisions),
        floors=tuple(
            (one.id, one.title)
            for one in corpus.provisions
            if any(duty.strength is Strength.FLOOR for duty in one.obligations)
        ),
    )


def list_retrievers(platform: Platform) -> tuple[RetrieverCard, ...]:
    """List the versions of the retriever, oldest first."""
    return platform.retrievers.cards()


def roll_back_retriever(platform: Platform, version: str, *, actor: str) -> ModelVersion:
    """Make an older promoted version, or `fused-0`, the live one.

    Raises `RefinementError` for one that did not pass its gates or is damaged.
    """
    chosen = ModelVersion(version)
    platform.retrievers.promote(chosen)
    record_event(platform, "retriever_rollback", actor=actor, subject=chosen)
    return chosen


class _Bench:
    """Trains over the reviewed corpus of one moment, and opens its indexes by any weights."""

    def __init__(
        self, platform: Platform, corpus: Corpus, settings: TrainingSettings | None
    ) -> None:
        self._platform = platform
        self._corpus = corpus
        self._settings = settings
        self.corpus_sha256 = corpus.sha256

    @property
    def encoder_sha256(self) -> Sha256Hex:
        """Return the hash of the encoder's weights."""
        return Sha256Hex(self._platform.encoder().sha256)

    def train(
        self, questions: Sequence[RelevanceQuestion], *, seed: int, progress: Progress
    ) -> bytes:
        """Train weights over every reviewed text."""
        from policy_service.retrieval.learned.fit import Example, fit

        examples = [
            Example(question=one.text, relevant=frozenset(one.relevant)) for one in questions
        ]
        trained = fit(
            examples=examples,
            index=self._platform.library.lessons_table(self._corpus, progress),
            encoder=self._platform.encoder(),
            seed=seed,
            settings=self._settings,
            progress=progress,
        )
        return trained.to_bytes()

    def open(self, weights: bytes | None) -> Asked:
        """Open what is trained on."""
        return _AskedIndex(self._platform.library.trial(self._corpus, weights, silent).reviewed)

    def open_grounds(self, weights: bytes | None) -> Asked:
        """Open what drafts are grounded by."""
        return _AskedIndex(self._platform.library.trial(self._corpus, weights, silent).grounds)


class _AskedIndex:
    """Answers questions by the ids of the provisions that the index finds."""

    def __init__(self, index: ProvisionIndex) -> None:
        self._index = index

    def ask(self, questions: Sequence[str], *, limit: int) -> list[list[ProvisionId]]:
        """Return the ids of the best provisions for each question, best first."""
        answers = self._index.search_many(questions, limit=limit)
        return [[passage.provision.id for passage in found] for found in answers]
