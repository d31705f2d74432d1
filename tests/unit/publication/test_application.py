"""The bundle of an application policy: rows about types and ids, conditions, canaries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policy_service.domain.bundle import Bundle, PolicyRow, RuleCondition
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import DraftId, Revision, Sha256Hex
from policy_service.publication.application import build_application_bundle, conditions_of
from policy_service.publication.application_file import read_application
from tests.builders import NOW
from tests.fixtures.applications import NOTES

MANY = NOTES.replace(
    "    actions: [read]\n",
    "    actions: [read]\n    ids: [n-1]\n    purposes: [audit, service]\n",
).replace("    may: read\n", "    may: read\n    purpose: audit\n")


def build(text: str = NOTES, days: int = 30) -> Bundle:
    """Build the bundle of a file."""
    return build_application_bundle(
        read_application(text, file="notes.yaml"),
        submission=DraftId("app_1"),
        sha256=Sha256Hex("0" * 64),
        revision=Revision(3),
        tenant="default",
        issued_at=NOW,
        lifetime=timedelta(days=days),
        model_conf="the model",
    )


def test_rows_are_about_the_type_and_conditions_about_the_rule() -> None:
    """A rule becomes rows; what restricts it stands beside them."""
    bundle = build()
    assert bundle.rows[0] == PolicyRow(
        role="reader",  # type: ignore[arg-type] # a plain name is one
        resource="type:note",
        action="read",
        purpose="*",
        effect="allow",
        rule="read",  # type: ignore[arg-type] # a plain name is one
    )
    assert bundle.conditions == (
        RuleCondition(
            rule="write-own",  # type: ignore[arg-type] # a plain name is one
            expression="resource.owner == subject.id",
        ),
    )
    assert (bundle.source, bundle.draft, bundle.model_conf) == ("notes", "app_1", "the model")
    assert bundle.role_links == (("writer", "reader"),)
    assert [one.rule for one in bundle.obligations] == ["read", "write-own"]


def test_a_named_resource_keeps_the_rules_of_its_type() -> None:
    """Naming an id adds rows of its own, and a link so that the type's rows still hold."""
    bundle = build(MANY)
    assert [(row.resource, row.purpose) for row in bundle.rows[:2]] == [
        ("n-1", "audit"),
        ("n-1", "service"),
    ]
    assert bundle.resource_links == (("n-1", "type:note"),)
    assert [(one.type, one.id) for one in bundle.resources] == [("note", "n-1")]


def test_canaries_are_the_tests_that_a_role_alone_answers() -> None:
    """A permission under a condition needs facts that a canary has not; a denial needs none."""
    assert [(one.id, one.asset, one.allow) for one in build().tests] == [
        ("PT-0001", "type:note", True)
    ]
    assert [(one.id, one.asset, one.allow) for one in build(MANY).tests] == [
        ("PT-0001", "n-1", True),
        ("PT-0003", "n-1", False),
    ]


def test_a_masked_permission_is_no_canary() -> None:
    """Its control would have to be decided first."""
    masked = NOTES.replace("    actions: [read]\n", "    actions: [read]\n    control: redact\n")
    assert build(masked).tests == ()


def test_no_conditions_where_none_are_written() -> None:
    """Then the plain standard model is enough."""
    policy = read_application(NOTES, file="notes.yaml")
    plain = replace(policy, rules=(policy.rules[0],))
    assert conditions_of(plain) == ()


def test_a_bundle_needs_a_lifetime() -> None:
    """One that is over before it begins is not made."""
    with pytest.raises(PublicationError, match="lifetime above zero"):
        build(days=0)
