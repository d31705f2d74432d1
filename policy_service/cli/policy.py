"""`policy-service draft | verify | review | publish | rollback`: a policy's way to effect."""

from pathlib import Path
from typing import Annotated

import typer

from policy_service.cli import native
from policy_service.cli.output import (
    AsJson,
    console,
    counted,
    notes,
    print_json,
    progress_bars,
    table,
)
from policy_service.cli.session import open_platform, operator, resolve_draft
from policy_service.cli.summary import print_draft, print_verification
from policy_service.domain.bundle import SignedBundle
from policy_service.domain.control_text import read_control, read_settings
from policy_service.domain.draft import Amendment
from policy_service.domain.errors import ConflictError, UsageError
from policy_service.domain.identifiers import RuleId
from policy_service.domain.review import RuleState, VerdictKind
from policy_service.review.case import ReviewCase
from policy_service.workflows import draft as drafting
from policy_service.workflows import publish as publication
from policy_service.workflows import review as reviewing
from policy_service.workflows.postgresql_native import NativeRequest
from policy_service.workflows.verify import verify

DraftArgument = Annotated[
    str, typer.Argument(help="A draft's id or the start of it, `latest`, or its folder.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "draft",
        epilog="Example: policy-service draft --organisation organisation.yaml --source bank",
    )(draft)
    app.command("verify", epilog="Example: policy-service verify latest")(verify_draft)
    app.command(
        "review",
        epilog="Example: policy-service review latest --rule R-0007 --amend 'partial(last=4)' "
        "--reason 'the last four digits serve' --as reviewer-1",
    )(review)
    app.command("publish", epilog="Example: policy-service publish latest")(publish)
    app.command("rollback", epilog="Example: policy-service rollback bank")(rollback)


def draft(
    organisation: Annotated[Path | None, typer.Option(help="The organisation file (YAML).")] = None,
    source: Annotated[str, typer.Option(help="The scanned source to draft for.")] = "bank",
    out: Annotated[
        Path | None, typer.Option(help="Write the draft as a folder, for people and engines.")
    ] = None,
    author: Annotated[str | None, typer.Option("--as", help="Who drafts; default: you.")] = None,
    list_drafts: Annotated[bool, typer.Option("--list", help="List the drafts there are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draft a policy for a source: roles, masking, encryption, retention, tests, citations."""
    with open_platform() as platform:
        if list_drafts:
            rows = drafting.list_drafts(platform)
            if as_json:
                print_json(rows)
                return
            shown = table("draft", "source", "state", "author", "made")
            for row in rows:
                shown.add_row(row.id, row.source, row.state, row.author, row.created_at[:19])
            console.print(shown)
            return
        if organisation is None:
            raise UsageError("give `--organisation FILE`, or `--list` to see the drafts there are")
        described, corpus = drafting.read_organisation_file(platform, organisation)
        notes.print(f"[dim]{described.name}: {len(corpus.instruments)} instruments apply[/]")
        with progress_bars(quiet=as_json) as progress:
            made = drafting.draft(
                platform,
                organisation=described,
                source=source,
                author=author or operator(),
                progress=progress,
            )
        if out is not None:
            drafting.write_draft(platform, made.id, out)
    if as_json:
        print_json(made)
        return
    print_draft(made, folder=out)


def verify_draft(draft_name: DraftArgument, as_json: AsJson = False) -> None:
    """Check grounds, floors, policy tests, and who gains or loses. Exit 4: not publishable."""
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        draft_id = resolve_draft(platform, draft_name)
        result = verify(platform, draft_id, actor=operator(), progress=progress)
    if as_json:
        print_json({"draft": draft_id, "publishable": result.publishable, "verification": result})
    else:
        print_verification(result)
    if not result.publishable:
        raise typer.Exit(ConflictError.exit_code)


def review(
    draft_name: DraftArgument,
    reviewer: Annotated[
        str | None, typer.Option("--as", help="Who judges; not who drafted.")
    ] = None,
    approve_all: Annotated[
        bool, typer.Option("--approve-all", help="Approve every rule you may approve.")
    ] = False,
    rule: Annotated[str | None, typer.Option(help="The rule to judge.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the rule.")] = False,
    amend: Annotated[
        str | None,
        typer.Option(help="Put this in its place: `partial(last=4)`, or `key_bits=256`."),
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Reject the rule.")] = False,
    comment: Annotated[bool, typer.Option("--comment", help="Say something.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Judge a draft's rules; without a verdict, show where each rule stands."""
    with open_platform() as platform:
        draft_id = resolve_draft(platform, draft_name)
        chosen = _verdict_kind(approve=approve, amend=amend, reject=reject, comment=comment)
        if not approve_all and chosen is None:
            _print_statuses(reviewing.find_case(platform, draft_id), as_json=as_json)
            return
        if reviewer is None:
            raise UsageError("say who judges: `--as reviewer-1`")
        if approve_all:
            outcome = reviewing.approve_all(platform, draft_id, reviewer=reviewer)
        else:
            if rule is None or chosen is None:
                raise UsageError("say which rule: `--rule R-0001`, or use `--approve-all`")
            request = reviewing.VerdictRequest(
                rule=RuleId(rule),
                kind=chosen,
                reason=reason,
                amendment=None if amend is None else read_amendment(amend),
            )
            outcome = reviewing.submit_verdict(platform, draft_id, request, reviewer=reviewer)
    if as_json:
        print_json(outcome)
    else:
        _print_outcome(outcome, reviewer=reviewer)


def publish(
    draft_name: Annotated[
        str | None,
        typer.Argument(metavar="DRAFT", help="A draft's id or the start of it, or `latest`."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="`postgresql`: make a database enforce the live policy by itself."),
    ] = None,
    source: native.Source = "bank",
    url: native.Url = "",
    people: native.People = False,
    keys_in_database: native.Keys = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", "--revoke", help="Take all of it away again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish an approved draft as a signed bundle; with `--to`, put the live one in a database."""
    if to is not None:
        if to != "postgresql" or draft_name is not None:
            raise UsageError(
                "write `publish DRAFT` to publish, then `publish --to postgresql --source NAME`"
            )
        request = NativeRequest(
            source=source,
            url=url,
            with_people=people,
            keys_in_database=keys_in_database,
            dry_run=dry_run,
        )
        native.publish_to_postgresql(request, undo=undo, as_json=as_json)
        return
    if draft_name is None:
        raise UsageError("say which draft: `policy-service publish latest`")
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        draft_id = resolve_draft(platform, draft_name)
        signed = publication.publish(platform, draft_id, actor=operator(), progress=progress)
    _print_bundle(signed, as_json=as_json, done="published")


def rollback(
    source: Annotated[str, typer.Argument(help="The source whose policy is taken back.")],
    as_json: AsJson = False,
) -> None:
    """Take the live policy back and issue the one before it again."""
    with open_platform() as platform:
        signed = publication.roll_back(platform, source, actor=operator())
    _print_bundle(signed, as_json=as_json, done="rolled back to")


def read_amendment(text: str) -> Amendment:
    """Read a control or settings. Raises `UsageError`."""
    try:
        if "=" in text and "(" not in text:
            return Amendment(settings=read_settings(text))
        return Amendment(control=read_control(text))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _print_outcome(outcome: reviewing.ReviewOutcome, *, reviewer: str) -> None:
    console.print(
        f"{counted(len(outcome.verdicts), 'verdict')} by [bold]{reviewer}[/]; "
        f"the draft is now [bold]{outcome.state}[/]"
    )
    if outcome.skipped:
        several = len(outcome.skipped) > 1
        console.print(
            f"{counted(len(outcome.skipped), 'rule')} you amended yourself "
            f"{'wait' if several else 'waits'} for somebody else: {', '.join(outcome.skipped[:5])}"
        )


def _verdict_kind(
    *, approve: bool, amend: str | None, reject: bool, comment: bool
) -> VerdictKind | None:
    given = [
        kind
        for kind, wanted in (
            (VerdictKind.APPROVE, approve),
            (VerdictKind.AMEND, amend is not None and not reject),
            (VerdictKind.REJECT, reject),
            (VerdictKind.COMMENT, comment),
        )
        if wanted
    ]
    if len(given) > 1:
        raise UsageError("give one verdict: `--approve`, `--amend`, `--reject` or `--comment`")
    return given[0] if given else None


def _print_statuses(case: ReviewCase, *, as_json: bool) -> None:
    statuses = case.statuses()
    if as_json:
        print_json({"draft": case.draft.id, "state": case.state, "rules": statuses})
        return
    shown = table("rule", "state", "approved by", "in one sentence")
    for status in statuses:
        rule = case.draft.rule(status.rule)
        approved = f"{len(status.approved_by)} of {status.needed}"
        shown.add_row(status.rule, status.state, approved, rule.sentence if rule else "")
    console.print(shown)
    done = sum(status.state is RuleState.APPROVED for status in statuses)
    console.print(f"\n{case.draft.id} is [bold]{case.state}[/]: {done} of {len(statuses)} approved")


def _print_bundle(signed: SignedBundle, *, as_json: bool, done: str) -> None:
    bundle = signed.bundle
    if as_json:
        print_json(
            {
                "revision": bundle.revision,
                "source": bundle.source,
                "draft": bundle.draft,
                "rules": len(bundle.rows),
                "sha256": signed.sha256,
                "key_id": signed.key_id,
                "expires_at": bundle.expires_at,
            }
        )
        return
    console.print(
        f"{done} revision [bold]{bundle.revision}[/] of {bundle.source}: {len(bundle.rows)} rows, "
        f"signed by key {signed.key_id}, good until {bundle.expires_at[:10]}"
    )
