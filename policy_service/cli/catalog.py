"""`policy-service catalog …` and `policy-service people …`: what there is, and who there is."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from policy_service.cli.drift import print_drift
from policy_service.cli.output import AsJson, console, print_json, progress_bars, table
from policy_service.cli.privacy import print_privacy
from policy_service.cli.session import open_platform, operator
from policy_service.domain.asset import Catalog
from policy_service.workflows.people import import_people
from policy_service.workflows.scan import find_catalog, find_drift, rescan, scan

app = typer.Typer(help="Databases, scanned and classified.", no_args_is_help=True)
_UNCOVERED = 4  # the state forbids it: what a `ConflictError` ends with
SampleRows = Annotated[
    int, typer.Option(min=0, help="Rows looked at for each table; they are not kept.")
]
people_app = typer.Typer(help="Who holds which job function.", no_args_is_help=True)


@app.command("scan", epilog="Example: policy-service catalog scan --url sqlite:///bank.db")
def scan_database(
    url: Annotated[
        str, typer.Option(help="SQLAlchemy URL of the database, or a folder or file of data.")
    ],
    source: Annotated[
        str | None, typer.Option(help="Name of the source; default: the database's name.")
    ] = None,
    schema: Annotated[str | None, typer.Option(help="Schema to scan.")] = None,
    sample_rows: SampleRows = 1000,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over where a scan was interrupted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Scan a database and classify its columns. Reads samples, stores no value.

    The same command goes on where it was interrupted within a day, and tells what changed
    since the scan before.
    """
    name = source or _name_from(url)
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        catalog = scan(
            platform,
            url=url,
            source=name,
            schema=schema,
            sample_rows=sample_rows,
            actor=operator(),
            progress=progress,
            fresh=fresh,
        )
        changed = find_drift(platform, name)
    _print_catalog(catalog, as_json=as_json)
    if not as_json and changed.changes:
        print_drift(changed)


@app.command("drift", epilog="Example: policy-service catalog drift bank --scan --check")
def drift(
    source: Annotated[str, typer.Argument(help="Name of a scanned source.")],
    again: Annotated[
        bool, typer.Option("--scan", help="Scan again first, at the address of the last scan.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 4 where a policy no longer covers all.")
    ] = False,
    sample_rows: SampleRows = 1000,
    as_json: AsJson = False,
) -> None:
    """Show what changed in a source between its last two scans."""
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        found = (
            rescan(
                platform,
                source=source,
                sample_rows=sample_rows,
                actor=operator(),
                progress=progress,
            )
            if again
            else find_drift(platform, source)
        )
    if as_json:
        print_json(found)
    else:
        print_drift(found)
    if check and found.uncovered:
        raise typer.Exit(_UNCOVERED)


@app.command("show", epilog="Example: policy-service catalog show bank")
def show(
    source: Annotated[str, typer.Argument(help="Name of a scanned source.")],
    as_json: AsJson = False,
) -> None:
    """Show what the last scan found, column by column, with the evidence."""
    with open_platform() as platform:
        catalog = find_catalog(platform, source)
    _print_catalog(catalog, as_json=as_json)


@people_app.command("import", epilog="Example: policy-service people import people.csv")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="CSV: subject, job_function, attributes such as district_id.")
    ],
    as_json: AsJson = False,
) -> None:
    """Make the people in FILE the whole directory: who is missing holds no role any more."""
    with open_platform() as platform:
        directory = import_people(platform, file, actor=operator())
    if as_json:
        print_json({"people": len(directory.people), "sha256": directory.sha256})
        return
    console.print(f"{len(directory.people)} people imported")


def _print_catalog(catalog: Catalog, *, as_json: bool) -> None:
    if as_json:
        print_json(catalog)
        return
    shown = table("column", "type", "category", "sensitivity", "confidence", "because")
    for one in catalog.tables:
        for column in one.columns:
            because = "; ".join(evidence.detail for evidence in column.evidence[:2])
            shown.add_row(
                f"{one.name}.{column.name}",
                column.data_type,
                column.category,
                column.sensitivity,
                f"{column.confidence:.0%}",
                because,
            )
    console.print(shown)
    print_privacy(catalog)
    columns = sum(len(one.columns) for one in catalog.tables)
    rows = sum(one.row_count for one in catalog.tables)
    console.print(
        f"\nsource [bold]{catalog.source}[/] ({catalog.dialect}): "
        f"{len(catalog.tables)} tables, {columns} columns, {rows:,} rows"
    )


def _name_from(url: str) -> str:
    """Name a source after its database: the last part of the path, without a suffix."""
    return Path(urlsplit(url).path).stem or "source"
