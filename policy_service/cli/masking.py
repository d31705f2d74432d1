"""`policy-service mask`: a table in files, as somebody may see it, however large it is."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from policy_service.cli.output import AsJson, console, counted, notes, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.errors import Cancelled, UsageError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import Progress, silent
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.mask import MaskedFiles, MaskRequest, mask_to_files

Source = Annotated[
    Path, typer.Argument(metavar="IN", help="A .parquet or .csv file, or a folder of them.")
]
Target = Annotated[
    Path, typer.Argument(metavar="OUT", help="A .parquet or .csv file, or a folder to make.")
]
Reader = Annotated[
    str, typer.Option("--as", help="For whom: a person or a role; `role:NAME` if it is both.")
]
PurposeOption = Annotated[str, typer.Option(help="What for: a data use such as `analytics`.")]
Asset = Annotated[
    str, typer.Option("--table", help="What IN is to the policy: source.schema.table.")
]
Related = Annotated[
    list[str] | None,
    typer.Option(help="A table that row filters lead through: source.schema.table=FILE."),
]
Resume = Annotated[
    bool, typer.Option("--resume/--fresh", help="Go on from an interrupted run, or start over.")
]
_EVERY_S = 10.0  # between lines of progress where there is no terminal


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "mask",
        epilog="Example: policy-service mask transactions.parquet masked.parquet "
        "--as data-scientist --purpose analytics --table bank.public.transactions",
    )(mask)


def mask(
    source: Source,
    target: Target,
    reader: Reader,
    purpose: PurposeOption,
    asset: Asset,
    related: Related = None,
    resume: Resume = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.")] = False,
    as_json: AsJson = False,
) -> None:
    """Mask a table in files as the live policy demands; OUT appears when it is whole.

    Denied columns are left out, rows that may not be seen too. Exit 6: nothing may be shown.
    """
    request = MaskRequest(
        reader=reader,
        purpose=purpose,
        table=AssetId(asset),
        source=source,
        target=target,
        related=_related(related or []),
        operator=operator(),
        overwrite=overwrite,
        fresh=not resume,
    )
    with open_platform() as platform, _rows_shown(quiet=as_json) as progress:
        from policy_service.middleware.rows import visible_rows

        try:
            done = mask_to_files(
                platform,
                DecisionDesk(platform),
                request,
                row_rule=visible_rows,
                progress=progress,
            )
        except KeyboardInterrupt:
            raise Cancelled(
                "interrupted; the same command goes on from the rows that are finished"
            ) from None
    if as_json:
        print_json(done)
    else:
        _print(done, target)


def _related(given: list[str]) -> dict[AssetId, Path]:
    pairs = [one.partition("=") for one in given]
    if not all(name and place for name, _, place in pairs):
        raise UsageError("write `--related source.schema.table=FILE`")
    return {AssetId(name): Path(place) for name, _, place in pairs}


def _print(done: MaskedFiles, target: Path) -> None:
    shown = table("column", "shown as")
    for one in done.columns:
        shown.add_row(escape(one.name), escape(one.control))
    for name in done.left_out:
        shown.add_row(escape(name), "[dim]left out[/]")
    console.print(shown)
    resumed = f", {done.batches_resumed} of {done.batches} batches from before"
    console.print(
        f"\n{counted(done.rows_written, 'row')} of {done.rows_read:,} in {escape(str(target))} for "
        f"{escape(done.subject)}, revision {done.revision}{resumed if done.batches_resumed else ''}"
    )
    console.print(f"[dim]{counted(len(done.decisions), 'decision')} recorded[/]")


@contextmanager
def _rows_shown(*, quiet: bool) -> Iterator[Progress]:
    """Show rows, rows a second and the time left: a bar, or a line now and then."""
    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    bars = Bars(
        TextColumn("  {task.description:<18}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=notes,
    )
    tasks = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total or None, rate="")
        task = tasks[stage]
        rate = bars.tasks[task].speed
        shown = f"{rate:,.0f} rows/s" if rate else ""
        bars.update(task, completed=done, total=total or None, rate=shown)

    with bars:
        yield report


class _Lines:
    """Progress for logs: one line every ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told = clock()
        self._stage = ""
        self._since = (0.0, 0)  # when the stage was first heard of, and how far it was then

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self._clock()
        if stage != self._stage:
            self._stage, self._since = stage, (now, done)
        if now - self._told < _EVERY_S:
            return
        self._told = now
        began, before = self._since
        if now > began and done > before:
            rate = (done - before) / (now - began)
            left = (total - done) / rate
            notes.print(f"{stage}: {done:,} of {total:,}, {rate:,.0f} rows/s, {left:,.0f} s left")
