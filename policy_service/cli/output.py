"""What commands print: tables and progress for people, JSON for machines."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from policy_service.domain.plain import to_plain
from policy_service.domain.progress import Progress, silent

AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object for machines.")
]
_WIDTH = None if sys.stdout.isatty() else 120  # columns where there is no terminal to ask
console = Console(highlight=False, width=_WIDTH)
notes = Console(stderr=True, highlight=False)


def print_json(value: object) -> None:
    """Print a domain value, or plain values, as one JSON object."""
    print(json.dumps(to_plain(value), ensure_ascii=False, indent=2))


def table(*headings: str, title: str | None = None) -> Table:
    """Make an empty table with the house's look; its first column is never broken."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        first = not made.columns
        made.add_column(heading, header_style="dim", overflow="fold", no_wrap=first)
    return made


@contextmanager
def progress_bars(*, quiet: bool = False) -> Iterator[Progress]:
    """Show a bar for each stage on stderr; nothing where it is quiet or not a terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    bars = Bars(
        TextColumn("  {task.description:<28}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=notes,
    )
    tasks: dict[str, object] = {}

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total or None)
        bars.update(tasks[stage], completed=done, total=total or None)  # type: ignore[arg-type]

    with bars:
        yield report


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: `1 proposal`, `2 proposals`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
