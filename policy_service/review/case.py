"""A review case: one draft with its verdicts, and what they add up to. Pure.

Law 4: who drafted or amended a rule does not approve it, and an approval counts
only for the content it was given for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from policy_service.domain.draft import Draft, Risk, Rule
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
from policy_service.review.lifecycle import Event, advance

_NEEDS_REASON = frozenset({VerdictKind.AMEND, VerdictKind.REJECT, VerdictKind.COMMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStatus:
    """Where one rule stands: who approved its present content, how many must."""

    rule: RuleId
    state: RuleState
    approved_by: tuple[SubjectId, ...]
    groups: tuple[ReviewGroup, ...]  # that approved
    needed: int
    sha256: Sha256Hex


@dataclass(frozen=True)
class ReviewCase:
    """One draft under review, with every verdict given so far in order."""

    draft: Draft
    author: SubjectId
    state: DraftState
    verdicts: tuple[Verdict, ...]
    quorum: ReviewQuorum
    hashes: Mapping[RuleId, Sha256Hex] = field(init=False)
    amenders: Mapping[RuleId, frozenset[SubjectId]] = field(init=False)

    def __post_init__(self) -> None:
        hashes = {rule.id: rule_sha256(rule) for rule in self.draft.rules}
        object.__setattr__(self, "hashes", hashes)
        amenders: dict[RuleId, frozenset[SubjectId]] = {}
        for verdict in self.verdicts:
            if verdict.kind is VerdictKind.AMEND:
                known = amenders.get(verdict.rule, frozenset())
                amenders[verdict.rule] = known | {verdict.reviewer}
        object.__setattr__(self, "amenders", amenders)

    def statuses(self) -> tuple[RuleStatus, ...]:
        """Say where every rule stands, in the order of the draft."""
        by_rule: dict[RuleId, list[Verdict]] = {}
        for verdict in self.verdicts:
            by_rule.setdefault(verdict.rule, []).append(verdict)
        return tuple(self._status(rule, by_rule.get(rule.id, [])) for rule in self.draft.rules)

    def check(self, verdict: Verdict) -> None:
        """Check that `verdict` may be given now.

        Raises `NotFoundError` for an unknown rule, `StaleApprovalError` when the
        reviewer saw other content, `FourEyesError` when the reviewer made the
        content, `ReviewError` for a missing reason or a draft not under review.
        """
        if verdict.rule not in self.hashes:
            raise NotFoundError(
                f"draft `{self.draft.id}` has no rule `{verdict.rule}`; list its rules first"
            )
        advance(self.state, Event.VERDICT)
        if verdict.kind in _NEEDS_REASON and not verdict.reason.strip():
            raise ReviewError(f"to {verdict.kind.value} `{verdict.rule}`, give a reason")
        if verdict.kind is VerdictKind.AMEND and verdict.amendment is None:
            raise ReviewError(f"to amend `{verdict.rule}`, say what shall stand in its place")
        if verdict.rule_sha256 != self.hashes[verdict.rule]:
            raise StaleApprovalError(
                f"`{verdict.rule}` has changed since you looked at it; read it again"
            )
        if verdict.kind is VerdictKind.APPROVE:
            self._check_four_eyes(verdict)

    def outcome(self) -> DraftState:
        """Return the state that the verdicts so far leave the draft in."""
        statuses = self.statuses()
        if any(status.state is RuleState.REJECTED for status in statuses):
            return DraftState.CHANGES_REQUESTED
        if all(status.state is RuleState.APPROVED for status in statuses):
            return DraftState.APPROVED
        return DraftState.IN_REVIEW if self.verdicts else DraftState.DRAFTED

    def may_approve(self, rule: RuleId, reviewer: SubjectId) -> bool:
        """Tell whether `reviewer` made neither the draft nor this rule's present content."""
        return reviewer != self.author and reviewer not in self.amenders.get(rule, frozenset())

    def needed(self, rule: Rule) -> int:
        """Return how many different people must approve `rule`."""
        by_risk = {
            Risk.LOW: self.quorum.low,
            Risk.MEDIUM: self.quorum.medium,
            Risk.HIGH: self.quorum.high,
        }
        return by_risk[rule.risk]

    def _check_four_eyes(self, verdict: Verdict) -> None:
        if verdict.reviewer == self.author:
            raise FourEyesError(
                f"`{verdict.reviewer}` drafted `{self.draft.id}` and cannot approve its rules; "
                "another reviewer must"
            )
        if not self.may_approve(verdict.rule, verdict.reviewer):
            raise FourEyesError(
                f"`{verdict.reviewer}` amended `{verdict.rule}` and cannot approve it; "
                "another reviewer must"
            )

    def _status(self, rule: Rule, verdicts: list[Verdict]) -> RuleStatus:
        current = self.hashes[rule.id]
        latest: dict[SubjectId, Verdict] = {}
        for verdict in verdicts:
            if verdict.rule_sha256 == current and verdict.kind in (
                VerdictKind.APPROVE,
                VerdictKind.REJECT,
            ):
                latest[verdict.reviewer] = verdict
        approvals = tuple(
            verdict
            for verdict in latest.values()
            if verdict.kind is VerdictKind.APPROVE and self.may_approve(rule.id, verdict.reviewer)
        )
        groups = tuple(sorted({verdict.group for verdict in approvals}))
        return RuleStatus(
            rule=rule.id,
            state=self._state(rule, verdicts, latest, approvals),
            approved_by=tuple(sorted(verdict.reviewer for verdict in approvals)),
            groups=groups,
            needed=self.needed(rule),
            sha256=current,
        )

    def _state(
        self,
        rule: Rule,
        verdicts: list[Verdict],
        latest: dict[SubjectId, Verdict],
        approvals: tuple[Verdict, ...],
    ) -> RuleState:
        if any(verdict.kind is VerdictKind.REJECT for verdict in latest.values()):
            return RuleState.REJECTED
        needed = self.needed(rule)
        groups = {verdict.group for verdict in approvals}
        if len(approvals) >= needed and len(groups) >= min(needed, 2):
            return RuleState.APPROVED
        stale = any(
            verdict.kind is VerdictKind.APPROVE and verdict.rule_sha256 != self.hashes[rule.id]
            for verdict in verdicts
        )
        return RuleState.STALE if stale and not approvals else RuleState.OPEN
