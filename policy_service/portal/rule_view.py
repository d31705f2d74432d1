"""The rule page's content: why (clauses), what (rule and alternatives), who (people). Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from policy_service.domain.bundle import Bundle
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import CLEAR, DENY, Control
from policy_service.domain.draft import (
    AccessRule,
    Candidate,
    EncryptionRule,
    RetentionRule,
    Rule,
    SeparationRule,
)
from policy_service.domain.finding import AccessChange, Finding, TestResult
from policy_service.domain.identifiers import RuleId, SubjectId
from policy_service.domain.parameters import ParameterValue
from policy_service.domain.provision import Citation, Provision
from policy_service.domain.review import RuleState, Verdict, VerdictKind
from policy_service.portal.words import short_asset
from policy_service.workflows.reading import DraftReading, RuleStatus

FindProvision = Callable[[str], Provision | None]
_AMENDABLE: dict[type, tuple[str, ...]] = {
    EncryptionRule: ("algorithm", "key_bits", "rotation_days", "key_scope"),
    RetentionRule: ("max_days", "basis", "action"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A cited provision with its quote set apart; `changed` where the corpus has moved on."""

    citation: Citation
    before: str
    quote: str
    after: str
    url: str
    changed: bool
    held: bool  # the corpus has a text under this id


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRole:
    """How another role's rule answers for the same data."""

    rule: RuleId
    role: str
    purpose: str
    control: Control


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One verdict; `earlier` where it was given for content that has changed since."""

    verdict: Verdict
    earlier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """Everything the rule page shows."""

    rule: Rule
    title: str  # of a rule that is not about access
    reach: str  # of such a rule: whom it touches
    access: AccessRule | None
    status: RuleStatus
    number: int  # 1 is the first rule of the draft
    total: int
    decided: int
    previous: RuleId | None
    following: RuleId | None
    clauses: tuple[Clause, ...]
    candidates: tuple[Candidate, ...]
    settings: tuple[tuple[str, ParameterValue], ...]  # what may be amended, with what it is now
    was: Control | None  # what the live policy says; none where nothing is live
    gains: tuple[AccessChange, ...]
    losses: tuple[AccessChange, ...]
    holders: int  # in the directory
    headcount: int  # as the organisation says
    others: tuple[OtherRole, ...]
    findings: tuple[Finding, ...]
    tests: tuple[TestResult, ...]
    history: tuple[HistoryEntry, ...]


def view_rule(
    reading: DraftReading, rule: Rule, find: FindProvision, categories: CategoryTable
) -> RuleView:
    """Gather what the rule page shows of `rule`, which is one of the draft's."""
    rules = reading.view.draft.rules
    place = [one.id for one in rules].index(rule.id)
    access = rule if isinstance(rule, AccessRule) else None
    changes = _changes(reading, access)
    status = reading.statuses[rule.id]
    return RuleView(
        rule=rule,
        title=_title(rule, reading, categories),
        reach=_reach(rule),
        access=access,
        status=status,
        number=place + 1,
        total=len(rules),
        decided=sum(one.state is not RuleState.OPEN for one in reading.statuses.values()),
        previous=rules[place - 1].id if place > 0 else None,
        following=rules[place + 1].id if place + 1 < len(rules) else None,
        clauses=tuple(_clause(citation, find) for citation in rule.citations),
        candidates=() if access is None else access.candidates,
        settings=amendable(rule),
        was=None if access is None or reading.live is None else _was(reading.live, access),
        gains=tuple(one for one in changes if one.gains),
        losses=tuple(one for one in changes if not one.gains),
        holders=0 if access is None else reading.holders.get(access.point.role, 0),
        headcount=_headcount(reading, access),
        others=() if access is None else _others(reading, access),
        findings=_findings(reading, rule.id),
        tests=_tests(reading, rule.id),
        history=tuple(
            HistoryEntry(verdict=one, earlier=one.rule_sha256 != status.sha256)
            for one in reversed(reading.case.verdicts)
            if one.rule == rule.id
        ),
    )


def amendable(rule: Rule) -> tuple[tuple[str, ParameterValue], ...]:
    """List the settings of a rule that an amendment may change, with their values."""
    names = _AMENDABLE.get(type(rule), ())
    return tuple((name, getattr(rule, name)) for name in names)


def allowed_candidates(rule: Rule) -> tuple[Candidate, ...]:
    """List the considered controls that no floor forbids."""
    found = rule.candidates if isinstance(rule, AccessRule) else ()
    return tuple(one for one in found if one.excluded_by is None)


def waiting_for(reading: DraftReading, reviewer: str) -> tuple[RuleId, ...]:
    """List the rules that `reviewer` can still move on by approving them, in order."""
    name = SubjectId(reviewer)
    judged = {
        (one.rule, one.rule_sha256)
        for one in reading.case.verdicts
        if one.reviewer == name and one.kind in (VerdictKind.APPROVE, VerdictKind.REJECT)
    }
    return tuple(
        rule
        for rule, status in reading.statuses.items()
        if status.state in (RuleState.OPEN, RuleState.STALE)
        and (rule, status.sha256) not in judged
        and reading.case.may_approve(rule, name)
    )


def next_waiting(reading: DraftReading, after: RuleId, reviewer: str) -> RuleId | None:
    """Find the next rule, after `after` and then from the start, that waits for `reviewer`."""
    waiting = frozenset(waiting_for(reading, reviewer)) - {after}
    ids = [rule.id for rule in reading.view.draft.rules]
    place = ids.index(after) + 1 if after in ids else 0
    return next((rule for rule in (*ids[place:], *ids[:place]) if rule in waiting), None)


def _title(rule: Rule, reading: DraftReading, categories: CategoryTable) -> str:
    match rule:
        case AccessRule():
            return ""
        case EncryptionRule():
            label = categories.label(rule.category)
            return f"Encryption at rest: {label} in `{short_asset(rule.table)}`"
        case RetentionRule():
            return f"Retention: rows of `{short_asset(rule.table)}`"
        case SeparationRule():
            titles = {job.id: job.title for job in reading.view.organisation.job_functions}
            names = (titles.get(role, role) for role in rule.roles)
            return f"Separation of duties: {' and '.join(names)}"
        case _:
            assert_never(rule)


def _reach(rule: Rule) -> str:
    match rule:
        case AccessRule():
            return ""
        case EncryptionRule():
            return "Nobody's access changes: who may read these columns still reads them."
        case RetentionRule():
            return "It holds for every row of the table, whoever works with it."
        case SeparationRule():
            return "It holds for everybody: no person is given both jobs."
        case _:
            assert_never(rule)


def _clause(citation: Citation, find: FindProvision) -> Clause:
    provision = find(citation.provision)
    text = "" if provision is None else provision.text
    known = provision is not None and provision.sha256 == citation.provision_sha256
    before, found, after = text.partition(citation.quote) if known else ("", citation.quote, "")
    return Clause(
        citation=citation,
        before=before,
        quote=found or citation.quote,
        after=after,
        url="" if provision is None else provision.url,
        changed=not known,
        held=provision is not None,
    )


def _was(live: Bundle, rule: AccessRule) -> Control:
    """Return what the live policy grants at this point: the control, or deny."""
    point = rule.point
    controls = {one.rule: one.control for one in live.obligations}
    found = [
        controls.get(row.rule, CLEAR) if row.effect == "allow" else DENY
        for row in live.rows
        if row.role == point.role
        and row.resource == point.group
        and row.action == point.action.value
        and row.purpose in (point.purpose, "*")
    ]
    return max(found, key=lambda control: control.operator.strictness, default=DENY)


def _changes(reading: DraftReading, rule: AccessRule | None) -> tuple[AccessChange, ...]:
    if rule is None or reading.verification is None:
        return ()
    point = rule.point
    return tuple(
        one
        for one in reading.verification.changes
        if one.role == point.role
        and one.asset in (*point.columns, point.group, point.table)
        and one.action == point.action.value
        and one.purpose in (point.purpose, "*")
    )


def _headcount(reading: DraftReading, rule: AccessRule | None) -> int:
    jobs = reading.view.organisation.job_functions
    return sum(job.headcount for job in jobs if rule is not None and job.id == rule.point.role)


def _others(reading: DraftReading, rule: AccessRule) -> tuple[OtherRole, ...]:
    titles = {job.id: job.title for job in reading.view.organisation.job_functions}
    return tuple(
        OtherRole(
            rule=one.id,
            role=titles.get(one.point.role, one.point.role),
            purpose=one.point.purpose,
            control=one.control,
        )
        for one in reading.view.draft.access
        if one.point.group == rule.point.group
        and one.point.action is rule.point.action
        and one.id != rule.id
    )


def _findings(reading: DraftReading, rule: RuleId) -> tuple[Finding, ...]:
    found = () if reading.verification is None else reading.verification.findings
    return tuple(one for one in found if one.rule == rule)


def _tests(reading: DraftReading, rule: RuleId) -> tuple[TestResult, ...]:
    named = {test.id for test in reading.view.draft.tests if rule in test.rules}
    results = () if reading.verification is None else reading.verification.tests
    return tuple(one for one in results if one.test in named)
