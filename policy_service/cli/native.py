"""`policy-service publish --to postgresql` and `verify-native`: a database enforces by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from policy_service.cli.output import (
    AsJson,
    console,
    counted,
    notes,
    print_json,
    progress_bars,
    table,
)
from policy_service.cli.session import open_platform, operator
from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control
from policy_service.domain.errors import ConflictError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.session import GuardedConnection
from policy_service.middleware.sql_masks import mask_sql
from policy_service.publication.postgresql.difference import Change, Step
from policy_service.publication.postgresql.model import MaskWriter
from policy_service.workflows.platform import Platform
from policy_service.workflows.postgresql_native import (
    NativeOutcome,
    NativeRequest,
    publish_natively,
    undo_natively,
)
from policy_service.workflows.postgresql_verify import (
    NativeCheck,
    RewrittenRows,
    Rows,
    verify_natively,
)

Url = Annotated[
    str, typer.Option("--url", help="The PostgreSQL database; default: the one that was scanned.")
]
Source = Annotated[str, typer.Option(help="The source whose policy it is.")]
People = Annotated[
    bool, typer.Option("--people", help="Let people's logins of the same name take their roles.")
]
Keys = Annotated[
    bool,
    typer.Option("--keys-in-database", help="Put keys of pseudonyms there; else they are hidden."),
]
_SIGNS = {Step.MAKE: "+", Step.CHANGE: "~", Step.RESTORE: "!", Step.REMOVE: "-"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "verify-native",
        epilog="Example: policy-service verify-native --source bank --url "
        "postgresql://postgres@localhost/bank --people",
    )(verify_native)


def publish_to_postgresql(request: NativeRequest, *, undo: bool, as_json: bool) -> None:
    """Bring a database in line with the live policy, or take native mode out of it."""
    with open_platform() as platform:
        if undo:
            outcome = undo_natively(platform, request, actor=operator())
        else:
            outcome = publish_natively(
                platform, request, write_mask=mask_writer(platform.masking_keys), actor=operator()
            )
    if as_json:
        print_json(_shown(outcome))
        return
    _print_changes(outcome)


def verify_native(
    source: Source = "bank",
    url: Url = "",
    people: People = False,
    keys_in_database: Keys = False,
    rows: Annotated[int, typer.Option(min=1, help="Compare so many rows of each view.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Be each role in turn: the rows that rewriting shows, and no way past the views.

    Needs a superuser. Exit 4: a check failed, or the database differs from the live policy.
    """
    request = NativeRequest(
        source=source, url=url, with_people=people, keys_in_database=keys_in_database
    )
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        checks = verify_natively(
            platform,
            request,
            rewritten=rewritten_rows(platform, max_rows=rows),
            write_mask=mask_writer(platform.masking_keys),
            max_rows=rows,
            actor=operator(),
            progress=progress,
        )
    failed = [one for one in checks if not one.passed]
    if as_json:
        print_json({"checks": len(checks), "failed": failed})
    else:
        _print_checks(checks, failed)
    if failed:
        raise typer.Exit(ConflictError.exit_code)


def mask_writer(keys: MaskingKeys) -> MaskWriter:
    """Return the middleware's own masks, so that both modes show the same."""

    def write(
        column: str,
        control: Control,
        *,
        bind: Callable[[object], str],
        sibling: Callable[[str], str],
    ) -> str:
        return mask_sql(
            column, control, dialect="postgresql", keys=keys, bind=bind, sibling=sibling
        )

    return write


def rewritten_rows(platform: Platform, *, max_rows: int) -> RewrittenRows:
    """Return a reader of rewritten statements over one table."""

    def read(connection: object, view: TableView, statement: str) -> Rows:
        guarded = GuardedConnection(
            connection,
            views=_OneView(view),
            audit=_NoAudit(),
            keys=platform.masking_keys,
            subject="verify-native",
            purpose=view.purpose,
            tables=[view.table],
            default_schema=asset_parts(view.table)[1],
            max_rows=max_rows,
        )
        return guarded.query(statement).rows

    return read


@dataclass(frozen=True, slots=True)
class _OneView:
    one: TableView

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        return self.one


class _NoAudit:
    """Takes no entry: what is read is compared and shown to nobody."""

    def record(self, event: AuditEvent) -> None:
        pass


def _shown(outcome: NativeOutcome) -> dict[str, object]:
    return {
        "revision": outcome.revision,
        "applied": outcome.applied,
        "changes": [
            {
                "step": one.step.value,
                "kind": one.kind.value,
                "name": list(one.identity),
                "sql": [statement.sql for statement in (*one.removal, *one.making)],
            }
            for one in outcome.changes
        ],
        "views": outcome.views,
        "hidden": outcome.hidden,
        "notes": outcome.notes,
    }


def _print_changes(outcome: NativeOutcome) -> None:
    for one in outcome.changes:
        console.print(f"{_SIGNS[one.step]} {one.kind.value:<12} {_name(one)}", markup=False)
    for hidden in outcome.hidden:
        notes.print(f"[dim]hidden from {hidden.profile}: {hidden.asset}: {hidden.reason}[/]")
    for note in outcome.notes:
        notes.print(f"[dim]{note}[/]")
    if not outcome.changes:
        console.print("nothing to change")
        return
    done = "changed" if outcome.applied else "would change"
    console.print(f"{done} {counted(len(outcome.changes), 'object')}")


def _name(change: Change) -> str:
    return " / ".join(change.identity)


def _print_checks(checks: tuple[NativeCheck, ...], failed: list[NativeCheck]) -> None:
    if failed:
        shown = table("role", "as", "table", "failed")
        for one in failed:
            shown.add_row(one.role, one.login, one.table, one.check)
        console.print(shown)
    compared = sum(one.rows for one in checks)
    roles = len({one.role for one in checks})
    console.print(
        f"{counted(len(checks), 'check')} as {counted(roles, 'role')}, "
        f"{counted(compared, 'row')} compared: {len(failed)} failed"
    )
