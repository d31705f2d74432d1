"""Content hashes of rules, drafts and catalogues: what approvals and lineage are bound to."""

from dataclasses import replace

from policy_service.domain.asset import Catalog
from policy_service.domain.draft import AccessRule, Draft, Rule
from policy_service.domain.identifiers import DraftId, Sha256Hex
from policy_service.domain.organisation import Organisation
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import content_sha256


def rule_sha256(rule: Rule) -> Sha256Hex:
    """Hash what an approval of `rule` covers.

    The considered candidates and the confidence explain a rule but do not
    change what is enforced, so they are left out.
    """
    if isinstance(rule, AccessRule):
        rule = replace(rule, candidates=(), confidence=0.0)
    return _hash(rule)


def draft_sha256(draft: Draft) -> Sha256Hex:
    """Hash the whole draft but its id."""
    return _hash(replace(draft, id=DraftId(""), sha256=Sha256Hex("")))


def catalog_sha256(catalog: Catalog) -> Sha256Hex:
    """Hash what a scan found, whenever it was found."""
    return _hash(replace(catalog, scanned_at="", sha256=Sha256Hex("")))


def organisation_sha256(organisation: Organisation) -> Sha256Hex:
    """Hash the organisation's description."""
    return _hash(organisation)


def _hash(value: object) -> Sha256Hex:
    return Sha256Hex(content_sha256(to_plain(value)))
