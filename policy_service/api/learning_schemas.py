"""What the API is sent and shows of marks, and of versions of what learns from people."""

from typing import Annotated, Literal

from pydantic import Field

from policy_service.api.schemas import Schema, Sent


class MarkRequest(Sent):
    """A reviewer's word on one provision as an answer to one question."""

    query: Annotated[str, Field(min_length=1, max_length=1000, examples=["encryption at rest"])]
    provision: Annotated[str, Field(min_length=1, max_length=300, examples=["gdpr/art-32/1/a"])]
    relevant: bool


class MarkShown(Schema):
    """One mark as it is kept."""

    query: str
    provision: str
    relevant: bool
    reviewer: str
    at: str


class RefinementRequest(Sent):
    """Which model shall learn: what drafts, what finds clauses, or what classifies columns."""

    model: Literal["drafting", "retriever", "classifier"] = "drafting"


class FiguresShown(Schema):
    """How well held-out questions are answered, 0 to 1; all 0 where there are none."""

    questions: int
    recall_at_5: float
    recall_at_10: float
    map_at_10: float
    mrr: float


class RetrieverShown(Schema):
    """One version of the retriever, with what it was judged by."""

    model: Literal["retriever"] = "retriever"
    version: str
    parent: str
    created_at: str
    examples: int
    marks: int
    examples_sha256: str
    corpus_sha256: str
    weights_sha256: str
    encoder_sha256: str
    seed: int
    marked_before: FiguresShown
    marked_after: FiguresShown
    made_before: FiguresShown
    made_after: FiguresShown
    floors_lost: int
    promoted: bool
    note: str


class NamingFiguresShown(Schema):
    """How well columns that were not learned from are named, 0 to 1."""

    columns: int
    right: float
    found: float = Field(description="of the columns about people, those seen to be")


class ClassifierShown(Schema):
    """One version of the classifier of column names, with what it was judged by."""

    model: Literal["classifier"] = "classifier"
    version: str
    parent: str
    created_at: str
    lessons: int
    lessons_sha256: str
    weights_sha256: str
    seed: int
    before: NamingFiguresShown
    after: NamingFiguresShown
    safety_columns: int
    safety_lost: int
    promoted: bool
    note: str
