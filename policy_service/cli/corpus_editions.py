"""`policy-service corpus import | editions | approve | withdraw | diff`: official texts."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from policy_service.cli.corpus_words import (
    changed_words,
    first_line,
    shown,
    title_of,
)
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
from policy_service.corpus.diff import word_changes
from policy_service.corpus.editions.instrument import InstrumentDetails
from policy_service.domain.edition import EditionDiff
from policy_service.domain.provision import InstrumentKind, Provision
from policy_service.storage.editions import EditionState, StoredEdition
from policy_service.workflows.corpus import VersionDiff, diff_versions
from policy_service.workflows.edition_review import (
    EditionChange,
    approve_edition,
    withdraw_edition,
)
from policy_service.workflows.editions import (
    ImportedEdition,
    ImportOutcome,
    import_editions,
    prepare_indexes,
    summarise_editions,
)

InstrumentName = Annotated[str, typer.Argument(help="An instrument's id, such as `gdpr`.")]
Version = Annotated[str, typer.Option(help="Of which version; needed where several are held.")]
Kind = Annotated[InstrumentKind | None, typer.Option(help="What sort of text it is.")]
Jurisdictions = Annotated[
    list[str] | None, typer.Option(help="Where it holds: `EU`, `US-CA`, `INT`; repeatable.")
]
Sectors = Annotated[
    list[str] | None, typer.Option(help="For which sector; repeatable; default: all.")
]
Dated = Annotated[
    str, typer.Option(help="From when this text holds, where it does not say itself.")
]
By = Annotated[str, typer.Option(help="Who decides; not who imported the text.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        "import", epilog="Example: policy-service corpus import gdpr.xml --instrument gdpr"
    )(import_texts)
    app.command("editions", epilog="Example: policy-service corpus editions")(list_all)
    app.command("approve", epilog="Example: policy-service corpus approve gdpr --by dana")(approve)
    app.command("withdraw", epilog="Example: policy-service corpus withdraw gdpr")(withdraw)
    app.command("diff", epilog="Example: policy-service corpus diff reg-p 2011-12-21 2016-08-10")(
        diff
    )


def import_texts(
    path: Annotated[Path, typer.Argument(help="A file, a folder or a zip of official texts.")],
    instrument: Annotated[
        str, typer.Option(help="Which instrument it is; default: what the text says.")
    ] = "",
    title: Annotated[str, typer.Option(help="Title, where the text has none.")] = "",
    short: Annotated[str, typer.Option(help="What people call it, such as GDPR.")] = "",
    kind: Kind = None,
    jurisdiction: Jurisdictions = None,
    sector: Sectors = None,
    version_date: Dated = "",
    url: Annotated[str, typer.Option(help="Where the original is to be read.")] = "",
    by: Annotated[str, typer.Option(help="Who imports it; default: who runs this.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Also in place of an approved text, to be approved.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import official texts. They are found at once, and quoted once somebody else approves."""
    details = InstrumentDetails(
        title=title,
        short=short,
        kind=kind,
        jurisdictions=tuple(jurisdiction or ()),
        sectors=tuple(sector or ()),
        version_date=version_date,
        url=url,
    )
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        found = import_editions(
            platform,
            path,
            actor=by or operator(),
            instrument=instrument,
            details=details,
            replace_approved=replace,
            dry_run=dry_run,
            progress=progress,
        )
        problem = "" if dry_run else prepare_indexes(platform, progress)
    if problem:
        notes.print(f"stored; the search index waits for the next question: {shown(problem)}")
    if as_json:
        print_json({"dry_run": dry_run, "editions": [_import_json(one) for one in found]})
        return
    for one in found:
        _print_import(one, dry_run=dry_run)


def list_all(as_json: AsJson = False) -> None:
    """List the imported texts: where they come from, who let them in, what is open."""
    with open_platform() as platform:
        found = summarise_editions(platform)
    if as_json:
        print_json(
            [
                {
                    "edition": one.row,
                    "quoted": one.quoted,
                    "open": one.open,
                    "accepted": one.accepted,
                    "rejected": one.rejected,
                }
                for one in found
            ]
        )
        return
    listed = table(
        "instrument",
        "version",
        "format",
        "standing",
        "imported",
        "decided",
        "provisions",
        "proposals",
    )
    for one in found:
        row = one.row
        listed.add_row(
            row.instrument,
            row.version_date,
            row.provenance.format,
            f"{row.state}, quoted" if one.quoted else str(row.state),
            f"{shown(row.imported_by)} {row.imported_at[:10]}",
            f"{shown(row.decided_by)} {row.decided_at[:10]}".strip() or "–",
            str(row.provisions),
            f"{one.open} open, {one.accepted} accepted, {one.rejected} rejected",
        )
    console.print(listed if found else "no text is imported; `policy-service corpus import FILE`")


def approve(
    instrument: InstrumentName,
    by: By,
    version_date: Version = "",
    sha256: Annotated[
        str, typer.Option(help="The content you looked at, or its start, as import showed it.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Approve an imported text: drafts quote it from now on. Not by who imported it (exit 5)."""
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        change = approve_edition(
            platform, instrument, version_date=version_date, seen_sha256=sha256, actor=by
        )
        problem = prepare_indexes(platform, progress)
    if problem:
        notes.print(f"approved; the index waits for the next question: {shown(problem)}")
    if as_json:
        print_json(_change_json(change))
        return
    row = change.row
    console.print(
        f"[green]approved[/]: drafts quote {_name(row)}, {counted(row.provisions, 'provision')}\n"
        f"[dim]no obligation comes with it: `policy-service corpus proposals {row.instrument}` "
        f"lists {row.proposals}, to be accepted one by one; policies in force keep their quotes "
        "until they are drafted anew[/]"
    )
    if change.fallen.number:
        notes.print(
            f"[yellow]no longer held[/]: {change.fallen} of the version of {change.fallen_of}; "
            f"see which of them this version proposes: "
            f"`policy-service corpus proposals {row.instrument}`"
        )


def withdraw(
    instrument: InstrumentName,
    version_date: Version = "",
    by: Annotated[str, typer.Option(help="Who takes it out; default: who runs this.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take an imported text out: neither quoted nor found until it is imported again.

    Where obligations of it were accepted, somebody else than its importer does it (exit 5).
    """
    with open_platform() as platform:
        change = withdraw_edition(
            platform, instrument, version_date=version_date, actor=by or operator()
        )
    if as_json:
        print_json(_change_json(change))
        return
    console.print(f"withdrawn: {_name(change.row)}; what our digest says of it stands again")
    if change.fallen.number:
        notes.print(f"[yellow]no longer held[/]: {change.fallen} of this text")


def diff(
    instrument: InstrumentName,
    old: Annotated[str, typer.Argument(help="Version date that is held.")],
    new: Annotated[str, typer.Argument(help="Version date that is held, or a file.")],
    version_date: Annotated[
        str, typer.Option(help="Version of the file, where it does not say itself.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Compare two versions word by word, and name the live rules that cite what changed."""
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        found = diff_versions(
            platform, instrument, old, new, version_date=version_date, progress=progress
        )
    if as_json:
        print_json(_diff_json(found))
        return
    _print_diff(found)


def _print_import(one: ImportedEdition, *, dry_run: bool) -> None:
    row = one.row
    done = f"would be {one.outcome}" if dry_run else str(one.outcome)
    console.print(
        f"[bold]{_name(row)}[/] {shown(row.title)}: [bold]{done}[/]\n"
        f"  {row.provenance.format}, {shown(', '.join(row.provenance.files[:5]))}, "
        f"{row.language}, content sha256 {row.content_sha256[:16]}…\n"
        f"  {counted(row.provisions, 'provision')}, {one.digested} of them with words of our "
        f"digest ({counted(one.digest_entries, 'entry', 'entries')}); "
        f"{counted(row.proposals, 'proposed obligation')}"
    )
    if one.changes is not None and one.outcome is not ImportOutcome.UNCHANGED:
        console.print(f"  against the version of {one.changes.before}: {_counts(one.changes)}")
    for note in row.notes:
        console.print(f"  [yellow]note[/] {shown(note)}")
    if one.fallen.number:
        console.print(f"  [yellow]until it is approved[/] {one.fallen} of the old text do not hold")
    if row.state is EditionState.UNREVIEWED and not dry_run:
        console.print(
            f"  next: have somebody else approve it: `policy-service corpus approve "
            f"{row.instrument} --version-date {row.version_date} --by NAME`"
        )


def _print_diff(found: VersionDiff) -> None:
    changes = found.diff
    for heading, provisions in (("removed", changes.removed), ("added", changes.added)):
        for one in provisions:
            sign = "[red]−[/]" if heading == "removed" else "[green]+[/]"
            console.print(f"{sign} {title_of(one)} [dim]{shown(one.id)}[/]")
            console.print(f"  {first_line(one.text, 200)}")
    for change in changes.changed:
        console.print(f"[yellow]~[/] {title_of(change.after)} [dim]{shown(change.after.id)}[/]")
        console.print(f"  {changed_words(change)}")
    console.print(f"\n{changes.before} → {changes.after}: {_counts(changes)}")
    if found.digested:
        console.print(f"our digest speaks of: {shown(', '.join(found.digested))}")
    for rule in found.rules:
        console.print(
            f"live rule {rule.rule} on {shown(rule.source)} cites {shown(rule.provision)}, "
            f"which is {rule.change}"
        )


def _counts(changes: EditionDiff) -> str:
    return (
        f"{len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len(changes.changed)} changed, {changes.unchanged} unchanged"
    )


def _change_json(change: EditionChange) -> dict[str, object]:
    return {
        **asdict(change.row),
        "obligations_fallen": change.fallen.number,
        "floors_fallen": change.fallen.floors,
    }


def _name(row: StoredEdition) -> str:
    return f"{shown(row.instrument)} of {row.version_date}"


def _import_json(one: ImportedEdition) -> dict[str, object]:
    changes = one.changes
    return {
        "edition": one.row,
        "outcome": one.outcome,
        "digested": one.digested,
        "digest_entries": one.digest_entries,
        "obligations_fallen": one.fallen.number,
        "floors_fallen": one.fallen.floors,
        "changes": None
        if changes is None
        else {
            "before": changes.before,
            "after": changes.after,
            "added": [provision.id for provision in changes.added],
            "removed": [provision.id for provision in changes.removed],
            "changed": [change.after.id for change in changes.changed],
            "unchanged": changes.unchanged,
        },
    }


def _diff_json(found: VersionDiff) -> dict[str, object]:
    changes = found.diff
    return {
        "instrument": found.instrument,
        "before": changes.before,
        "after": changes.after,
        "added": [_brief(one) for one in changes.added],
        "removed": [_brief(one) for one in changes.removed],
        "changed": [
            {
                "id": one.after.id,
                "section": one.after.section,
                "before": one.before.text,
                "after": one.after.text,
                "words": word_changes(one.before.text, one.after.text),
            }
            for one in changes.changed
        ],
        "unchanged": changes.unchanged,
        "digested": found.digested,
        "rules": found.rules,
    }


def _brief(one: Provision) -> dict[str, object]:
    return {"id": one.id, "section": one.section, "title": one.title, "text": one.text}
