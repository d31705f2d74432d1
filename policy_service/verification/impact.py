"""What a draft would change for whom, against the live policy: gains and losses by role."""

from collections.abc import Iterator

from policy_service.domain.control import DENY, Action, Control, Operator
from policy_service.domain.errors import PolicyServiceError
from policy_service.domain.finding import AccessChange
from policy_service.domain.identifiers import AssetId
from policy_service.domain.organisation import JobFunction
from policy_service.domain.progress import Progress
from policy_service.verification.subject import Decider, Subject, decided

_STAGE = "impact"


def measure_impact(
    subject: Subject, *, decide: Decider, live: Decider | None, progress: Progress
) -> tuple[AccessChange, ...]:
    """Compare draft and live policy for every role, column, action and purpose of the role.

    Without a live policy only what the draft grants can change, so only that is asked.
    """
    changes: list[AccessChange] = []
    jobs = subject.organisation.job_functions
    for done, job in enumerate(jobs):
        progress(_STAGE, done, len(jobs))
        places = _granted(subject, job) if live is None else _everything(subject, job)
        for asset, action, purpose in places:
            before = DENY if live is None else _ask(live, job, asset, action, purpose)
            after = _ask(decide, job, asset, action, purpose)
            if before != after:
                changes.append(_change(job, asset, action, purpose, before=before, after=after))
    progress(_STAGE, len(jobs), len(jobs))
    return tuple(changes)


def _granted(subject: Subject, job: JobFunction) -> Iterator[tuple[AssetId, str, str]]:
    for rule in subject.draft.access:
        if rule.point.role == job.id and rule.control.operator is not Operator.DENY:
            for column in rule.point.columns:
                yield column, rule.point.action.value, rule.point.purpose


def _everything(subject: Subject, job: JobFunction) -> Iterator[tuple[AssetId, str, str]]:
    for column in subject.columns:
        for action in Action:
            for purpose in job.purposes:
                yield column, action.value, purpose


def _ask(decider: Decider, job: JobFunction, asset: AssetId, action: str, purpose: str) -> Control:
    answer = decided(decider, role=job.id, resource=asset, action=action, purpose=purpose)
    return DENY if isinstance(answer, PolicyServiceError) else answer


def _change(
    job: JobFunction,
    asset: AssetId,
    action: str,
    purpose: str,
    *,
    before: Control,
    after: Control,
) -> AccessChange:
    # Equally strict but different (another key, another band) counts as a gain: look at it.
    gains = after.operator.strictness <= before.operator.strictness
    return AccessChange(
        role=job.id,
        asset=asset,
        action=action,
        purpose=purpose,
        before=before.label,
        after=after.label,
        people=job.headcount,
        gains=gains,
    )
