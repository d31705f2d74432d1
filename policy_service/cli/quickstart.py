"""`policy-service quickstart`: the main job on a sample bank, from database to portal."""

import time
from pathlib import Path
from typing import Annotated

import typer

from policy_service.catalog.sample.bank import SampleBank, make_sample_bank
from policy_service.cli.output import console, progress_bars
from policy_service.cli.serving import serve_forever
from policy_service.cli.session import open_platform, operator
from policy_service.cli.summary import print_catalog_summary, print_draft, print_verification
from policy_service.cli.walkthrough import walk_through
from policy_service.domain.draft import Draft
from policy_service.domain.progress import Progress
from policy_service.domain.review import AccountRole, ReviewGroup
from policy_service.settings import load_settings
from policy_service.workflows import accounts, draft, scan, verify
from policy_service.workflows.people import replace_people
from policy_service.workflows.platform import Platform

SOURCE = "bank"
SEED = 7
AUTHOR = "quickstart"
_ACCOUNTS = (
    ("admin", AccountRole.ADMINISTRATOR, None),
    ("reviewer-1", AccountRole.REVIEWER, ReviewGroup.COMPLIANCE),
    ("reviewer-2", AccountRole.REVIEWER, ReviewGroup.SECURITY),
    ("auditor", AccountRole.AUDITOR, None),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("quickstart", epilog="Example: policy-service quickstart --walkthrough --no-serve")(
        quickstart
    )


def quickstart(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="End in a running portal, or before.")
    ] = True,
    walkthrough: Annotated[
        bool,
        typer.Option(
            "--walkthrough", help="Go on without a browser: review, publish, query, trace."
        ),
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Make a sample bank, scan it, draft and verify a policy, and open the portal on it."""
    started = time.monotonic()
    with open_platform() as platform:
        console.print("[bold]Policy Service[/] on a sample bank\n")
        bank = platform.folder / "sample-bank.db"
        with progress_bars() as progress:
            made = _make_bank(bank, progress)
            drafted = _draft(platform, bank, made, progress)
            result = verify.verify(platform, drafted.id, actor=AUTHOR, progress=progress)
        print_catalog_summary(scan.find_catalog(platform, SOURCE), platform.categories)
        print_draft(drafted)
        print_verification(result)
        console.print(f"[dim]{time.monotonic() - started:.0f} s[/]")
        if walkthrough:
            walk_through(platform, drafted.id, source=SOURCE, bank=bank)
        if not serve:
            return
        token = accounts.make_sign_in_link(platform, "reviewer-1", actor=AUTHOR)
        console.print(
            f"\nportal [bold]http://{host}:{port}[/], API description /api/v1/openapi.json\n"
            f"sign in once as reviewer-1: [bold]http://{host}:{port}/sign-in/{token}[/]\n"
            "[dim]Ctrl+C ends it[/]"
        )
        serve_forever(platform, host=host, port=port)


def _make_bank(path: Path, progress: Progress) -> SampleBank:
    return make_sample_bank(path, seed=SEED, progress=progress)


def _draft(platform: Platform, bank: Path, made: SampleBank, progress: Progress) -> Draft:
    scan.scan(
        platform,
        url=f"sqlite:///{bank}",
        source=SOURCE,
        schema=None,
        sample_rows=1000,
        actor=AUTHOR,
        progress=progress,
    )
    replace_people(platform, made.people, actor=AUTHOR)
    _ensure_accounts(platform)
    folder = load_settings().policies_folder
    organisation, _ = draft.read_organisation_file(platform, folder / "organisations" / "bank.yaml")
    return draft.draft(
        platform, organisation=organisation, source=SOURCE, author=AUTHOR, progress=progress
    )


def _ensure_accounts(platform: Platform) -> None:
    known = {account.name for account in accounts.list_accounts(platform)}
    for name, role, group in _ACCOUNTS:
        if name not in known:
            accounts.add_account(platform, name=name, role=role, group=group, actor=operator())
