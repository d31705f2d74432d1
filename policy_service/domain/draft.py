"""Drafts: decision points, the rules that answer them, and what stays open."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from policy_service.domain.control import Action, Control, RowFilter
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    DraftId,
    GroupId,
    ModelVersion,
    ObligationId,
    Purpose,
    QuestionId,
    RoleId,
    RuleId,
    Sha256Hex,
    group_id,
)
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.domain.provision import Citation

UNLEARNED = ModelVersion("fused-0")  # the retriever before any version of it was promoted


class Risk(StrEnum):
    """How much review a rule needs."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPoint:
    """role × asset group × action × purpose; the group is the table's columns of one category."""

    role: RoleId
    table: AssetId
    category: DataCategory
    columns: tuple[AssetId, ...]
    action: Action
    purpose: Purpose

    @property
    def group(self) -> GroupId:
        """Name the asset group this point is about."""
        return group_id(self.table, self.category)

    @property
    def key(self) -> str:
        """Name the point itself, the same in every draft over the same catalogue."""
        return "|".join((self.role, self.group, self.action, self.purpose))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One control that was considered: prior × exp(reward / β), or ruled out by a floor."""

    control: Control
    prior: float
    reward: float
    probability: float
    excluded_by: ObligationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """The answer to one decision point, with its grounds."""

    id: RuleId
    point: DecisionPoint
    control: Control
    row_filter: RowFilter | None
    citations: tuple[Citation, ...]
    sentence: str  # the rule in one plain sentence
    rationale: str
    confidence: float
    risk: Risk
    needs_person: bool
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionRule:
    """How columns are encrypted at rest: algorithm, key bits, rotation in days, key scope."""

    id: RuleId
    table: AssetId
    category: DataCategory
    columns: tuple[AssetId, ...]
    algorithm: str  # AES-256-GCM
    key_bits: int
    rotation_days: int
    key_scope: str  # one data key for each: table, column
    citations: tuple[Citation, ...]
    sentence: str
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long rows of a table are kept, in days, and what happens then."""

    id: RuleId
    table: AssetId
    max_days: int
    basis: str  # what the days are counted from
    action: str  # erase, anonymise, review
    citations: tuple[Citation, ...]
    sentence: str
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparationRule:
    """Two roles that no person may hold together. Source: ANSI INCITS 359, static SoD."""

    id: RuleId
    roles: tuple[RoleId, RoleId]
    citations: tuple[Citation, ...]
    sentence: str
    risk: Risk


Rule: TypeAlias = AccessRule | EncryptionRule | RetentionRule | SeparationRule


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """A decision the published policy must give; `control` is the operator of a permit."""

    id: str  # PT-0001
    role: RoleId
    asset: AssetId  # a column
    action: str
    purpose: Purpose
    allow: bool
    control: str  # label of the control, empty where denied
    because: str
    rules: tuple[RuleId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What could not be grounded or decided, and what holds until a person answers."""

    id: QuestionId
    about: str
    text: str
    until_answered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a draft was made from; the same lineage gives the same draft, byte for byte."""

    catalog_sha256: Sha256Hex
    corpus_sha256: Sha256Hex
    organisation_sha256: Sha256Hex
    model_version: ModelVersion
    seed: int
    retriever: ModelVersion = UNLEARNED  # the version that found the clauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A complete proposed policy for one source. `sha256` covers everything but `id`."""

    id: DraftId
    organisation: str
    source: str
    lineage: Lineage
    roles: tuple[RoleId, ...]
    access: tuple[AccessRule, ...]
    encryption: tuple[EncryptionRule, ...]
    retention: tuple[RetentionRule, ...]
    separation: tuple[SeparationRule, ...]
    tests: tuple[PolicyTest, ...]
    questions: tuple[OpenQuestion, ...]
    decision_points: int  # how many were considered, default denials included
    sha256: Sha256Hex

    @property
    def rules(self) -> tuple[Rule, ...]:
        """List every rule a reviewer must judge, in the order of the draft."""
        return (*self.access, *self.encryption, *self.retention, *self.separation)

    def rule(self, rule_id: RuleId) -> Rule | None:
        """Find a rule by its id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What a reviewer put in a rule's place: the right control, or new settings by name."""

    control: Control | None = None
    settings: Parameters = NO_PARAMETERS
