"""`policy-service audit | accounts`: running the service."""

from typing import Annotated

import typer

from policy_service.cli.output import AsJson, console, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.errors import AuditError
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.workflows import accounts as accounts_workflow
from policy_service.workflows.audit import checkpoint_audit, list_entries, verify_audit

audit_app = typer.Typer(help="The tamper-evident log.", no_args_is_help=True)
accounts_app = typer.Typer(help="Who signs in to the portal.", no_args_is_help=True)


@audit_app.command("verify", epilog="Example: policy-service audit verify --json")
def verify(as_json: AsJson = False) -> None:
    """Check every entry, link, tree root and signature. Exit 7: the log is not whole."""
    with open_platform() as platform:
        report = verify_audit(platform)
    if as_json:
        print_json({"whole": report.whole, "report": report})
    else:
        for problem in report.problems:
            console.print(f"[red]✗[/] {problem}")
        state = "[green]whole[/]" if report.whole else "[red]not whole[/]"
        console.print(
            f"{report.entries} entries, {report.checkpoints} checkpoints: {state}\n"
            f"[dim]root {report.root}[/]"
        )
    if not report.whole:
        raise typer.Exit(AuditError.exit_code)


@audit_app.command("checkpoint", epilog="Example: policy-service audit checkpoint")
def checkpoint(as_json: AsJson = False) -> None:
    """Sign the log as it stands; keep the result somewhere else as a witness."""
    with open_platform() as platform:
        made = checkpoint_audit(platform)
    if as_json:
        print_json(made)
        return
    console.print(f"{made.size} entries under root {made.root}, signed by key {made.key_id}")


@audit_app.command("list", epilog="Example: policy-service audit list --kind publication")
def list_log(
    kind: Annotated[str | None, typer.Option(help="Only this kind of entry.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest entries."""
    with open_platform() as platform:
        entries = list_entries(platform, kind=kind, limit=limit)
    if as_json:
        print_json(entries)
        return
    shown = table("entry", "time", "kind", "actor", "about")
    for one in entries:
        event = one.event
        shown.add_row(str(one.index), one.at[:19], event.kind, event.actor, event.subject)
    console.print(shown)


@accounts_app.command(
    "add", epilog="Example: policy-service accounts add dana --role reviewer --group compliance"
)
def add_account(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    role: Annotated[AccountRole, typer.Option(help="What it may do.")],
    group: Annotated[ReviewGroup | None, typer.Option(help="Whom a reviewer speaks for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an account; `accounts link` then lets it sign in."""
    with open_platform() as platform:
        account = accounts_workflow.add_account(
            platform, name=name, role=role, group=group, actor=operator()
        )
    if as_json:
        print_json(account)
        return
    console.print(f"added {account.name} as {account.role}")


@accounts_app.command("list", epilog="Example: policy-service accounts list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts."""
    with open_platform() as platform:
        accounts = accounts_workflow.list_accounts(platform)
    if as_json:
        print_json(accounts)
        return
    shown = table("name", "role", "group")
    for one in accounts:
        shown.add_row(one.name, one.role, one.group or "")
    console.print(shown)


@accounts_app.command("token", epilog="Example: policy-service accounts token orders-api-1")
def token(
    name: Annotated[str, typer.Argument(help="The account, as a rule of an enforcement point.")],
    label: Annotated[str, typer.Option(help="What it is for.")] = "made at the command line",
    as_json: AsJson = False,
) -> None:
    """Make an API token for an account, good for 90 days; it is shown once."""
    with open_platform() as platform:
        made, secret = accounts_workflow.make_api_token(platform, name, label=label)
    if as_json:
        print_json({"id": made, "token": secret})
        return
    console.print(secret)


@accounts_app.command("link", epilog="Example: policy-service accounts link dana")
def link(
    name: Annotated[str, typer.Argument(help="Who shall sign in.")],
    base: Annotated[str, typer.Option(help="Where the portal runs.")] = "http://127.0.0.1:8000",
    as_json: AsJson = False,
) -> None:
    """Make a one-time sign-in link, good for 30 minutes."""
    with open_platform() as platform:
        token = accounts_workflow.make_sign_in_link(platform, name, actor=operator())
    address = f"{base.rstrip('/')}/sign-in/{token}"
    if as_json:
        print_json({"account": name, "link": address})
        return
    console.print(address)
