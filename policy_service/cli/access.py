"""`policy-service decide | query | trace`: the policy at work, and the way back to the law."""

from typing import Annotated

import typer
from rich.tree import Tree

from policy_service.cli.guarded_query import run_query
from policy_service.cli.output import AsJson, console, print_json, table
from policy_service.cli.session import open_platform
from policy_service.domain.decision import AccessRequest, DecisionRecord
from policy_service.domain.errors import EnforcementError
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.trace import Trace, TracedRule, trace

Subject = Annotated[str, typer.Option(help="Who asks.")]
PurposeOption = Annotated[str, typer.Option(help="What for: a data use such as `marketing`.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "decide",
        epilog="Example: policy-service decide --subject teller-7 --action read "
        "--resource bank.public.customers.email --purpose essential.service",
    )(decide)
    app.command(
        "query",
        epilog="Example: policy-service query --as teller-7 --purpose essential.service "
        "--source bank 'select last_name, national_id from customers limit 3'",
    )(query)
    app.command("trace", epilog="Example: policy-service trace dec_4k2w…")(trace_decision)


def decide(
    subject: Subject,
    resource: Annotated[str, typer.Option(help="An asset id: source.schema.table.column.")],
    purpose: PurposeOption,
    action: Annotated[str, typer.Option(help="read, create, update or delete.")] = "read",
    explain: Annotated[bool, typer.Option("--explain", help="Say why, in words.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the live policy one question. Exit 0: allowed; exit 6: denied."""
    request = AccessRequest(subject=subject, resource=resource, action=action, purpose=purpose)
    with open_platform() as platform:
        desk = DecisionDesk(platform)
        record = desk.decide(request)
        reasons = desk.explain(request) if explain or as_json else ()
    if as_json:
        print_json({"record": record, "explanation": reasons})
    else:
        _print_decision(record, reasons)
    if not record.decision.allow:
        raise typer.Exit(EnforcementError.exit_code)


def query(
    statement: Annotated[str, typer.Argument(help="One SELECT statement.")],
    subject: Annotated[str, typer.Option("--as", help="Who asks.")],
    purpose: PurposeOption,
    source: Annotated[str, typer.Option(help="The source to ask.")] = "bank",
    as_json: AsJson = False,
) -> None:
    """Run a query as somebody sees it: masked, filtered, recorded. Exit 6: refused."""
    with open_platform() as platform:
        answer = run_query(
            platform,
            DecisionDesk(platform),
            subject=subject,
            purpose=purpose,
            source=source,
            statement=statement,
        )
    if as_json:
        print_json(answer)
        return
    shown = table(*answer.columns)
    for row in answer.rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(shown)
    noted = ", ".join(f"{one.name}: {one.control}" for one in answer.masked) or "nothing masked"
    console.print(f"\n[dim]{len(answer.rows)} rows; {noted}[/]")
    for one in answer.decisions:
        console.print(f"[dim]recorded as {one.decision}: {one.resource}[/]")


def trace_decision(
    decision: Annotated[str, typer.Argument(help="A decision's id.")], as_json: AsJson = False
) -> None:
    """Follow a decision back: rule, approvals, draft, clauses; and its proof in the audit log."""
    with open_platform() as platform:
        found = trace(platform, decision)
    if as_json:
        print_json(found)
        return
    print_trace(found)


def print_trace(found: Trace) -> None:
    """Print a trace as a tree from the decision down to the clauses."""
    record = found.record
    request = record.request
    answer = record.decision.obligations.control.label if record.decision.allow else "denied"
    tree = Tree(
        f"[bold]{record.id}[/]  {request.subject} {request.action} {request.resource} "
        f"for {request.purpose}: [bold]{answer}[/]"
    )
    for rule in found.rules:
        _add_rule(tree, rule)
    if not found.rules:
        reason = record.decision.reason
        tree.add(f"no rule allows it: {reason.value if reason else 'default deny'}")
    if found.draft and not found.model_version:
        tree.add(f"policy file {found.draft} · revision {record.decision.revision}")
    elif found.draft:
        tree.add(
            f"draft {found.draft} · model {found.model_version} · "
            f"retriever {found.retriever} · "
            f"corpus {found.corpus_sha256[:12]}… · revision {record.decision.revision}"
        )
    proof = found.proof
    tree.add(
        f"audit entry {proof.index} of {proof.tree_size}, proven under root {proof.root[:16]}…"
    )
    console.print(tree)


def _add_rule(tree: Tree, traced: TracedRule) -> None:
    branch = tree.add(f"[bold]{traced.rule.id}[/] {traced.rule.sentence}")
    for verdict in traced.approvals:
        branch.add(
            f"approved by {verdict.reviewer} ({verdict.group}) on {verdict.at[:10]} "
            f"for content {verdict.rule_sha256[:12]}…"
        )
    for clause in traced.clauses:
        citation = clause.citation
        stale = "" if clause.provision else " [red](no longer in the corpus)[/]"
        node = branch.add(f"[bold]{citation.section}[/] · {citation.strength}{stale}")
        node.add(f"[italic]“{citation.quote}”[/]")


def _print_decision(record: DecisionRecord, reasons: tuple[str, ...]) -> None:
    decision = record.decision
    if decision.allow:
        control = decision.obligations.control.label
        console.print(f"[bold green]allowed[/] {control}  [dim]{', '.join(decision.rules)}[/]")
        for one in decision.obligations.row_filters:
            console.print(f"only rows whose {one.column} is the subject's {one.subject_attribute}")
    else:
        reason = decision.reason.value if decision.reason else ""
        console.print(f"[bold red]denied[/] {reason}  [dim]{', '.join(decision.rules)}[/]")
    for line in reasons:
        console.print(f"  {line}")
    console.print(f"[dim]recorded as {record.id} under revision {decision.revision}[/]")
