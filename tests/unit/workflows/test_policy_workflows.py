"""From draft to decision: review, publication, rollback, deciding, tracing, refining."""

from dataclasses import replace

import pytest

from policy_service.domain.audit import AuditEvent
from policy_service.domain.control import Operator
from policy_service.domain.decision import AccessRequest, DenyReason
from policy_service.domain.draft import AccessRule, Amendment
from policy_service.domain.errors import (
    AuditError,
    ForbiddenError,
    NotFoundError,
    ReviewError,
    StaleApprovalError,
)
from policy_service.domain.identifiers import DraftId, RuleId, Sha256Hex
from policy_service.domain.progress import silent
from policy_service.domain.review import AccountRole, DraftState, RuleState, VerdictKind
from policy_service.workflows import accounts, draft, publish, review
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.people import load_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine import collect_preferences, list_models, refine
from policy_service.workflows.trace import trace
from policy_service.workflows.verify import verify

REVIEWERS = ("reviewer-1", "reviewer-2")


@pytest.fixture
def approved(bank_platform: Platform, bank_draft: str) -> Platform:
    """The sample bank's draft, approved by two people."""
    for reviewer in REVIEWERS:
        review.approve_all(bank_platform, bank_draft, reviewer=reviewer)
    return bank_platform


@pytest.fixture
def live(approved: Platform, bank_draft: str) -> Platform:
    """The sample bank's draft, published."""
    publish.publish(approved, bank_draft, actor="author", progress=silent)
    return approved


def a_clear_read(platform: Platform, draft_id: str) -> tuple[AccessRule, AccessRequest]:
    """A rule that shows values in clear without a row filter, and a request it allows."""
    found = draft.find_draft(platform, draft_id).draft
    rule = next(
        rule
        for rule in found.access
        if rule.control.operator is Operator.CLEAR
        and rule.point.action == "read"
        and rule.row_filter is None
    )
    with platform.database.read() as session:
        people = load_directory(session).people
    subject = next(one.subject for one in people if one.roles == (rule.point.role,))
    request = AccessRequest(
        subject=subject,
        resource=rule.point.columns[0],
        action="read",
        purpose=rule.point.purpose,
    )
    return rule, request


def test_a_draft_needs_two_people_where_the_organisation_says_so(
    bank_platform: Platform, bank_draft: str
) -> None:
    """The sample bank wants two groups for high risk: one reviewer leaves it in review."""
    first = review.approve_all(bank_platform, bank_draft, reviewer="reviewer-1")
    assert first.state is DraftState.IN_REVIEW
    with pytest.raises(ReviewError, match="finish its review"):
        publish.publish(bank_platform, bank_draft, actor="author", progress=silent)
    second = review.approve_all(bank_platform, bank_draft, reviewer="reviewer-2")
    assert second.state is DraftState.APPROVED


def test_a_published_draft_is_live_and_signed(live: Platform, bank_draft: str) -> None:
    """Publication makes revision 1 the live bundle of its source, with the draft's hash."""
    signed = publish.find_bundle(live, "bank")
    found = draft.find_draft(live, bank_draft)
    assert signed.bundle.revision == 1
    assert signed.bundle.draft_sha256 == found.draft.sha256
    assert found.row.state is DraftState.PUBLISHED


def test_the_live_draft_can_be_renewed(live: Platform, bank_draft: str) -> None:
    """Published again before it expires, the same draft gets a new revision and a new term."""
    before = publish.find_bundle(live, "bank")
    again = publish.publish(live, bank_draft, actor="author", progress=silent)
    assert again.bundle.revision == before.bundle.revision + 1
    assert again.bundle.rows == before.bundle.rows
    states = [one.state for one in publish.list_bundles(live)]
    assert states == [DraftState.PUBLISHED, DraftState.SUPERSEDED]


def test_an_amendment_makes_the_approval_stale_and_publication_refused(
    approved: Platform, bank_draft: str
) -> None:
    """Content that changes after approval must be approved again."""
    found = draft.find_draft(approved, bank_draft).draft
    rule, other = next(
        (rule, one.control)
        for rule in found.access
        for one in rule.candidates
        if rule.control.operator is Operator.CLEAR
        and one.excluded_by is None
        and one.control.operator not in (Operator.CLEAR, Operator.DENY)
    )
    amendment = Amendment(control=other)
    request = review.VerdictRequest(
        rule=rule.id, kind=VerdictKind.AMEND, reason="not needed", amendment=amendment
    )
    outcome = review.submit_verdict(approved, bank_draft, request, reviewer="reviewer-3")
    assert outcome.state is DraftState.IN_REVIEW
    case = review.find_case(approved, bank_draft)
    assert {s.state for s in case.statuses() if s.rule == rule.id} == {RuleState.STALE}
    with pytest.raises(ReviewError):
        publish.publish(approved, bank_draft, actor="author", progress=silent)


def test_a_verdict_for_content_somebody_did_not_see_is_refused(
    bank_platform: Platform, bank_draft: str
) -> None:
    """An approval carries the hash the reviewer saw; another hash stores nothing."""
    request = review.VerdictRequest(
        rule=RuleId("R-0001"), kind=VerdictKind.APPROVE, seen_sha256=Sha256Hex("0" * 64)
    )
    with pytest.raises(StaleApprovalError):
        review.submit_verdict(bank_platform, bank_draft, request, reviewer="reviewer-1")
    assert review.find_case(bank_platform, bank_draft).verdicts == ()


def test_only_reviewers_review(bank_platform: Platform, bank_draft: str) -> None:
    """An auditor's account cannot approve."""
    accounts.add_account(
        bank_platform, name="otto", role=AccountRole.AUDITOR, group=None, actor="admin"
    )
    with pytest.raises(ForbiddenError, match="not a reviewer"):
        review.approve_all(bank_platform, bank_draft, reviewer="otto")


def test_verification_of_the_sample_bank_forbids_nothing(
    bank_platform: Platform, bank_draft: str
) -> None:
    """Every policy test of the sample draft holds and no finding is an error."""
    result = verify(bank_platform, bank_draft, actor="author", progress=silent)
    assert result.tests
    assert result.publishable


def test_a_decision_is_recorded_before_it_is_given(live: Platform, bank_draft: str) -> None:
    """Each answer stands in the audit log and leads back to approvals and clauses."""
    rule, request = a_clear_read(live, bank_draft)
    record = DecisionDesk(live).decide(request)
    assert record.decision.allow
    assert rule.id in record.decision.rules
    found = trace(live, record.id)
    assert {verdict.reviewer for one in found.rules for verdict in one.approvals} <= set(REVIEWERS)
    clauses = [clause for one in found.rules for clause in one.clauses]
    assert clauses
    for clause in clauses:
        assert clause.provision is not None
        assert clause.citation.quote in clause.provision.text


def test_no_audit_no_answer(live: Platform, bank_draft: str) -> None:
    """Where the audit log cannot be written, what was allowed is denied."""
    _, request = a_clear_read(live, bank_draft)
    desk = DecisionDesk(live)
    live.audit.close()
    decision = desk.decide(request).decision
    assert not decision.allow
    assert decision.reason is DenyReason.AUDIT_FAILURE


def test_without_a_live_policy_everything_is_denied(bank_platform: Platform) -> None:
    """Nothing published: nothing allowed, and the record says why."""
    request = AccessRequest(
        subject="teller-7", resource="bank.public.customers.email", action="read", purpose="x"
    )
    record = DecisionDesk(bank_platform).decide(request)
    assert record.decision.reason is DenyReason.NO_BUNDLE
    assert trace(bank_platform, record.id).rules == ()


def test_nothing_to_roll_back_to(live: Platform) -> None:
    """The first bundle cannot be rolled back, and an unknown source has none."""
    with pytest.raises(NotFoundError, match="nothing was live before"):
        publish.roll_back(live, "bank", actor="admin")
    with pytest.raises(NotFoundError, match="no policy"):
        publish.roll_back(live, "elsewhere", actor="admin")


def test_verdicts_teach_and_the_next_draft_uses_it(live: Platform, bank_draft: str) -> None:
    """Refine trains on every verdict; a promoted version drafts next, and never below a floor."""
    preferences, reviewed = collect_preferences(live)
    assert preferences
    assert [one.id for one in reviewed] == [bank_draft]
    card = refine(live, actor="admin", progress=silent).card
    assert [one.version for one in list_models(live)] == [card.version]
    assert card.floor_violations == 0
    organisation = draft.find_draft(live, bank_draft).organisation
    again = draft.draft(
        live, organisation=organisation, source="bank", author="author", progress=silent
    )
    expected = card.version if card.promoted else card.parent
    assert again.lineage.model_version == expected


def test_the_same_inputs_give_the_same_draft(bank_platform: Platform, bank_draft: str) -> None:
    """Law 6: drafting again gives the same bytes, so the stored draft is found, not doubled."""
    found = draft.find_draft(bank_platform, bank_draft)
    again = draft.draft(
        bank_platform,
        organisation=found.organisation,
        source="bank",
        author="somebody-else",
        progress=silent,
    )
    assert again == found.draft
    assert len(draft.list_drafts(bank_platform)) == 1


@pytest.fixture
def failing_log(bank_platform: Platform) -> Platform:
    """A platform whose audit log cannot be written."""
    bank_platform.audit.close()
    return bank_platform


def test_state_is_rolled_back_when_the_audit_log_fails(
    failing_log: Platform, bank_draft: str
) -> None:
    """No verdict is kept whose audit entry could not be written."""
    with pytest.raises(AuditError):
        review.approve_all(failing_log, bank_draft, reviewer="reviewer-1")
    assert review.find_case(failing_log, bank_draft).verdicts == ()


def test_an_event_cannot_hold_a_long_value(platform: Platform) -> None:
    """The audit log refuses details that are longer than names and ids are."""
    from policy_service.domain.parameters import Parameters

    event = AuditEvent(kind="x", actor="a", subject="s", details=Parameters(value="v" * 5000))
    with pytest.raises(AuditError):
        platform.audit.append(event)


def test_a_second_policy_supersedes_and_is_rolled_back(live: Platform, bank_draft: str) -> None:
    """Two policies: the newer supersedes, rollback restores the older, redrafting reopens."""
    organisation = replace(draft.find_draft(live, bank_draft).organisation, name="Renamed Bank")

    def drafted() -> str:
        made = draft.draft(
            live, organisation=organisation, source="bank", author="author", progress=silent
        )
        return made.id

    def states() -> tuple[DraftState, DraftState]:
        rows = {row.id: row.state for row in draft.list_drafts(live)}
        return rows[DraftId(bank_draft)], rows[DraftId(second)]

    second = drafted()
    for reviewer in REVIEWERS:
        review.approve_all(live, second, reviewer=reviewer)
    publish.publish(live, second, actor="author", progress=silent)
    assert states() == (DraftState.SUPERSEDED, DraftState.PUBLISHED)

    back = publish.roll_back(live, "bank", actor="admin")
    assert back.bundle.draft == bank_draft
    assert back.bundle.revision == 3
    assert states() == (DraftState.PUBLISHED, DraftState.ROLLED_BACK)
    assert [one.state for one in publish.list_bundles(live)] == [
        DraftState.PUBLISHED,
        DraftState.ROLLED_BACK,
        DraftState.SUPERSEDED,
    ]

    assert drafted() == second
    assert states() == (DraftState.PUBLISHED, DraftState.DRAFTED)
