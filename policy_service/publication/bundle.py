"""A reviewed draft and its catalogue as one bundle, in the form that engines load.

Not signed here (see `signing`), and nothing is decided: every row is a rule
that people approved, every link is a fact of the catalogue.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from policy_service.domain.asset import Catalog, Column, Table
from policy_service.domain.bundle import Bundle, PolicyRow, RuleObligation
from policy_service.domain.control import Operator
from policy_service.domain.draft import AccessRule, Draft
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import Revision, asset_ancestors, category_ancestors
from policy_service.kit.clock import rfc3339

CATEGORY_PREFIX = "category:"
Link = tuple[str, str]


def build_bundle(
    *,
    draft: Draft,
    catalog: Catalog,
    revision: Revision,
    tenant: str,
    issued_at: datetime,
    lifetime: timedelta,
    model_conf: str,
    role_links: tuple[Link, ...] = (),
) -> Bundle:
    """Build the bundle of `draft` over `catalog`; revision 0 is a preview that is never signed.

    Raises `PublicationError` where the draft answers nothing, is about another
    source, or was made for other columns than the catalogue has now.
    """
    _check(draft, catalog, lifetime)
    return Bundle(
        revision=revision,
        tenant=tenant,
        source=draft.source,
        draft=draft.id,
        draft_sha256=draft.sha256,
        issued_at=rfc3339(issued_at),
        expires_at=rfc3339(issued_at + lifetime),
        model_conf=model_conf,
        rows=tuple(_row(rule) for rule in draft.access),
        role_links=tuple(dict.fromkeys(role_links)),
        resource_links=resource_links(catalog),
        obligations=tuple(_obligation(rule) for rule in draft.access if _allows(rule)),
        encryption=draft.encryption,
        retention=draft.retention,
        separation=tuple(rule.roles for rule in draft.separation),
        tests=draft.tests,
    )


def resource_links(catalog: Catalog) -> tuple[Link, ...]:
    """List Casbin's `g2` links (child, parent) in the order of the catalogue, each once."""
    links: dict[Link, None] = {}
    for table in catalog.tables:
        for link in _table_links(table):
            links.setdefault(link)
    return tuple(links)


def _table_links(table: Table) -> Iterator[Link]:
    for group, columns in table.groups().items():
        for column in columns:
            yield column.id, group
            yield from _category_links(column)
        yield group, table.id
    containers = asset_ancestors(table.id)
    yield from pairwise(containers)


def _category_links(column: Column) -> Iterator[Link]:
    for category in (column.category, *column.reveals):
        chain = [f"{CATEGORY_PREFIX}{key}" for key in category_ancestors(category)]
        yield column.id, chain[0]
        yield from pairwise(chain)


def _row(rule: AccessRule) -> PolicyRow:
    return PolicyRow(
        role=rule.point.role,
        resource=rule.point.group,
        action=rule.point.action.value,
        purpose=rule.point.purpose,
        effect="allow" if _allows(rule) else "deny",
        rule=rule.id,
    )


def _obligation(rule: AccessRule) -> RuleObligation:
    return RuleObligation(rule=rule.id, control=rule.control, row_filter=rule.row_filter)


def _allows(rule: AccessRule) -> bool:
    return rule.control.operator is not Operator.DENY


def _check(draft: Draft, catalog: Catalog, lifetime: timedelta) -> None:
    if draft.source != catalog.source:
        raise PublicationError(
            f"draft `{draft.id}` is about `{draft.source}`, not `{catalog.source}`; "
            "give the catalogue it was made from"
        )
    if not draft.access:
        raise PublicationError(f"draft `{draft.id}` has no access rule; an empty policy is refused")
    if lifetime <= timedelta(0):
        raise PublicationError("a bundle needs a lifetime above zero; give it in days")
    groups = {group: columns for table in catalog.tables for group, columns in _groups(table)}
    for rule in draft.access:
        # INVARIANT: a row about a group covers exactly the columns that reviewers saw.
        if sorted(rule.point.columns) != groups.get(rule.point.group, []):
            raise PublicationError(
                f"rule `{rule.id}` was made for other columns of `{rule.point.group}` than the "
                "catalogue has now; draft anew from the latest scan"
            )


def _groups(table: Table) -> Iterator[tuple[str, list[str]]]:
    for group, columns in table.groups().items():
        yield group, sorted(column.id for column in columns)
