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
class Bundle:
    """One policy in the form that engines load. Times are RFC 3339.

    `resource_links` are Casbin's `g2` (child, parent): column → group → table →
    schema → source, and column → `category:<key>` → wider category.
    `role_links` are `g` between roles. Who holds which role stands in the
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBundle:
    """A bundle with its hash and an Ed25519 signature (RFC 8032) over the canonical bytes."""

    bundle: Bundle
    sha256: Sha256Hex
    key_id: str
    signature: str  # base64


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
