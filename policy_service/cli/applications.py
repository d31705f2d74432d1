"""`policy-service applications …`: policies of services whose resources are not columns."""

from pathlib import Path
from typing import Annotated

import typer

from policy_service.cli.corpus_words import shown
from policy_service.cli.output import AsJson, console, counted, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.bundle import SignedBundle
from policy_service.domain.errors import UsageError
from policy_service.domain.plain import to_plain
from policy_service.kit.canonical import Json
from policy_service.storage.applications import ApplicationState, StoredApplication
from policy_service.workflows.application_publication import (
    publish_application,
    roll_back_application,
)
from policy_service.workflows.applications import (
    ApplicationView,
    approve_application,
    check_application,
    find_application,
    list_applications,
    reject_application,
    submit_application,
)

app = typer.Typer(
    help="Policies of applications: to-do lists, records, routes. Authored, approved, published.",
    no_args_is_help=True,
)
PolicyFile = Annotated[Path, typer.Argument(help="An application policy in YAML.")]
Submission = Annotated[
    str, typer.Argument(help="A submission's id, its start, or an application's name: the newest.")
]
By = Annotated[str, typer.Option(help="Who decides; not who submitted the file.")]
Actor = Annotated[str, typer.Option("--by", help="Who does it; default: who runs this.")]


@app.command(epilog="Example: policy-service applications check policies/applications/todo.yaml")
def check(file: PolicyFile, as_json: AsJson = False) -> None:
    """Read a policy file, find its grounds and run its tests; nothing is stored."""
    with open_platform() as platform:
        checked = check_application(platform, _read(file), file=file.name)
    if as_json:
        print_json(
            {
                "application": checked.policy.name,
                "sha256": checked.sha256,
                "rules": len(checked.policy.rules),
                "tests": len(checked.tests),
                "cited": checked.cited,
            }
        )
        return
    console.print(
        f"[green]good[/]: [bold]{shown(checked.policy.name)}[/], "
        f"{counted(len(checked.policy.rules), 'rule')}, all grounded; "
        f"{counted(len(checked.tests), 'test')} passed; pycasbin agrees\n"
        f"next: `policy-service applications submit {shown(str(file))}`"
    )


@app.command(epilog="Example: policy-service applications submit policies/applications/todo.yaml")
def submit(file: PolicyFile, actor: Actor = "", as_json: AsJson = False) -> None:
    """Submit a policy file for approval by somebody else; it is checked first."""
    with open_platform() as platform:
        row = submit_application(platform, _read(file), file=file.name, actor=actor or operator())
    if as_json:
        print_json(_summary(row))
        return
    _print_row(row)
    if row.state is ApplicationState.WAITING:
        console.print(
            f"next: somebody else approves it: `policy-service applications approve {row.id} "
            f"--sha256 {row.sha256[:12]} --by NAME`"
        )


@app.command("list", epilog="Example: policy-service applications list")
def list_all(as_json: AsJson = False) -> None:
    """List every submission, newest first."""
    with open_platform() as platform:
        rows = list_applications(platform)
    if as_json:
        print_json([_summary(row) for row in rows])
        return
    listed = table("submission", "application", "state", "rules", "submitted", "decided", "content")
    for row in rows:
        listed.add_row(
            row.id,
            shown(row.name),
            row.state.value,
            str(row.rules),
            f"{shown(row.author)} {row.submitted_at[:10]}",
            f"{shown(row.decided_by)} {row.decided_at[:10]}".strip() or "–",
            row.sha256[:12],
        )
    console.print(
        listed if rows else "nothing is submitted; `policy-service applications submit FILE`"
    )


@app.command(epilog="Example: policy-service applications show todo")
def show(submission: Submission, as_json: AsJson = False) -> None:
    """Show a submission: its rules in words, the clauses they stand on, and the file."""
    with open_platform() as platform:
        view = find_application(platform, submission)
    if as_json:
        print_json({**_summary(view.row), "cited": view.row.cited, "text": view.text})
        return
    _print_view(view)


@app.command(epilog="Example: policy-service applications approve todo --by dana")
def approve(
    submission: Submission,
    by: By,
    sha256: Annotated[
        str, typer.Option(help="The content you looked at, or its start, as `show` gave it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a submission: it may be published. Not by who submitted it (exit 5)."""
    with open_platform() as platform:
        row = approve_application(platform, submission, seen_sha256=sha256, actor=by)
    if as_json:
        print_json(_summary(row))
        return
    _print_row(row)
    console.print(f"next: `policy-service applications publish {row.id}`")


@app.command(
    epilog="Example: policy-service applications reject todo --by dana --reason 'too wide'"
)
def reject(
    submission: Submission,
    by: By,
    reason: Annotated[str, typer.Option(help="Why, for the author.")],
    as_json: AsJson = False,
) -> None:
    """Turn a submission down that is not live; its author may take it back so, too."""
    with open_platform() as platform:
        row = reject_application(platform, submission, reason=reason, actor=by)
    if as_json:
        print_json(_summary(row))
        return
    _print_row(row)


@app.command(epilog="Example: policy-service applications publish todo")
def publish(submission: Submission, actor: Actor = "", as_json: AsJson = False) -> None:
    """Make an approved submission live, checked again and signed; a live one is renewed."""
    with open_platform() as platform:
        signed = publish_application(platform, submission, actor=actor or operator())
    _print_bundle(signed, as_json=as_json)


@app.command("roll-back", epilog="Example: policy-service applications roll-back todo")
def roll_back(
    name: Annotated[str, typer.Argument(help="The application's name.")],
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Take the live policy of an application back: the one before it is issued again."""
    with open_platform() as platform:
        signed = roll_back_application(platform, name, actor=actor or operator())
    _print_bundle(signed, as_json=as_json)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read `{file.name}`; check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"`{file.name}` is not UTF-8 text; save it as UTF-8") from error


def _print_view(view: ApplicationView) -> None:
    _print_row(view.row)
    quotes = {one.rule: one.citations for one in view.row.cited}
    for rule in view.policy.rules:
        effect = "[green]allow[/]" if rule.allow else "[red]deny[/]"
        when = f" when {shown(rule.when)}" if rule.when else ""
        console.print(
            f"\n{effect} [bold]{shown(rule.id)}[/] {shown(rule.sentence)}\n"
            f"  {shown(', '.join(rule.roles))}: {shown(', '.join(rule.actions))} on "
            f"{shown(', '.join(rule.ids or rule.types))}{when}"
        )
        for one in quotes.get(rule.id, ()):
            console.print(f"  [dim]{shown(one.section)}:[/] [italic]“{shown(one.quote)}”[/]")


def _print_row(row: StoredApplication) -> None:
    done = "rejected" if row.state is ApplicationState.REJECTED else "approved"
    decided = f", {done} by {shown(row.decided_by)}" if row.decided_by else ""
    console.print(
        f"[bold]{row.id}[/] {shown(row.title)} ({shown(row.name)}): [bold]{row.state.value}[/]\n"
        f"  {counted(row.rules, 'rule')}, {counted(row.tests, 'test')}, types "
        f"{shown(', '.join(row.types))}; content {row.sha256[:12]}…\n"
        f"  submitted by {shown(row.author)} on {row.submitted_at[:10]}{decided}"
    )


def _print_bundle(signed: SignedBundle, *, as_json: bool) -> None:
    bundle = signed.bundle
    if as_json:
        print_json(
            {
                "revision": bundle.revision,
                "application": bundle.source,
                "submission": bundle.draft,
                "sha256": signed.sha256,
                "expires_at": bundle.expires_at,
            }
        )
        return
    console.print(
        f"[green]live[/]: {shown(bundle.source)} under revision {bundle.revision}, "
        f"{counted(len(bundle.rows), 'row')}, until {bundle.expires_at[:10]}\n"
        f"  decided at `POST /access/v1/evaluation` for its types of resource"
    )


def _summary(row: StoredApplication) -> dict[str, Json]:
    plain = to_plain(row)
    named = plain if isinstance(plain, dict) else {}
    return {name: value for name, value in named.items() if name != "cited"}
