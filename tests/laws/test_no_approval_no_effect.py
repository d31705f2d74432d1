"""Law 4: no approval, no effect. Four eyes, and an approval is bound to content."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from policy_service.domain.control import CLEAR
from policy_service.domain.draft import Amendment, Draft
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

AUTHOR = SubjectId("ada")
DRAFT = make_draft()
OTHER_CONTENT = Sha256Hex("0" * 64)
WORDS = st.tuples(
    st.sampled_from([rule.id for rule in DRAFT.rules]),
    st.sampled_from(list(VerdictKind)),
    st.sampled_from([AUTHOR, SubjectId("bo"), SubjectId("cy")]),
    st.sampled_from(list(ReviewGroup)),
    st.booleans(),
)
VERDICTS = st.lists(WORDS, max_size=40)
QUORUMS = st.builds(
    ReviewQuorum, low=st.integers(1, 2), medium=st.integers(1, 3), high=st.integers(1, 3)
)


def a_case(
    words: list[tuple[object, ...]], quorum: ReviewQuorum, draft: Draft = DRAFT
) -> ReviewCase:
    """A case with whatever verdicts, also such as would never have been taken."""
    return ReviewCase(
        draft=draft,
        author=AUTHOR,
        state=DraftState.IN_REVIEW,
        verdicts=tuple(_verdict(n, *word) for n, word in enumerate(words)),  # type: ignore[arg-type]
        quorum=quorum,
    )


def _verdict(
    n: int,
    rule: RuleId,
    kind: VerdictKind,
    reviewer: SubjectId,
    group: ReviewGroup,
    fresh: bool,
) -> Verdict:
    found = DRAFT.rule(rule)
    assert found is not None
    return Verdict(
        id=f"ver_{n}",
        draft=DRAFT.id,
        rule=rule,
        kind=kind,
        reviewer=reviewer,
        group=group,
        rule_sha256=rule_sha256(found) if fresh else OTHER_CONTENT,
        reason="because",
        at="2026-03-02T12:00:00.000000Z",
        amendment=Amendment(control=CLEAR) if kind is VerdictKind.AMEND else None,
    )


@given(VERDICTS, QUORUMS)
def test_an_approved_rule_has_its_quorum_of_people_who_did_not_make_it(
    words: list[tuple[object, ...]], quorum: ReviewQuorum
) -> None:
    """Whatever is said, a rule counts as approved only by enough others, for its content."""
    case = a_case(words, quorum)
    for status in case.statuses():
        if status.state is not RuleState.APPROVED:
            continue
        approving = {
            verdict.reviewer
            for verdict in case.verdicts
            if verdict.rule == status.rule
            and verdict.kind is VerdictKind.APPROVE
            and verdict.rule_sha256 == status.sha256
        }
        made_by = {AUTHOR} | {
            verdict.reviewer
            for verdict in case.verdicts
            if verdict.rule == status.rule and verdict.kind is VerdictKind.AMEND
        }
        assert len(approving - made_by) >= status.needed
        assert not set(status.approved_by) & made_by


@given(VERDICTS, QUORUMS)
def test_changed_content_loses_every_approval(
    words: list[tuple[object, ...]], quorum: ReviewQuorum
) -> None:
    """When a rule's content changes, none of its approvals counts any more."""
    first = DRAFT.access[0]
    changed = replace(
        DRAFT, access=(replace(first, control=CLEAR, sentence="new"), *DRAFT.access[1:])
    )
    case = a_case(words, quorum, changed)
    status = next(one for one in case.statuses() if one.rule == first.id)
    assert status.approved_by == ()
    assert status.state is not RuleState.APPROVED
    assert case.outcome() is not DraftState.APPROVED
