"""What each kind of verdict teaches."""

from dataclasses import replace

import pytest

from policy_service.domain.control import CLEAR, DENY, Action, Control, Operator
from policy_service.domain.draft import (
    AccessRule,
    Amendment,
    Candidate,
    DecisionPoint,
    Draft,
    Lineage,
    RetentionRule,
    Risk,
)
from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import (
    AssetId,
    DataCategory,
    DraftId,
    ModelVersion,
    ObligationId,
    Purpose,
    RoleId,
    RuleId,
    Sha256Hex,
    SubjectId,
)
from policy_service.domain.review import ReviewGroup, Verdict, VerdictKind
from policy_service.refinement.preferences import preferences_from, priors_from

REDACT = Control(operator=Operator.REDACT)
PARTIAL = Control(operator=Operator.PARTIAL)
NONE = Sha256Hex("0" * 64)


def _candidate(control, prior, excluded_by=None):
    return Candidate(
        control=control, prior=prior, reward=0.0, probability=prior, excluded_by=excluded_by
    )


RULE = AccessRule(
    id=RuleId("R-0001"),
    point=DecisionPoint(
        role=RoleId("teller"),
        table=AssetId("bank.public.clients"),
        category=DataCategory("user.name"),
        columns=(AssetId("bank.public.clients.name"),),
        action=Action.READ,
        purpose=Purpose("service"),
    ),
    control=REDACT,
    row_filter=None,
    citations=(),
    sentence="",
    rationale="",
    confidence=0.5,
    risk=Risk.LOW,
    needs_person=False,
    candidates=(
        _candidate(DENY, 0.3),
        _candidate(REDACT, 0.5),
        _candidate(PARTIAL, 0.2),
        _candidate(CLEAR, 0.0, ObligationId("gdpr/art-87#1")),
    ),
)
RETENTION = RetentionRule(
    id=RuleId("T-0001"),
    table=AssetId("bank.public.clients"),
    max_days=30,
    basis="created",
    action="erase",
    citations=(),
    sentence="",
    risk=Risk.LOW,
)
DRAFT = Draft(
    id=DraftId("dra_1"),
    organisation="Bank",
    source="bank",
    lineage=Lineage(
        catalog_sha256=NONE,
        corpus_sha256=NONE,
        organisation_sha256=NONE,
        model_version=ModelVersion("prior-0"),
        seed=1,
    ),
    roles=(RoleId("teller"),),
    access=(RULE,),
    encryption=(),
    retention=(RETENTION,),
    separation=(),
    tests=(),
    questions=(),
    decision_points=1,
    sha256=NONE,
)
VERDICT = Verdict(
    id="ver_1",
    draft=DRAFT.id,
    rule=RULE.id,
    kind=VerdictKind.APPROVE,
    reviewer=SubjectId("rita"),
    group=ReviewGroup.SECURITY,
    rule_sha256=rule_sha256(RULE),
    reason="",
    at="2026-03-02T12:00:00.000000Z",
)


def _text(point):
    return (point.role, point.table, point.category, point.purpose)


def _learn(*verdicts, draft=DRAFT):
    found = preferences_from(verdicts=verdicts, drafts={draft.id: draft}, point_text=_text)
    return [(one.chosen, one.alternatives, one.weight) for one in found]


def _amended(control, kind=VerdictKind.AMEND):
    return replace(VERDICT, kind=kind, amendment=Amendment(control=control))


def test_an_approval_prefers_the_rules_control_softly():
    """Approving teaches the rule's control over the candidates that floors leave."""
    assert _learn(VERDICT) == [(REDACT, (DENY, PARTIAL), 0.3)]


@pytest.mark.parametrize("kind", [VerdictKind.AMEND, VerdictKind.REJECT])
def test_a_correction_prefers_its_control_fully(kind):
    """An amendment, or a rejection with one, teaches the amended control with full weight."""
    assert _learn(_amended(DENY, kind)) == [(DENY, (REDACT, PARTIAL), 1.0)]


def test_a_correction_may_name_a_new_control():
    """A control that nobody considered is preferred to all that were."""
    null = Control(operator=Operator.NULL)
    assert _learn(_amended(null)) == [(null, (DENY, REDACT, PARTIAL), 1.0)]


def test_a_control_below_a_floor_is_never_learned():
    """An amendment to an excluded control teaches nothing."""
    assert _learn(_amended(CLEAR)) == []


def test_a_plain_rejection_prefers_every_other_control():
    """A rejection without a correction gives one pair for each other control, .5 in all."""
    rejected = replace(VERDICT, kind=VerdictKind.REJECT)
    assert _learn(rejected) == [(DENY, (REDACT,), 0.25), (PARTIAL, (REDACT,), 0.25)]


def test_comments_and_settings_teach_nothing():
    """A comment, and an amendment that does not touch the control, give no preference."""
    assert _learn(replace(VERDICT, kind=VerdictKind.COMMENT)) == []
    assert _learn(replace(VERDICT, kind=VerdictKind.AMEND, amendment=Amendment())) == []


def test_other_rules_and_unknown_drafts_teach_nothing():
    """Verdicts on retention, on a missing rule or on a missing draft give no preference."""
    assert _learn(replace(VERDICT, rule=RETENTION.id)) == []
    assert _learn(replace(VERDICT, rule=RuleId("R-9999"))) == []
    assert _learn(replace(VERDICT, draft=DraftId("dra_2"))) == []


@pytest.mark.parametrize("kind", [VerdictKind.APPROVE, VerdictKind.REJECT])
def test_a_verdict_on_changed_content_teaches_nothing(kind):
    """What was said of other content is not held against this content."""
    assert _learn(replace(VERDICT, kind=kind, rule_sha256=NONE)) == []


def test_the_last_word_of_a_reviewer_counts():
    """A reviewer who changed their mind is heard once; a later comment does not unsay it."""
    later = replace(_amended(DENY), id="ver_2", at="2026-03-03T12:00:00.000000Z")
    comment = replace(
        VERDICT, id="ver_3", kind=VerdictKind.COMMENT, at="2026-03-04T12:00:00.000000Z"
    )
    assert _learn(comment, later, VERDICT) == [(DENY, (REDACT, PARTIAL), 1.0)]


def test_a_rule_without_alternatives_teaches_nothing():
    """Where floors left one control there was no choice to learn from."""
    only = replace(RULE, candidates=RULE.candidates[1:2])
    assert _learn(VERDICT, draft=replace(DRAFT, access=(only,))) == []


def test_priors_are_those_of_the_candidates():
    """Priors are collected by decision point and control, excluded candidates left out."""
    key = RULE.point.key
    assert priors_from([DRAFT]) == {(key, DENY): 0.3, (key, REDACT): 0.5, (key, PARTIAL): 0.2}
