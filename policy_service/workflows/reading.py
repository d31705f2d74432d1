"""Reading: what the API and the portal show and no other workflow returns. Changes nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.bundle import Bundle
from policy_service.domain.decision import DecisionRecord
from policy_service.domain.draft import Risk
from policy_service.domain.errors import CorpusError, NotFoundError
from policy_service.domain.finding import Severity, Verification
from policy_service.domain.identifiers import RoleId, RuleId
from policy_service.domain.provision import Instrument, Provision
from policy_service.domain.review import RuleState
from policy_service.review.case import ReviewCase, RuleStatus
from policy_service.review.lifecycle import REVIEWABLE
from policy_service.storage import bundles, drafts, jobs, sources
from policy_service.storage.drafts import StoredDraft
from policy_service.storage.jobs import Job
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.draft import DraftView, load_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.recorded_decisions import find_recorded, newest_recorded

# Stages' and storage's types that the API and the portal are handed, by one door.
__all__ = ["DraftReading", "DraftSummary", "Job", "ReviewCase", "RuleStatus", "StoredDraft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReading:
    """One draft with all that a reviewer looks at, as of one moment."""

    view: DraftView
    case: ReviewCase
    statuses: Mapping[RuleId, RuleStatus]
    verification: Verification | None  # of exactly the present content
    live: Bundle | None
    reviewable: bool  # its state takes verdicts
    holders: Mapping[RoleId, int]  # people by role: of the directory, else the job's headcount


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSummary:
    """One line of the inbox."""

    row: StoredDraft
    rules: int
    approved: int
    rejected: int
    waiting: Mapping[Risk, int]  # open or stale rules by risk
    questions: int
    errors: int  # findings that forbid publication
    verified: bool


def read_draft(platform: Platform, draft_id: str) -> DraftReading:
    """Read a draft with its review, verification and what is live. Raises `NotFoundError`."""
    with platform.database.read() as session:
        view = load_draft(session, draft_id)
        case = _case(session, view)
        return DraftReading(
            view=view,
            case=case,
            statuses={status.rule: status for status in case.statuses()},
            verification=drafts.newest_verification(session, view.row.id, view.row.sha256),
            live=_live(session, view.row.source),
            reviewable=view.row.state in REVIEWABLE,
            holders=_holders(session, view),
        )


def summarise_drafts(platform: Platform) -> tuple[DraftSummary, ...]:
    """Summarise every draft whose parts are all there, newest first."""
    found = []
    with platform.database.read() as session:
        for row in drafts.list_drafts(session):
            try:
                view = load_draft(session, row.id)
            except NotFoundError:
                continue  # another version's leftovers must not close the inbox
            found.append(_summary(session, view))
    return tuple(found)


def newest_verification(platform: Platform, draft_id: str) -> Verification:
    """Return what verification said of a draft's present content. Raises `NotFoundError`."""
    with platform.database.read() as session:
        row = load_draft(session, draft_id).row
        found = drafts.newest_verification(session, row.id, row.sha256)
    if found is None:
        raise NotFoundError(f"draft `{draft_id}` is not verified as it stands; verify it first")
    return found


def newest_decisions(platform: Platform, limit: int) -> tuple[DecisionRecord, ...]:
    """List the last `limit` decisions, newest first."""
    return newest_recorded(platform, limit)


def find_decision(platform: Platform, decision_id: str) -> DecisionRecord:
    """Return one recorded decision. Raises `NotFoundError`."""
    return find_recorded(platform, decision_id).record


def list_jobs(platform: Platform) -> tuple[Job, ...]:
    """List the jobs, newest first."""
    with platform.database.read() as session:
        return jobs.list_jobs(session)


def job_ended(job: Job) -> bool:
    """Tell whether a job is done, failed or cancelled."""
    return job.state in jobs.FINAL


def list_instruments(platform: Platform) -> tuple[Instrument, ...]:
    """List the regulations, standards and internal policies, imported and unreviewed ones too."""
    corpus = platform.corpus
    return tuple(sorted((*corpus.instruments, *corpus.unlisted), key=lambda one: one.id))


def find_provision(platform: Platform, provision_id: str) -> Provision:
    """Return one provision in the text that drafts quote, else the newest that is held.

    Raises `NotFoundError` naming the nearest ids.
    """
    try:
        return platform.corpus.texts(provision_id)[0]
    except CorpusError as error:
        raise NotFoundError(error.message) from error


def _case(session: ReadSession, view: DraftView) -> ReviewCase:
    return ReviewCase(
        draft=view.draft,
        author=view.row.author,
        state=view.row.state,
        verdicts=drafts.list_verdicts(session, view.row.id),
        quorum=view.organisation.quorum,
    )


def _live(session: ReadSession, source: str) -> Bundle | None:
    live = bundles.live_bundle(session, source)
    return None if live is None else live.bundle


def _holders(session: ReadSession, view: DraftView) -> dict[RoleId, int]:
    people = sources.list_people(session)
    if not people:
        return {job.id: job.headcount for job in view.organisation.job_functions}
    return dict(Counter(role for person in people for role in person.roles))


def _summary(session: ReadSession, view: DraftView) -> DraftSummary:
    statuses = {status.rule: status.state for status in _case(session, view).statuses()}
    states = Counter(statuses.values())
    verification = drafts.newest_verification(session, view.row.id, view.row.sha256)
    findings = () if verification is None else verification.findings
    pending = (RuleState.OPEN, RuleState.STALE)
    return DraftSummary(
        row=view.row,
        rules=len(statuses),
        approved=states[RuleState.APPROVED],
        rejected=states[RuleState.REJECTED],
        waiting=Counter(rule.risk for rule in view.draft.rules if statuses[rule.id] in pending),
        questions=len(view.draft.questions),
        errors=sum(one.severity is Severity.ERROR for one in findings),
        verified=verification is not None,
    )
