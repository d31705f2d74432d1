"""Refinement's vocabulary: what reviewers teach, model versions and their lineage.

Three models learn: the drafting model from verdicts on rules, the retriever from marks on
what it found, the classifier of column names from corrections. All are versions with a card,
and all are promoted by gates alone.
"""

from dataclasses import dataclass

from policy_service.domain.control import Control
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import ModelVersion, ProvisionId, Sha256Hex, SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One lesson of a verdict: at this point `chosen` is right among the `alternatives`.

    `point_text` holds the fields that are embedded apart: role, asset, category, purpose.
    """

    point: DecisionPoint
    point_text: tuple[str, str, str, str]
    chosen: Control
    alternatives: tuple[Control, ...]  # the other candidates, floors already taken out
    reviewer: str
    weight: float  # corrections weigh more than plain approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class RelevanceMark:
    """What one reviewer says of one provision as an answer to one question.

    INVARIANT: of one reviewer, question and provision only the last mark is kept.
    """

    query: str
    provision: ProvisionId
    relevant: bool
    reviewer: SubjectId
    at: str  # RFC 3339


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCard:
    """What every registered version of a model says of itself."""

    version: ModelVersion
    parent: ModelVersion
    created_at: str
    weights_sha256: Sha256Hex
    encoder_sha256: Sha256Hex
    seed: int
    promoted: bool  # it passed its gates; whether it is live is the registry's to say
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard(VersionCard):
    """One registered version of the reward model and where it came from."""

    preferences: int
    preferences_sha256: Sha256Hex
    acceptance_before: float  # share of held-out verdicts whose control comes first
    acceptance_after: float
    floor_violations: int  # on the frozen safety set; must be 0 to be promoted


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalFigures:
    """How well held-out questions are answered; each a mean over the questions, 0-1.

    Recall@k: share of a question's relevant provisions among the first k. MAP@10 and MRR as
    trec_eval defines them; MRR looks at the first ten.
    """

    questions: int
    recall_at_5: float
    recall_at_10: float
    map_at_10: float
    mrr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieverCard(VersionCard):
    """One registered version of the retriever, and how it was judged on what it never saw.

    `marked` are questions of reviewers, `made` those made from the corpus itself.
    """

    examples: int  # questions it was trained on
    marks: int  # marks of reviewers that stand behind them and the held-out ones
    examples_sha256: Sha256Hex  # of all questions with their relevant provisions
    corpus_sha256: Sha256Hex
    marked_before: RetrievalFigures
    marked_after: RetrievalFigures
    made_before: RetrievalFigures
    made_after: RetrievalFigures
    floors_lost: int  # floors that the live version finds and this one does not; must be 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingFigures:
    """How well columns that were not learned from are named; shares are 0-1.

    `right`: the category is what a person said, in the first two parts of its key. `found`:
    of the columns that are about a person, those that were seen to be.
    """

    columns: int
    right: float
    found: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierCard(VersionCard):
    """One registered version of the name classifier, and how it was judged."""

    lessons: int  # columns that people spoke of
    lessons_sha256: Sha256Hex
    before: NamingFigures  # of what was shipped, on lessons
    after: NamingFigures  # of versions that had not learned from the columns they judged
    safety_columns: int  # of the frozen set that the live version protects
    safety_lost: int  # that this one does not; must be 0 to be promoted
