"""Decisions: what a PEP asks the PDP, and what it gets back."""

from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.control import CLEAR, Control, RowFilter
from policy_service.domain.identifiers import DecisionId, Revision, RuleId
from policy_service.domain.parameters import NO_PARAMETERS, Parameters


class DenyReason(StrEnum):
    """Why a request was denied; the first five are policy, the others failures that fail closed."""

    NO_MATCHING_RULE = "no_matching_rule"
    DENIED_BY_RULE = "denied_by_rule"
    CONDITION_UNKNOWN = "condition_unknown"  # only a condition without an answer stood in between
    UNKNOWN_SUBJECT = "unknown_subject"
    UNKNOWN_RESOURCE = "unknown_resource"
    NO_BUNDLE = "no_bundle"
    STALE_BUNDLE = "stale_bundle"
    SHADOW_DISAGREEMENT = "shadow_disagreement"
    AUDIT_FAILURE = "audit_failure"
    OBLIGATION_FAILURE = "obligation_failure"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """Who wants to do what to which resource, what for.

    `resource` is an asset id, or the id of an application's resource of `resource_type`.
    `properties` are what the PEP says of that resource; of the subject it is not asked.
    """

    subject: str
    resource: str
    action: str
    purpose: str
    context: Parameters = NO_PARAMETERS
    resource_type: str = ""
    properties: Parameters = NO_PARAMETERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """What the PEP must do with a permitted answer: mask each value, keep only some rows."""

    control: Control = CLEAR
    row_filters: tuple[RowFilter, ...] = ()  # all of them hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The PDP's answer. INVARIANT: `reason` is given exactly when `allow` is false."""

    allow: bool
    revision: Revision
    rules: tuple[RuleId, ...]  # those that decided, sorted
    obligations: Obligations = Obligations()
    reason: DenyReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision as the audit log keeps it: the request without values, the answer, the time."""

    id: DecisionId
    at: str  # RFC 3339
    request: AccessRequest
    decision: Decision
