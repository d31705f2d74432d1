"""The draft page's content: rules by job and by kind, changes by job. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy_service.domain.categories import CategoryTable
from policy_service.domain.draft import AccessRule, EncryptionRule, RetentionRule, Rule
from policy_service.domain.finding import Verification
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.portal.words import column_name, control_words, purpose_words, short_asset
from policy_service.workflows.reading import DraftReading, RuleStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in the table: what it is about, how it answers, where it stands."""

    rule: Rule
    status: RuleStatus
    about: str
    columns: str
    answer: str
    purpose: str
    clauses: tuple[str, ...]
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The rules of one job, or of one kind of settings."""

    title: str
    lines: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChange:
    """How many data points the people of one role gain or lose against the live policy."""

    role: str
    people: int
    gains: int
    losses: int
    examples: tuple[str, ...]


def titles_of(reading: DraftReading) -> Mapping[RoleId, str]:
    """Return the titles of the organisation's jobs by role."""
    return {job.id: job.title for job in reading.view.organisation.job_functions}


def group_rules(
    rules: Iterable[Rule], reading: DraftReading, categories: CategoryTable
) -> tuple[RuleGroup, ...]:
    """Group rules by job, then by kind of settings; the draft's order holds within each."""
    titles = titles_of(reading)
    groups: dict[str, list[RuleLine]] = {}
    for rule in rules:
        line = _line(rule, reading.statuses[rule.id], categories, titles)
        groups.setdefault(_group_title(rule, titles), []).append(line)
    return tuple(RuleGroup(title=title, lines=tuple(lines)) for title, lines in groups.items())


def group_changes(verification: Verification, reading: DraftReading) -> tuple[RoleChange, ...]:
    """Sum up who gains and loses, the role with most changes first."""
    titles = titles_of(reading)
    by_role: dict[RoleId, list[tuple[bool, int, str]]] = {}
    for one in verification.changes:
        words = f"{short_asset(one.asset)}: {one.before} → {one.after}"
        by_role.setdefault(one.role, []).append((one.gains, one.people, words))
    found = [
        RoleChange(
            role=titles.get(role, role),
            people=max(people for _, people, _ in changes),
            gains=sum(gains for gains, _, _ in changes),
            losses=sum(not gains for gains, _, _ in changes),
            examples=tuple(words for _, _, words in changes[:3]),
        )
        for role, changes in by_role.items()
    ]
    return tuple(sorted(found, key=lambda one: (-(one.gains + one.losses), one.role)))


def _group_title(rule: Rule, titles: Mapping[RoleId, str]) -> str:
    if isinstance(rule, AccessRule):
        return titles.get(rule.point.role, rule.point.role)
    if isinstance(rule, EncryptionRule):
        return "Encryption at rest"
    return "Retention" if isinstance(rule, RetentionRule) else "Separation of duties"


def _line(
    rule: Rule, status: RuleStatus, categories: CategoryTable, titles: Mapping[RoleId, str]
) -> RuleLine:
    about, columns, answer, purpose, confidence = _words(rule, categories, titles)
    return RuleLine(
        rule=rule,
        status=status,
        about=about,
        columns=columns,
        answer=answer,
        purpose=purpose,
        clauses=tuple(dict.fromkeys(citation.section for citation in rule.citations)),
        confidence=confidence,
    )


def _words(
    rule: Rule, categories: CategoryTable, titles: Mapping[RoleId, str]
) -> tuple[str, str, str, str, float | None]:
    if isinstance(rule, AccessRule):
        point = rule.point
        rows = "" if rule.row_filter is None else f", own {rule.row_filter.subject_attribute}"
        answer = control_words(rule.control)
        if point.action.value != "read":
            answer = "no" if rule.control.operator.value == "deny" else "yes"
        return (
            f"{point.action.value} {categories.label(point.category)}",
            _columns(point.table, point.columns),
            answer + rows.replace("_id", ""),
            purpose_words(point.purpose),
            rule.confidence,
        )
    if isinstance(rule, EncryptionRule):
        columns = _columns(rule.table, rule.columns)
        answer = f"{rule.algorithm}, new key every {rule.rotation_days} days"
        return categories.label(rule.category), columns, answer, "", None
    if isinstance(rule, RetentionRule):
        answer = f"{rule.max_days} days from {rule.basis}, then {rule.action}"
        return "rows", short_asset(rule.table), answer, "", None
    return (
        " and ".join(titles.get(role, role) for role in rule.roles),
        "",
        "never one person",
        "",
        None,
    )


def _columns(table: AssetId, columns: Iterable[AssetId]) -> str:
    return f"{short_asset(table)}: {', '.join(column_name(column) for column in columns)}"
