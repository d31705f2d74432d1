"""What people read after a stage: what was found, proposed, for whom, on which clauses."""

from collections import Counter
from pathlib import Path

from rich.table import Table

from policy_service.cli.output import console, table
from policy_service.cli.privacy import singling_out
from policy_service.domain.asset import Catalog, Sensitivity
from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Operator
from policy_service.domain.draft import AccessRule, Draft
from policy_service.domain.finding import Severity, Verification

_STYLE = {
    Sensitivity.RESTRICTED: "red",
    Sensitivity.CONFIDENTIAL: "yellow",
    Sensitivity.INTERNAL: "cyan",
    Sensitivity.PUBLIC: "dim",
}
_MARK = {Severity.ERROR: "[red]✗[/]", Severity.WARNING: "[yellow]![/]", Severity.NOTE: "[dim]·[/]"}
_PSEUDONYMS = frozenset({Operator.PSEUDONYMISE, Operator.FORMAT_PRESERVING, Operator.TOKENISE})


def print_catalog_summary(catalog: Catalog, categories: CategoryTable) -> None:
    """Say how much there is and what is sensitive in it."""
    columns = [column for one in catalog.tables for column in one.columns]
    rows = sum(one.row_count for one in catalog.tables)
    console.print(
        f"\n[bold]Found[/] in {catalog.source} ({catalog.dialect}): {len(catalog.tables)} tables, "
        f"{len(columns)} columns, {rows:,} rows"
    )
    by_level = Counter(column.sensitivity for column in columns)
    levels = ", ".join(
        f"[{_STYLE[level]}]{by_level[level]} {level}[/]"
        for level in reversed(Sensitivity)
        if by_level[level]
    )
    console.print(f"  {levels}")
    restricted: dict[str, list[str]] = {}
    for column in columns:
        if column.sensitivity is Sensitivity.RESTRICTED:
            where = ".".join(column.id.split(".")[-2:])
            restricted.setdefault(categories.label(column.category), []).append(where)
    for label, places in restricted.items():
        shown = ", ".join(places[:4]) + (" …" if len(places) > 4 else "")
        console.print(f"  [red]{label}[/]: {shown}")
    for combined in singling_out(catalog):
        console.print(f"  [yellow]singles people out[/]: {combined}")


def print_draft(draft: Draft, *, folder: Path | None = None) -> None:
    """Say what is proposed, for whom, on which clauses, and what is open."""
    console.print(
        f"\n[bold]Proposed[/] for {draft.organisation}: {len(draft.rules)} rules answer "
        f"{draft.decision_points:,} decision points; what no rule allows is denied"
    )
    console.print(_roles_table(draft))
    console.print(
        f"  {len(draft.encryption)} encryption settings, {len(draft.retention)} retention rules, "
        f"{len(draft.separation)} separations of duty, {len(draft.tests)} policy tests"
    )
    _print_clauses(draft)
    needs = [rule for rule in draft.access if rule.needs_person]
    if needs or draft.questions:
        console.print(
            f"\n[bold]Open[/] {len(needs)} rules want a person's eye, "
            f"{len(draft.questions)} questions wait"
        )
        for question in draft.questions[:4]:
            console.print(f"  [yellow]{question.id}[/] {question.text}")
    console.print(f"\ndraft [bold]{draft.id}[/] by model {draft.lineage.model_version}")
    if folder is not None:
        console.print(f"written to [bold]{folder}[/]: start with {folder / 'policy.md'}")


def print_verification(result: Verification) -> None:
    """Say what verification found, and who gains or loses."""
    held = sum(one.passed for one in result.tests)
    console.print(f"\n[bold]Verified[/] {held} of {len(result.tests)} policy tests hold")
    for test in (test for test in result.tests if not test.passed):
        console.print(f"  [red]✗ {test.test}[/] {test.detail}")
    counts = Counter(finding.severity for finding in result.findings)
    for severity in Severity:
        found = [one for one in result.findings if one.severity is severity]
        shown = found if severity is Severity.ERROR else found[:3]
        for one in shown:
            rule = f"{one.rule} " if one.rule else ""
            console.print(f"  {_MARK[severity]} {rule}{one.message}")
        if counts[severity] > len(shown):
            console.print(f"  [dim]… and {counts[severity] - len(shown)} more {severity}s[/]")
    gains = [one for one in result.changes if one.gains]
    loses = [one for one in result.changes if not one.gains]
    console.print(
        f"  against the live policy: {len(gains)} accesses gained, {len(loses)} lost"
        + ("" if result.publishable else "\n  [red]not publishable as it is[/]")
    )


def _roles_table(draft: Draft) -> Table:
    shown = table("  role", "clear", "masked", "pseudonyms", "denied", "rows", "writes")
    for role in draft.roles:
        rules = [rule for rule in draft.access if rule.point.role == role]
        reads = [rule for rule in rules if rule.point.action == "read"]
        filtered = any(rule.row_filter is not None for rule in reads)
        writes = {rule.point.table for rule in rules if rule.point.action != "read"}
        shown.add_row(
            f"  {role}",
            _columns(reads, Operator.CLEAR),
            str(sum(len(rule.point.columns) for rule in reads if _is_masked(rule)) or "–"),
            str(
                sum(
                    len(rule.point.columns)
                    for rule in reads
                    if rule.control.operator in _PSEUDONYMS
                )
                or "–"
            ),
            _columns(rules, Operator.DENY),
            "own only" if filtered else "all",
            f"{len(writes)} tables" if writes else "nothing",
        )
    return shown


def _columns(rules: list[AccessRule], operator: Operator) -> str:
    found = {
        column
        for rule in rules
        if rule.control.operator is operator
        for column in rule.point.columns
    }
    return str(len(found)) if found else "–"


def _is_masked(rule: AccessRule) -> bool:
    operator = rule.control.operator
    return operator not in _PSEUDONYMS and operator not in (Operator.CLEAR, Operator.DENY)


def _print_clauses(draft: Draft) -> None:
    cited = Counter(
        (citation.section, citation.strength) for rule in draft.rules for citation in rule.citations
    )
    console.print(f"\n[bold]On[/] {len(cited)} clauses, most often")
    for (section, strength), times in cited.most_common(6):
        console.print(f"  {section} [dim]({strength}, {times} rules)[/]")
