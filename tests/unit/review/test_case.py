"""What verdicts add up to."""

from dataclasses import replace

import pytest

from policy_service.domain.control import CLEAR
from policy_service.domain.draft import Amendment, Draft, Risk
from policy_service.domain.errors import (
    FourEyesError,
    NotFoundError,
    ReviewError,
    StaleApprovalError,
)
from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import RuleId, Sha256Hex, SubjectId
from policy_service.domain.organisation import ReviewQuorum
from policy_service.domain.review import (
    DraftState,
    ReviewGroup,
    RuleState,
    Verdict,
    VerdictKind,
)
from policy_service.review.case import ReviewCase
from tests.builders import make_draft

FIRST = RuleId("R-0001")


def verdict(
    kind: VerdictKind = VerdictKind.APPROVE,
    *,
    draft: Draft | None = None,
    rule: RuleId = FIRST,
    reviewer: str = "dana",
    group: ReviewGroup = ReviewGroup.COMPLIANCE,
    seen: str | None = None,
    reason: str = "because",
    amendment: Amendment | None = None,
) -> Verdict:
    """One verdict on a rule of `make_draft`, for its present content by default."""
    found = (draft or make_draft()).rule(rule)
    present = rule_sha256(found) if found else Sha256Hex("")
    return Verdict(
        id=f"ver_{kind}_{reviewer}_{rule}",
        draft=make_draft().id,
        rule=rule,
        kind=kind,
        reviewer=SubjectId(reviewer),
        group=group,
        rule_sha256=present if seen is None else Sha256Hex(seen),
        reason=reason,
        at="2026-03-02T12:00:00.000000Z",
        amendment=amendment,
    )


def case(
    *verdicts: Verdict,
    draft: Draft | None = None,
    quorum: ReviewQuorum | None = None,
    state: DraftState = DraftState.IN_REVIEW,
) -> ReviewCase:
    """A case over `make_draft`, written by `ada`."""
    return ReviewCase(
        draft=draft or make_draft(),
        author=SubjectId("ada"),
        state=state,
        verdicts=verdicts,
        quorum=quorum or ReviewQuorum(),
    )


def status(found: ReviewCase, rule: RuleId = FIRST) -> RuleState:
    """Where one rule stands."""
    return next(one.state for one in found.statuses() if one.rule == rule)


def approvals(draft: Draft, reviewer: str = "dana") -> tuple[Verdict, ...]:
    """An approval of every rule."""
    return tuple(verdict(draft=draft, rule=rule.id, reviewer=reviewer) for rule in draft.rules)


def test_a_case_without_verdicts_is_drafted_and_open() -> None:
    """Nothing said: the draft is as it was drafted, and every rule is open."""
    found = case(state=DraftState.DRAFTED)
    assert found.outcome() is DraftState.DRAFTED
    assert {one.state for one in found.statuses()} == {RuleState.OPEN}


def test_approving_every_rule_approves_the_draft() -> None:
    """A draft is approved exactly when each of its rules is."""
    draft = make_draft()
    all_but_one = approvals(draft)[1:]
    assert case(*all_but_one).outcome() is DraftState.IN_REVIEW
    assert case(*approvals(draft)).outcome() is DraftState.APPROVED


def test_one_rejection_asks_for_changes_whatever_others_say() -> None:
    """A rejected rule keeps the draft from approval, even beside an approval."""
    found = case(
        *approvals(make_draft()),
        verdict(VerdictKind.REJECT, reviewer="eve"),
    )
    assert status(found) is RuleState.REJECTED
    assert found.outcome() is DraftState.CHANGES_REQUESTED


def test_a_reviewer_may_think_again() -> None:
    """Only the last word of a reviewer counts."""
    found = case(verdict(VerdictKind.REJECT), verdict(VerdictKind.APPROVE))
    assert status(found) is RuleState.APPROVED


def test_the_author_cannot_approve() -> None:
    """Who drafted a policy does not approve its rules."""
    with pytest.raises(FourEyesError, match="`ada` drafted"):
        case().check(verdict(reviewer="ada"))


def test_an_approval_by_the_author_would_not_count() -> None:
    """Even a stored approval of the author adds up to nothing."""
    assert status(case(verdict(reviewer="ada"))) is RuleState.OPEN


def test_who_amended_a_rule_cannot_approve_it() -> None:
    """An amender is an author of that rule, and of that rule only."""
    amended = verdict(VerdictKind.AMEND, amendment=Amendment(control=CLEAR))
    found = case(amended)
    with pytest.raises(FourEyesError, match="`dana` amended"):
        found.check(verdict())
    found.check(verdict(rule=RuleId("R-0002")))


def test_an_approval_goes_stale_when_the_content_changes() -> None:
    """An approval of other content counts for nothing and shows as stale."""
    draft = make_draft()
    changed = replace(
        draft, access=(replace(draft.access[0], sentence="another rule"), *draft.access[1:])
    )
    found = case(*approvals(draft), draft=changed)
    assert status(found) is RuleState.STALE
    assert found.outcome() is DraftState.IN_REVIEW


def test_a_verdict_for_content_that_changed_is_refused() -> None:
    """Who looked at other content is told to read again."""
    with pytest.raises(StaleApprovalError, match="has changed"):
        case().check(verdict(seen="0" * 64))


def test_confidence_and_candidates_are_not_part_of_what_is_approved() -> None:
    """What explains a rule may change without making its approval stale."""
    draft = make_draft()
    changed = replace(draft, access=(replace(draft.access[0], confidence=0.123), *draft.access[1:]))
    assert case(*approvals(draft), draft=changed).outcome() is DraftState.APPROVED


def test_an_unknown_rule_is_not_found() -> None:
    """A verdict needs a rule of this draft."""
    with pytest.raises(NotFoundError, match="R-9999"):
        case().check(verdict(rule=RuleId("R-9999")))


@pytest.mark.parametrize(
    "kind", [VerdictKind.AMEND, VerdictKind.REJECT, VerdictKind.COMMENT], ids=str
)
def test_all_but_an_approval_need_a_reason(kind: VerdictKind) -> None:
    """Whoever objects says why."""
    with pytest.raises(ReviewError, match="give a reason"):
        case().check(verdict(kind, reason="  ", amendment=Amendment(control=CLEAR)))


def test_an_amendment_needs_content() -> None:
    """To amend is to say what shall stand instead."""
    with pytest.raises(ReviewError, match="in its place"):
        case().check(verdict(VerdictKind.AMEND))


def test_a_published_draft_takes_no_verdicts() -> None:
    """What is live is not under review."""
    with pytest.raises(ReviewError, match="`published`"):
        case(state=DraftState.PUBLISHED).check(verdict())


def test_high_risk_may_need_two_people_of_two_groups() -> None:
    """With a quorum of two, one person is not enough, nor are two of the same group."""
    draft = make_draft()
    risky = replace(draft, access=(replace(draft.access[0], risk=Risk.HIGH), *draft.access[1:]))
    quorum = ReviewQuorum(high=2)
    one = verdict(draft=risky)
    same_group = verdict(draft=risky, reviewer="eve")
    other_group = verdict(draft=risky, reviewer="eve", group=ReviewGroup.SECURITY)
    assert status(case(one, draft=risky, quorum=quorum)) is RuleState.OPEN
    assert status(case(one, same_group, draft=risky, quorum=quorum)) is RuleState.OPEN
    assert status(case(one, other_group, draft=risky, quorum=quorum)) is RuleState.APPROVED
