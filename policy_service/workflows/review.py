"""Review: verdicts of people on a draft's rules, checked, stored, audited; amendments applied."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.draft import Amendment
from policy_service.domain.errors import ForbiddenError, NotFoundError
from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import RuleId, Sha256Hex, SubjectId
from policy_service.domain.review import (
    Account,
    AccountRole,
    DraftState,
    ReviewGroup,
    Verdict,
    VerdictKind,
)
from policy_service.drafting.amend import amend_rule
from policy_service.review.case import ReviewCase
from policy_service.storage import accounts, drafts
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.draft import applicable_corpus, floors_of, load_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRequest:
    """What a reviewer wants to say of one rule. `seen_sha256` is the content they looked at."""

    rule: RuleId
    kind: VerdictKind
    reason: str = ""
    amendment: Amendment | None = None
    seen_sha256: Sha256Hex | None = None  # none: the present content, for the command line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOutcome:
    """What verdicts led to."""

    state: DraftState
    verdicts: tuple[Verdict, ...]
    skipped: tuple[RuleId, ...] = ()  # rules the reviewer may not approve, having made them


def find_case(platform: Platform, draft_id: str) -> ReviewCase:
    """Return the review case of a draft. Raises `NotFoundError`."""
    with platform.database.read() as session:
        return load_case(session, draft_id)


def load_case(session: ReadSession, draft_id: str) -> ReviewCase:
    """Return the review case of a draft. Raises `NotFoundError`."""
    view = load_draft(session, draft_id)
    return ReviewCase(
        draft=view.draft,
        author=view.row.author,
        state=view.row.state,
        verdicts=drafts.list_verdicts(session, draft_id),
        quorum=view.organisation.quorum,
    )


def submit_verdict(
    platform: Platform, draft_id: str, request: VerdictRequest, *, reviewer: str
) -> ReviewOutcome:
    """Take one verdict. Raises `ReviewError`, `FourEyesError`, `StaleApprovalError`."""
    with unit_of_work(platform) as work:
        account = _reviewer(platform, work, reviewer)
        case = load_case(work.session, draft_id)
        verdict = _verdict(platform, case, request, account, at=work.at)
        case.check(verdict)
        return _store(platform, work, case, (verdict,))


def approve_all(
    platform: Platform,
    draft_id: str,
    *,
    reviewer: str,
    seen: Mapping[RuleId, Sha256Hex] | None = None,
) -> ReviewOutcome:
    """Approve every rule, or those in `seen`, that `reviewer` may approve.

    `seen` maps rules to the content the reviewer looked at. Rules the reviewer amended
    are skipped and named. Raises `FourEyesError` where the reviewer drafted the policy,
    `StaleApprovalError` where a rule is not as it was seen; then nothing is stored.
    """
    with unit_of_work(platform) as work:
        account = _reviewer(platform, work, reviewer)
        case = load_case(work.session, draft_id)
        wanted = [rule.id for rule in case.draft.rules] if seen is None else list(seen)
        own = tuple(
            rule
            for rule in wanted
            if case.author != account.name and not case.may_approve(rule, account.name)
        )
        verdicts = []
        for rule in (rule for rule in wanted if rule not in own):
            looked_at = None if seen is None else seen[rule]
            request = VerdictRequest(rule=rule, kind=VerdictKind.APPROVE, seen_sha256=looked_at)
            verdict = _verdict(platform, case, request, account, at=work.at)
            case.check(verdict)
            verdicts.append(verdict)
        outcome = _store(platform, work, case, tuple(verdicts))
        return ReviewOutcome(state=outcome.state, verdicts=outcome.verdicts, skipped=own)


def _store(
    platform: Platform, work: UnitOfWork, case: ReviewCase, verdicts: tuple[Verdict, ...]
) -> ReviewOutcome:
    drafts.add_verdicts(work.session, verdicts)
    for verdict in verdicts:
        if verdict.kind is VerdictKind.AMEND:
            _amend(platform, work, case, verdict)
    after = load_case(work.session, case.draft.id)
    state = after.outcome()
    if state is not case.state:
        drafts.change_state(work.session, case.draft.id, state, at=work.at)
    for verdict in verdicts:
        work.record(
            "verdict",
            actor=verdict.reviewer,
            subject=case.draft.id,
            rule=verdict.rule,
            verdict=verdict.kind.value,
            rule_sha256=verdict.rule_sha256,
            state=state.value,
        )
    return ReviewOutcome(state=state, verdicts=verdicts)


def _amend(platform: Platform, work: UnitOfWork, case: ReviewCase, verdict: Verdict) -> None:
    view = load_draft(work.session, case.draft.id)
    if verdict.amendment is None:  # checked by the case already
        raise NotFoundError(f"verdict on `{verdict.rule}` carries no amendment")
    corpus = applicable_corpus(platform, view.organisation)
    amended = amend_rule(
        view.draft,
        verdict.rule,
        verdict.amendment,
        corpus=corpus,
        floors=floors_of(corpus),
        organisation=view.organisation,
        categories=platform.categories,
    )
    drafts.change_content(work.session, amended, by=verdict.reviewer, at=work.at)


def _verdict(
    platform: Platform,
    case: ReviewCase,
    request: VerdictRequest,
    account: Account,
    *,
    at: str,
) -> Verdict:
    rule = case.draft.rule(request.rule)
    present = Sha256Hex("") if rule is None else rule_sha256(rule)
    return Verdict(
        id=platform.make_id("ver"),
        draft=case.draft.id,
        rule=request.rule,
        kind=request.kind,
        reviewer=account.name,
        group=account.group or ReviewGroup.COMPLIANCE,
        rule_sha256=present if request.seen_sha256 is None else request.seen_sha256,
        reason=request.reason.strip(),
        at=at,
        amendment=request.amendment,
    )


def _reviewer(platform: Platform, work: UnitOfWork, name: str) -> Account:
    """Find the reviewer's account, or register it where the local command line may."""
    found = accounts.find_account(work.session, name)
    if found is not None:
        if found.disabled or found.account.role is not AccountRole.REVIEWER:
            raise ForbiddenError(f"`{name}` is not a reviewer; ask an administrator")
        return found.account
    if not platform.registers_reviewers:
        raise NotFoundError(
            f"no reviewer `{name}`; add one: `policy-service accounts add {name} --role reviewer`"
        )
    # Reviewers named on the local command line speak for the groups in turn, so that a
    # quorum of two groups can be met by two of them.
    reviewers = sum(
        one.role is AccountRole.REVIEWER for one in accounts.list_accounts(work.session)
    )
    order = (ReviewGroup.COMPLIANCE, ReviewGroup.SECURITY, ReviewGroup.DATA_ENGINEERING)
    account = Account(
        name=SubjectId(name), role=AccountRole.REVIEWER, group=order[reviewers % len(order)]
    )
    accounts.add_account(work.session, account, password_hash=None, at=work.at)
    work.record("account_added", actor="local command line", subject=name, role="reviewer")
    return account
