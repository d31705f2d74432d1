"""Review: the lifecycle of a draft, verdicts of people, accounts that give them."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.draft import Amendment
from policy_service.domain.identifiers import DraftId, RuleId, Sha256Hex, SubjectId


class DraftState(StrEnum):
    """drafted → in review → changes requested | approved → published → superseded | rolled back."""

    DRAFTED = "drafted"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"


class RuleState(StrEnum):
    """Where one rule of a draft stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    STALE = "stale"  # approved for content that has changed since


class VerdictKind(StrEnum):
    """What a reviewer said. An amendment carries the right control; so does a rejection."""

    APPROVE = "approve"
    AMEND = "amend"
    REJECT = "reject"
    COMMENT = "comment"


class AccountRole(StrEnum):
    """What an account may do in the service itself."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    ENFORCEMENT_POINT = "enforcement_point"  # a data service, not a person


class ReviewGroup(StrEnum):
    """The stakeholder group a reviewer speaks for."""

    SECURITY = "security"
    DATA_ENGINEERING = "data_engineering"
    COMPLIANCE = "compliance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who signs in. Only reviewers have a group."""

    name: SubjectId
    role: AccountRole
    group: ReviewGroup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one reviewer said of one rule, bound to the rule's content hash."""

    id: str  # ver_…
    draft: DraftId
    rule: RuleId
    kind: VerdictKind
    reviewer: SubjectId
    group: ReviewGroup
    rule_sha256: Sha256Hex  # the content the verdict was given for
    reason: str
    at: str  # RFC 3339
    amendment: Amendment | None = None
