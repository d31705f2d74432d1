"""Whether each rule's control can be carried out: its parameters, and the columns they name."""

from collections.abc import Iterator

from policy_service.domain.control import Control
from policy_service.domain.control_parameters import column_names, control_problem
from policy_service.domain.draft import AccessRule
from policy_service.domain.finding import Finding
from policy_service.verification.subject import Subject, error, warning

CHECK = "control"


def check_controls(subject: Subject) -> Iterator[Finding]:
    """Find controls that enforcement would refuse, always or outside whole tables."""
    for rule in subject.draft.access:
        problem = control_problem(rule.control)
        if problem:
            yield error(CHECK, problem, rule.id)
        yield from _named_columns(subject, rule)
        if rule.control.operator.needs_whole_table:
            yield warning(
                CHECK,
                f"`{rule.control.operator}` works where a whole table is masked at once; SQL, "
                "records, text and streams refuse the column",
                rule.id,
            )


def _named_columns(subject: Subject, rule: AccessRule) -> Iterator[Finding]:
    table = subject.catalog.table(rule.point.table)
    for name in _columns(rule.control):
        if table is None or table.column(name) is None:
            yield error(
                CHECK,
                f"`{rule.control.operator}` names column `{name}`, which `{rule.point.table}` "
                "does not have",
                rule.id,
            )


def _columns(control: Control) -> tuple[str, ...]:
    """Name the other columns a control needs: whose subject decides, what makes the groups."""
    given = control.parameters
    subject = given.get("subject")
    return (*([subject] if isinstance(subject, str) else []), *column_names(given.get("by")))
