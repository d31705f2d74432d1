"""Application policies: submitted by one person, approved by another, published as a bundle.

Law 4: nothing decides before somebody else than the author has approved it, and an approval
is of one text and of the clauses it cites, as they were: where either changes, it is stale.
"""

from dataclasses import dataclass, replace

from policy_service.domain.errors import (
    ConflictError,
    FourEyesError,
    NotFoundError,
    StaleApprovalError,
    UsageError,
)
from policy_service.domain.identifiers import DraftId, RuleId, Sha256Hex, SubjectId
from policy_service.domain.review import ReviewGroup, Verdict, VerdictKind
from policy_service.kit.hashing import sha256_text
from policy_service.publication.application import ApplicationPolicy
from policy_service.publication.application_file import read_application
from policy_service.storage import accounts, applications
from policy_service.storage.applications import ApplicationState, CitedRule, StoredApplication
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.acting import acting_person
from policy_service.workflows.application_checks import (
    AnsweredTest,
    check_names,
    cite_grounds,
    content_hash,
    verify_application,
)
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationView:
    """A submission with its text, and the policy that was read from it."""

    row: StoredApplication
    text: str
    policy: ApplicationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedApplication:
    """A policy that may be submitted, with the clauses it cites and what its tests gave."""

    policy: ApplicationPolicy
    cited: tuple[CitedRule, ...]
    tests: tuple[AnsweredTest, ...]
    text_sha256: Sha256Hex
    sha256: Sha256Hex


def check_application(platform: Platform, text: str, *, file: str) -> CheckedApplication:
    """Read and check a policy file as submission would; nothing is stored.

    Raises `UsageError` with the line of what is wrong, `VerificationError` for grounds, tests
    or engines, `ConflictError` for a name that is taken.
    """
    policy = read_application(text, file=file)
    cited = cite_grounds(platform, policy)
    text_sha256 = Sha256Hex(sha256_text(text))
    sha256 = content_hash(text_sha256, cited)
    with platform.database.read() as session:
        check_names(session, policy)
    tests = verify_application(platform, policy, sha256)
    return CheckedApplication(
        policy=policy, cited=cited, tests=tests, text_sha256=text_sha256, sha256=sha256
    )


def submit_application(
    platform: Platform, text: str, *, file: str, actor: str
) -> StoredApplication:
    """Check a policy file and keep it, waiting for somebody else's approval.

    The same content again is the same submission, while it waits or is approved.
    """
    checked = check_application(platform, text, file=file)
    policy = checked.policy
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, actor)
        for known in applications.list_applications(work.session, policy.name):
            if known.sha256 == checked.sha256 and known.state in _OPEN:
                return known
        row = StoredApplication(
            id=DraftId(platform.make_id("app")),
            name=policy.name,
            title=policy.title,
            file=file,
            state=ApplicationState.WAITING,
            text_sha256=checked.text_sha256,
            sha256=checked.sha256,
            types=tuple(kind.name for kind in policy.types),
            rules=len(policy.rules),
            tests=len(policy.tests),
            cited=checked.cited,
            author=who,
            submitted_at=work.at,
        )
        applications.add_application(work.session, row, text)
        _record(work, "application_submission", row, actor=who, text_sha256=row.text_sha256)
    return row


def list_applications(platform: Platform) -> tuple[StoredApplication, ...]:
    """List every submission, newest first."""
    with platform.database.read() as session:
        return applications.list_applications(session)


def find_application(platform: Platform, submission: str) -> ApplicationView:
    """Return a submission by its id, its start, or the newest of an application by name.

    Raises `NotFoundError`.
    """
    with platform.database.read() as session:
        return load_application(session, find_row(session, submission).id)


def load_application(session: ReadSession, submission: str) -> ApplicationView:
    """Return a submission by its id. Raises `NotFoundError`, `StorageError` for a changed text."""
    row = applications.find_application(session, submission)
    if row is None:
        raise NotFoundError(
            f"no submission `{submission}`; list them: `policy-service applications list`"
        )
    text = applications.read_text(session, row)
    return ApplicationView(row=row, text=text, policy=read_application(text, file=row.file))


def approvals_of(
    row: StoredApplication, rule: RuleId, rule_sha256: Sha256Hex
) -> tuple[Verdict, ...]:
    """Write the approval of a submission as the verdict that it is on one of its rules."""
    if row.decided_for is None or row.state is ApplicationState.REJECTED:
        return ()
    approval = Verdict(
        id=row.id,
        draft=row.id,
        rule=rule,
        kind=VerdictKind.APPROVE,
        reviewer=row.decided_by,
        group=row.decided_for,
        rule_sha256=rule_sha256,
        reason="",
        at=row.decided_at,
    )
    return (approval,)


def approve_application(
    platform: Platform, submission: str, *, seen_sha256: str = "", actor: str
) -> StoredApplication:
    """Approve a waiting submission: it may be published from now on.

    `seen_sha256` is the content the approver looked at, or its start. Raises `FourEyesError`
    where the approver submitted it, `StaleApprovalError` where it is not what was seen or a
    clause has changed since, `VerificationError` where a check fails.
    """
    with unit_of_work(platform) as work:
        who = acting_person(platform, work.session, actor, reviewer=True)
        view = load_application(work.session, find_row(work.session, submission).id)
        row = view.row
        require_state(row, ApplicationState.WAITING, done="approved")
        _four_eyes(row, who)
        if not row.sha256.startswith(seen_sha256.lower()):
            raise StaleApprovalError(
                f"`{row.id}` is not what was looked at: its content is `{row.sha256[:12]}`; "
                "look again"
            )
        require_unchanged(platform, work.session, view)
        after = _decided(work, row, ApplicationState.APPROVED, who)
        _record(work, "application_approval", after, actor=who, author=row.author)
    return after


def reject_application(
    platform: Platform, submission: str, *, reason: str, actor: str
) -> StoredApplication:
    """Turn a submission down that waits or is approved; its author may withdraw it so too."""
    if not reason.strip():
        raise UsageError("say why it is rejected: `--reason TEXT`")
    with unit_of_work(platform) as work:
        row = find_row(work.session, submission)
        own = row.author == actor.strip()
        who = acting_person(platform, work.session, actor, reviewer=not own)
        require_state(row, ApplicationState.WAITING, ApplicationState.APPROVED, done="rejected")
        after = replace(_decided(work, row, ApplicationState.REJECTED, who), reason=reason.strip())
        applications.change_application(work.session, after)
        _record(work, "application_rejection", after, actor=who, author=row.author)
    return after


def find_row(session: ReadSession, submission: str) -> StoredApplication:
    """Find a submission by id, by the start of one, or the newest of an application.

    Raises `NotFoundError`.
    """
    rows = applications.list_applications(session)
    fitting = [row for row in rows if row.id == submission] or [
        row for row in rows if submission and row.id.startswith(submission)
    ]
    if len(fitting) == 1:
        return fitting[0]
    named = [row for row in rows if row.name == submission]
    if named and not fitting:
        return named[0]
    found = "several submissions start with" if fitting else "no submission or application"
    raise NotFoundError(f"{found} `{submission}`; list them: `policy-service applications list`")


def require_state(row: StoredApplication, *states: ApplicationState, done: str) -> None:
    """Raise `ConflictError` where a submission stands elsewhere than in `states`."""
    if row.state not in states:
        raise ConflictError(
            f"`{row.id}` is `{row.state.value}` and cannot be {done}; {_NEXT_STEP[row.state]}"
        )


def require_unchanged(platform: Platform, session: ReadSession, view: ApplicationView) -> None:
    """Check a submission as it was checked when it was made; the corpus may have changed.

    Raises `StaleApprovalError` for a clause that changed, and what `check_application` raises.
    """
    cited = cite_grounds(platform, view.policy)
    if content_hash(view.row.text_sha256, cited) != view.row.sha256:
        changed = [one.rule for one, old in zip(cited, view.row.cited, strict=True) if one != old]
        raise StaleApprovalError(
            f"a clause under rule `{changed[0] if changed else ''}` of `{view.row.id}` has changed "
            "since it was submitted; submit the file again"
        )
    check_names(session, view.policy)
    verify_application(platform, view.policy, view.row.sha256)


_OPEN = frozenset({ApplicationState.WAITING, ApplicationState.APPROVED, ApplicationState.LIVE})


_NEXT_STEP = {
    ApplicationState.WAITING: "have somebody else approve it first",
    ApplicationState.APPROVED: "publish it",
    ApplicationState.REJECTED: "correct the file and submit it again",
    ApplicationState.LIVE: "it is live already",
    ApplicationState.SUPERSEDED: "submit the file again",
    ApplicationState.ROLLED_BACK: "submit the file again",
}


def _four_eyes(row: StoredApplication, who: SubjectId) -> None:
    if who == row.author:
        raise FourEyesError(f"`{who}` submitted `{row.id}` and does not approve it; ask another")


def _decided(
    work: UnitOfWork, row: StoredApplication, state: ApplicationState, who: SubjectId
) -> StoredApplication:
    found = accounts.find_account(work.session, who)
    group = found.account.group if found is not None else None
    after = replace(
        row,
        state=state,
        decided_by=who,
        decided_for=group or ReviewGroup.COMPLIANCE,
        decided_at=work.at,
    )
    applications.change_application(work.session, after)
    return after


def _record(
    work: UnitOfWork, kind: str, row: StoredApplication, *, actor: str, **details: object
) -> None:
    work.record(
        kind, actor=actor, subject=row.id, application=row.name, sha256=row.sha256, **details
    )
