"""Whether the rules fit together and fit the catalogue: names, writes, filters, roles."""

from collections.abc import Iterator

from policy_service.domain.asset import Table
from policy_service.domain.control import Action, Operator, RowFilter
from policy_service.domain.draft import AccessRule
from policy_service.domain.finding import Finding
from policy_service.verification.subject import Subject, error, warning


def check_names(subject: Subject) -> Iterator[Finding]:
    """Find rules about columns, roles or purposes that do not exist."""
    purposes = {job.id: job.purposes for job in subject.organisation.job_functions}
    for rule in subject.draft.access:
        point = rule.point
        for column in point.columns:
            if column not in subject.columns:
                yield error("unknown-name", f"there is no column `{column}`", rule.id)
        if point.role not in purposes:
            yield error("unknown-name", f"there is no job function `{point.role}`", rule.id)
        elif point.purpose not in purposes[point.role]:
            yield error(
                "unknown-name", f"`{point.purpose}` is no purpose of `{point.role}`", rule.id
            )


def check_writes(subject: Subject) -> Iterator[Finding]:
    """Find rules that let a role write what it may not read in clear."""
    readable = {
        _place(rule)
        for rule in subject.draft.access
        if rule.point.action is Action.READ and rule.control.operator is Operator.CLEAR
    }
    for rule in subject.draft.access:
        writes = rule.point.action is not Action.READ and _allows(rule)
        if writes and _place(rule) not in readable:
            yield error(
                "write-without-read",
                f"`{rule.point.role}` may {rule.point.action} `{rule.point.group}` "
                "without reading it in clear; grant the read or drop the write",
                rule.id,
            )


def check_roles(subject: Subject) -> Iterator[Finding]:
    """Find roles that nothing is granted to."""
    served = {rule.point.role for rule in subject.draft.access if _allows(rule)}
    for role in subject.draft.roles:
        if role not in served:
            yield warning("orphan-role", f"`{role}` is granted nothing; check its duties")


def check_row_filters(subject: Subject) -> Iterator[Finding]:
    """Find row filters that follow columns which do not exist, or that ask for no attribute."""
    for rule in subject.draft.access:
        if rule.row_filter is not None:
            problem = _filter_problem(subject, rule.row_filter)
            if problem:
                yield error("row-filter", problem, rule.id)


def check_separation(subject: Subject) -> Iterator[Finding]:
    """Find pairs that must be separate and are not, and separate pairs that write the same."""
    kept = {frozenset(rule.roles) for rule in subject.draft.separation}
    for first, second in subject.organisation.separation_of_duties:
        if frozenset((first, second)) not in kept:
            yield error(
                "separation-of-duties",
                f"no rule separates `{first}` and `{second}`; the organisation asks for it",
            )
    writers: dict[str, set[str]] = {}
    for rule in subject.draft.access:
        if rule.point.action is not Action.READ and _allows(rule):
            writers.setdefault(rule.point.role, set()).add(rule.point.group)
    for one in subject.draft.separation:
        first, second = one.roles
        for group in sorted(writers.get(first, set()) & writers.get(second, set())):
            yield warning(
                "separation-of-duties",
                f"`{first}` and `{second}` are separate, yet both may change `{group}`",
                one.id,
            )


def _filter_problem(subject: Subject, row_filter: RowFilter) -> str:
    if not row_filter.subject_attribute:
        return "the row filter names no attribute of the subject"
    table = subject.catalog.table(row_filter.table)
    for join in row_filter.path:
        if not _has(table, join.column):
            return f"the row filter follows `{join.column}`, which the table does not have"
        table = subject.catalog.table(join.references_table)
        if not _has(table, join.references_column):
            return f"the row filter joins on `{join.references_column}`, which is not there"
    if not _has(table, row_filter.column):
        return f"the row filter ends at `{row_filter.column}`, which is not there"
    return ""


def _has(table: Table | None, column: str) -> bool:
    return table is not None and table.column(column) is not None


def _allows(rule: AccessRule) -> bool:
    return rule.control.operator is not Operator.DENY


def _place(rule: AccessRule) -> tuple[str, str, str]:
    return (rule.point.role, rule.point.group, rule.point.purpose)
