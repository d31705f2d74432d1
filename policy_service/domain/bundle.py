"""Bundles: what is published, signed, and enforced."""

from dataclasses import dataclass

from policy_service.domain.control import Control, RowFilter
from policy_service.domain.draft import EncryptionRule, PolicyTest, RetentionRule
from policy_service.domain.identifiers import (
    AssetId,
    DraftId,
    Purpose,
    Revision,
    RoleId,
    RuleId,
    Sha256Hex,
)
from policy_service.domain.organisation import Person
from policy_service.domain.parameters import NO_PARAMETERS, Parameters
from policy_service.domain.predicate import EVERY_ROW, Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """One Casbin `p` row: sub, obj, act, purpose, eft, rule."""

    role: RoleId
    resource: str  # asset id, asset group, or `category:<key>`
    action: str
    purpose: str  # a purpose, or `*`
    effect: str  # allow, deny
    rule: RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleObligation:
    """What one allowing rule asks of the PEP."""

    rule: RuleId
    control: Control
    row_filter: RowFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCondition:
    """When a rule applies: an expression of `domain.condition`, and a window of validity.

    Empty fields do not restrict. Times are RFC 3339; the window holds from `not_before` on
    and until just before `not_after`, by the clock of the decision point. An expression that
    cannot be evaluated keeps an allowing rule from applying, and never a denying one.
    """

    rule: RuleId
    expression: str = ""
    not_before: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResource:
    """A resource of an application that the policy knows by itself, with its properties.

    What is said here wins over what a request says of the resource.
    """

    type: str
    id: str
    properties: Parameters = NO_PARAMETERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One policy in the form that engines load. Times are RFC 3339.

    `resource_links` are Casbin's `g2` (child, parent): column → group → table →
    schema → source, and column → `category:<key>` → wider category.
    Rows about `type:<type>` hold for every resource of that type which has no rows or links
    of its own name. `role_links` are `g` between roles. Who holds which role stands in the
    `Directory`, so that joiners and leavers need no new policy.
    """

    revision: Revision
    tenant: str
    source: str
    draft: DraftId
    draft_sha256: Sha256Hex
    issued_at: str
    expires_at: str
    model_conf: str
    rows: tuple[PolicyRow, ...]
    role_links: tuple[tuple[str, str], ...]
    resource_links: tuple[tuple[str, str], ...]
    obligations: tuple[RuleObligation, ...]
    encryption: tuple[EncryptionRule, ...]
    retention: tuple[RetentionRule, ...]
    separation: tuple[tuple[RoleId, RoleId], ...]
    tests: tuple[PolicyTest, ...]  # canaries: they must hold before a swap
    conditions: tuple[RuleCondition, ...] = ()  # at most one for a rule
    resources: tuple[KnownResource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """One further signature over the same bytes, by another key."""

    key_id: str
    signature: str  # base64


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBundle:
    """A bundle with its hash and Ed25519 signatures (RFC 8032) over the canonical bytes."""

    bundle: Bundle
    sha256: Sha256Hex
    key_id: str
    signature: str  # base64
    cosignatures: tuple[Cosignature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Who holds which roles with which attributes, at one time."""

    people: tuple[Person, ...]
    sha256: Sha256Hex

    def person(self, subject: str) -> Person | None:
        """Find one person by subject id, compared byte for byte."""
        return next((person for person in self.people if person.subject == subject), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """How one subject may read one column for one purpose."""

    column: AssetId
    control: Control  # deny where not readable
    rules: tuple[RuleId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """What one subject may read of one table for one purpose: partial evaluation's answer."""

    table: AssetId
    purpose: Purpose
    columns: tuple[ColumnView, ...]
    row_filters: tuple[RowFilter, ...]  # all of them hold
    attributes: tuple[tuple[str, str | int | float | bool], ...]  # the subject's, for the filters
    revision: Revision
    predicate: Predicate = (
        EVERY_ROW  # holds besides the filters; what cannot apply it shows nothing
    )
