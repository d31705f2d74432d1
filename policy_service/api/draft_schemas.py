"""Shapes of drafts, rules, verification and verdicts. See `schemas` for the others."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy_service.api.schemas import ParameterValues, Scalar, Schema, Sent, Sha256


class DraftRequest(Sent):
    """What to draft for whom; `organisation` is the text of an `organisation.yaml`."""

    source: Annotated[str, Field(min_length=1, max_length=200, examples=["bank"])]
    organisation: Annotated[str, Field(min_length=1, max_length=200_000)]
    seed: Annotated[int, Field(ge=0, le=2**31)] = 7


class DraftSummaryShown(Schema):
    """One line of the inbox."""

    id: str
    source: str
    organisation: str
    author: str
    state: str
    sha256: str
    created_at: str
    changed_at: str
    rules: int
    approved: int
    rejected: int
    waiting: dict[str, int]
    questions: int
    verified: bool
    errors: int


class LineageShown(Schema):
    """What a draft was made from."""

    catalog_sha256: str
    corpus_sha256: str
    organisation_sha256: str
    model_version: str
    seed: int
    retriever: str


class QuestionShown(Schema):
    """What could not be grounded or decided."""

    id: str
    about: str
    text: str
    until_answered: str


class DraftShown(Schema):
    """One draft without its rules; they are a resource of their own."""

    id: str
    organisation: str
    source: str
    author: str
    state: str
    sha256: str
    lineage: LineageShown
    roles: list[str]
    rules: int
    decision_points: int
    questions: list[QuestionShown]


class ControlShown(Schema):
    """An operator with its parameters."""

    operator: str
    parameters: ParameterValues = Field(default_factory=dict)


class CitationShown(Schema):
    """A quoted clause."""

    provision: str
    section: str
    quote: str
    provision_sha256: str
    strength: str


class CandidateShown(Schema):
    """One control that was considered."""

    control: ControlShown
    prior: float
    reward: float
    probability: float
    excluded_by: str | None


class PointShown(Schema):
    """role × columns of one category × action × purpose."""

    role: str
    table: str
    category: str
    columns: list[str]
    action: str
    purpose: str


class JoinShown(Schema):
    """One step of a row filter's path."""

    column: str
    references_table: str
    references_column: str


class RowFilterShown(Schema):
    """Rows are visible where the column equals the subject's attribute."""

    table: str
    column: str
    subject_attribute: str
    path: list[JoinShown]


class RuleShown(Schema):
    """One rule, where its review stands, and `sha256`: the content that a verdict is about."""

    id: str
    kind: Literal["access", "encryption", "retention", "separation"]
    sentence: str
    risk: str
    state: str
    approved_by: list[str]
    approvals_needed: int
    sha256: str
    citations: list[CitationShown]
    point: PointShown | None = None
    control: ControlShown | None = None
    row_filter: RowFilterShown | None = None
    rationale: str = ""
    confidence: float | None = None
    needs_person: bool = False
    candidates: list[CandidateShown] = Field(default_factory=list)
    settings: dict[str, Scalar | list[str]] = Field(
        default_factory=dict,
        description="settings of a rule that is not about access",
    )


class FindingShown(Schema):
    """One remark of verification."""

    check: str
    severity: str
    message: str
    rule: str | None


class TestResultShown(Schema):
    """What one policy test gave."""

    test: str
    passed: bool
    detail: str


class ChangeShown(Schema):
    """Who gains or loses what against the live policy."""

    role: str
    asset: str
    action: str
    purpose: str
    before: str
    after: str
    people: int
    gains: bool


class VerificationShown(Schema):
    """What verification says of a draft's present content."""

    publishable: bool
    findings: list[FindingShown]
    tests: list[TestResultShown]
    changes: list[ChangeShown]


class ControlRequest(Sent):
    """The right control."""

    operator: Annotated[str, Field(examples=["pseudonymise"])]
    parameters: dict[str, Scalar | list[str]] = Field(default_factory=dict)


class AmendmentRequest(Sent):
    """What shall stand in a rule's place: a control, or settings by name."""

    control: ControlRequest | None = None
    settings: dict[str, Scalar | list[str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> "AmendmentRequest":
        if self.control is None and not self.settings:
            raise ValueError("give `control` or `settings`")
        return self


class VerdictSubmission(Sent):
    """What a reviewer says of one rule. `seen_sha256` is the content they looked at."""

    rule: Annotated[str, Field(min_length=1, max_length=32, examples=["R-0117"])]
    kind: Literal["approve", "amend", "reject", "comment"]
    seen_sha256: Sha256
    reason: Annotated[str, Field(max_length=2000)] = ""
    amendment: AmendmentRequest | None = None


class AmendmentShown(Schema):
    """What a reviewer put in a rule's place."""

    control: ControlShown | None
    settings: ParameterValues


class VerdictShown(Schema):
    """What one reviewer said of one rule."""

    id: str
    draft: str
    rule: str
    kind: str
    reviewer: str
    group: str
    rule_sha256: str
    reason: str
    at: str
    amendment: AmendmentShown | None


class OutcomeShown(Schema):
    """What verdicts led to."""

    state: str
    verdicts: list[VerdictShown]
