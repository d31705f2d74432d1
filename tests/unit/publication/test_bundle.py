"""Bundles: what a draft and a catalogue become, and what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policy_service.domain.errors import PublicationError
from policy_service.publication.bundle import build_bundle, resource_links
from tests.builders import (
    CLIENTS,
    EMAIL,
    LAST_FOUR,
    NOW,
    OWN_DISTRICT,
    STANDARD_MODEL,
    make_bundle,
    make_catalog,
    make_column,
    make_draft,
)


def test_rules_become_rows_and_obligations() -> None:
    """Each access rule is one row about its group; only those that allow have obligations."""
    bundle, draft = make_bundle(), make_draft()
    assert [row.rule for row in bundle.rows] == [rule.id for rule in draft.access]
    effects = {row.rule: row.effect for row in bundle.rows}
    assert effects["R-0009"] == "deny"
    assert {rule for rule, effect in effects.items() if effect == "allow"} == {
        one.rule for one in bundle.obligations
    }
    third = next(one for one in bundle.obligations if one.rule == "R-0003")
    assert (third.control, third.row_filter) == (LAST_FOUR, OWN_DISTRICT)


def test_links_lead_from_columns_to_the_source_and_to_categories() -> None:
    """A column is in its group, table, schema and source, and in what its values reveal."""
    links = set(resource_links(make_catalog()))
    group = f"{CLIENTS}/user.government_id.national_identification_number"
    column = f"{CLIENTS}.birth_number"
    assert {
        (column, group),
        (group, CLIENTS),
        (CLIENTS, "bank.public"),
        ("bank.public", "bank"),
        (column, "category:user.government_id.national_identification_number"),
        (column, "category:user.demographic.date_of_birth"),
        ("category:user.demographic", "category:user"),
    } <= links


def test_links_stand_once_each() -> None:
    """No link is repeated, however many columns share it."""
    bundle = make_bundle(role_links=(("a", "b"), ("a", "b")))
    assert len(set(bundle.resource_links)) == len(bundle.resource_links)
    assert bundle.role_links == (("a", "b"),)


def test_rest_of_the_draft_is_carried() -> None:
    """Encryption, retention, separation, tests, times and lineage come from the draft."""
    bundle, draft = make_bundle(lifetime=timedelta(days=1)), make_draft()
    assert (bundle.encryption, bundle.retention) == (draft.encryption, draft.retention)
    assert bundle.separation == (draft.separation[0].roles,)
    assert (bundle.tests, bundle.draft_sha256) == (draft.tests, draft.sha256)
    assert bundle.issued_at == "2026-03-02T12:00:00.000000Z"
    assert bundle.expires_at == "2026-03-03T12:00:00.000000Z"


def test_empty_draft_is_refused() -> None:
    """A draft without access rules gives no bundle."""
    with pytest.raises(PublicationError, match="empty policy is refused"):
        make_bundle(draft=replace(make_draft(), access=()))


def test_other_source_is_refused() -> None:
    """A draft goes with the catalogue of its own source only."""
    with pytest.raises(PublicationError, match="is about `shop`"):
        make_bundle(draft=replace(make_draft(), source="shop"))


def test_lifetime_must_be_above_zero() -> None:
    """A bundle that has ended before it begins is refused."""
    with pytest.raises(PublicationError, match="above zero"):
        make_bundle(lifetime=timedelta(0))


def test_columns_that_nobody_reviewed_are_refused() -> None:
    """A column that came into a group after drafting is not opened by the group's rule."""
    catalog = make_catalog()
    accounts, clients = catalog.tables
    wider = replace(clients, columns=(*clients.columns, make_column("email_2", EMAIL)))
    with pytest.raises(PublicationError, match="draft anew"):
        build_bundle(
            draft=make_draft(),
            catalog=replace(catalog, tables=(accounts, wider)),
            revision=make_bundle().revision,
            tenant="t",
            issued_at=NOW,
            lifetime=timedelta(days=1),
            model_conf=STANDARD_MODEL,
        )


def test_columns_that_are_gone_are_refused() -> None:
    """A rule about a table that the catalogue no longer has is refused."""
    catalog = make_catalog()
    with pytest.raises(PublicationError, match="draft anew"):
        make_bundle(catalog=replace(catalog, tables=catalog.tables[:1]))
