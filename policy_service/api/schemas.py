"""The API's own shapes: what clients send and get. The domain's types stay inside.

Built from domain values by `shown`; a field of the domain that no schema names is
not shown.
"""

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from policy_service.domain.plain import to_plain
from policy_service.domain.provision import ControlKind, Standing

Scalar = bool | int | float | str
ParameterValues = dict[str, Scalar | list[str]]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.@-]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081" * 8])]


class Schema(BaseModel):
    """What the service shows."""

    model_config = ConfigDict(extra="ignore")


class Sent(BaseModel):
    """What a client sends; an unknown field is an error, so that a typo is not lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


M = TypeVar("M", bound=Schema)


def shown(schema: type[M], value: object) -> M:
    """Build what is shown of a domain value."""
    return schema.model_validate(to_plain(value))


class ProblemDocument(Schema):
    """RFC 9457."""

    type: str = Field(examples=["urn:policy-service:problem:stale"])
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = Field(default_factory=list)


class JobShown(Schema):
    """Long work: how far it is, and where its result is to be had."""

    id: str
    kind: str
    requested_by: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    stage: str
    done: int
    total: int = Field(description="0 where it is not known")
    result: ParameterValues
    error: str
    created_at: str


class EvidenceShown(Schema):
    """Why a column got its category."""

    detector: str
    detail: str
    weight: float


class ColumnShown(Schema):
    """One classified column."""

    id: str
    name: str
    data_type: str
    nullable: bool
    primary_key: bool
    category: str
    sensitivity: str
    confidence: float
    reveals: list[str]
    legal_classes: list[str]
    evidence: list[EvidenceShown]


class TableShown(Schema):
    """One table with its columns."""

    id: str
    name: str
    row_count: int
    data_subject: str
    columns: list[ColumnShown]


class CatalogShown(Schema):
    """What the last scan of a source found."""

    source: str
    dialect: str
    scanned_at: str
    sha256: str
    classifier: str = Field(
        default="", description="version of what was learned of names; empty in older scans"
    )
    tables: list[TableShown]


class InstrumentShown(Schema):
    """One regulation, standard or internal policy."""

    id: str
    title: str
    kind: str
    jurisdictions: list[str]
    sectors: list[str]
    version: str
    version_date: str
    url: str


class ObligationShown(Schema):
    """What a provision requires, in typed form."""

    id: str
    kind: str
    strength: Literal["floor", "advice"]
    data_categories: list[str] = Field(description="fideslang keys; none means every category")
    parameters: ParameterValues


class ProvisionShown(Schema):
    """One citable unit.

    `text` is our own digest where `standing` is `digest`, else the official text; `summary`
    is then our digest of it. Nothing is ever drafted from what is `unreviewed`.
    """

    id: str
    instrument: str
    section: str
    title: str
    text: str
    summary: str
    sha256: str
    version_date: str
    url: str
    heading: list[str] = Field(description="from the instrument down to the provision")
    language: str
    standing: Literal["digest", "approved", "unreviewed"]
    superseded: str = Field(description="date from which a newer version holds; else empty")
    references: list[str]
    obligations: list[ObligationShown]


class NeighbourShown(Schema):
    """The provision before or after one that was found, in the same version of the text."""

    id: str
    section: str
    text: str


class PassageShown(Schema):
    """A provision that search found, with its neighbours."""

    provision: ProvisionShown
    score: float = Field(description="0 to 1; orders the answers to one question only")
    before: NeighbourShown | None
    after: NeighbourShown | None


class SearchQuery(Sent):
    """A question to the corpus, and what it is narrowed to; no filter narrows nothing."""

    q: Annotated[str, Field(min_length=1, max_length=500, examples=["encryption at rest"])]
    limit: Annotated[int, Field(ge=1, le=50)] = 8
    instrument: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=50, description="instrument ids"
    )
    jurisdiction: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{2,3}(-[A-Z]{2,3})?$",
        description="where the organisation sits: `EU-DE` is reached by EU and INT",
    )
    sector: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    kind: list[ControlKind] = Field(
        default_factory=list, max_length=20, description="what an obligation asks for"
    )
    category: str | None = Field(
        default=None, max_length=200, description="a data category that an obligation covers"
    )
    in_force: date | None = Field(default=None, description="without it the newest versions")
    standing: list[Standing] = Field(default_factory=list, max_length=3)


class BundleSummary(Schema):
    """One published bundle."""

    revision: int
    source: str
    draft: str
    draft_sha256: str
    issued_at: str
    expires_at: str
    state: str
    sha256: str
    key_id: str
    rules: int


class PublishRequest(Sent):
    """Which draft to publish."""

    draft: Annotated[str, Field(min_length=1, max_length=64, examples=["dra_4k2w…"])]


class DecisionShown(Schema):
    """A decision as the audit log keeps it."""

    id: str
    at: str
    subject: str
    resource: str
    action: str
    purpose: str
    allow: bool
    control: str
    rules: list[str]
    revision: int
    reason: str | None


class ClauseShown(Schema):
    """A clause that a rule stands on; `url` is where to read the official text."""

    provision: str
    section: str
    quote: str
    strength: str
    url: str


class ApprovalShown(Schema):
    """An approval of exactly the content that decided."""

    reviewer: str
    group: str
    at: str


class TracedRuleShown(Schema):
    """A rule that decided, with its approvals and clauses."""

    rule: str
    sentence: str
    sha256: str
    approvals: list[ApprovalShown]
    clauses: list[ClauseShown]


class ProofShown(Schema):
    """The decision's place in the audit log (RFC 9162)."""

    index: int
    entry_sha256: str
    tree_size: int
    root: str


class TraceShown(Schema):
    """The way from a decision back to the law."""

    decision: DecisionShown
    draft: str
    draft_sha256: str
    model_version: str
    retriever: str
    corpus_sha256: str
    rules: list[TracedRuleShown]
    proof: ProofShown


class AuditEventShown(Schema):
    """What happened."""

    kind: str
    actor: str
    subject: str
    details: ParameterValues


class AuditEntryShown(Schema):
    """One entry of the audit log."""

    index: int
    at: str
    event: AuditEventShown
    previous: str
    sha256: str


class AuditReportShown(Schema):
    """What checking the log found."""

    whole: bool
    entries: int
    checkpoints: int
    root: str
    problems: list[str]


class CheckpointShown(Schema):
    """A signed statement about the log."""

    origin: str
    size: int
    root: str
    at: str
    key_id: str
    signature: str


class ModelShown(Schema):
    """One version of the reward model and where it came from."""

    model: Literal["drafting"] = "drafting"
    version: str
    parent: str
    created_at: str
    preferences: int
    preferences_sha256: str
    weights_sha256: str
    encoder_sha256: str
    seed: int
    acceptance_before: float
    acceptance_after: float
    floor_violations: int
    promoted: bool
    note: str


class AccountShown(Schema):
    """One person who signs in."""

    name: str
    role: str
    group: str | None


class AccountRequest(Sent):
    """A new account; it signs in by a one-time link until it has a password."""

    name: Name
    role: Literal["author", "reviewer", "administrator", "auditor", "enforcement_point"]
    group: Literal["security", "data_engineering", "compliance"] | None = None


class LinkShown(Schema):
    """A one-time sign-in link, shown once."""

    path: str = Field(examples=["/sign-in/…"])


class TokenRequest(Sent):
    """What the token is for, in the owner's words."""

    label: Annotated[str, Field(min_length=1, max_length=100, examples=["nightly loader"])]


class TokenShown(Schema):
    """An API token without its secret."""

    id: str
    label: str
    expires_at: str
    revoked: bool


class NewTokenShown(Schema):
    """A new API token; the secret is shown this once."""

    id: str
    secret: str
