"""What people read of a table's privacy: what singles people out, and what gives what away."""

from collections.abc import Iterator
from itertools import pairwise

from rich.markup import escape

from policy_service.cli.output import console, table
from policy_service.domain.asset import Catalog, QuasiIdentifier, Table
from policy_service.domain.privacy import CLASS_BANDS

_MOST = 3  # combinations of a table
_BLOCKS = "▁▂▃▄▅▆▇█"


def print_privacy(catalog: Catalog) -> None:
    """Show per table what singles people out and what gives something away; nothing where none."""
    shown = table("singles people out", "alone", "class sizes", "k", "in the whole table")
    for one in catalog.tables:
        for found in (*one.quasi_identifiers[:_MOST], *one.coarsened[:1]):
            shown.add_row(*_row(one, found))
    if shown.row_count:
        console.print(shown)
        console.print(f"  class sizes: share of the rows in classes of {_bands()}")
    for where, reason in _reasons(catalog).items():
        console.print(f"  [dim]{escape(where)}: {escape(reason)}[/]")
    risks = [(one, risk) for one in catalog.tables for risk in one.inference_risks]
    if risks:
        console.print("\n[bold]Given away[/] by values, whatever their column is called")
    for one, risk in risks:
        where = escape(f"{one.name}.{risk.column}")
        console.print(f"  {where} → [yellow]{risk.reveals}[/]: {escape(risk.reason)}")


def singling_out(catalog: Catalog) -> Iterator[str]:
    """Name for each table the combination that singles out most rows; safe as console markup."""
    for one in catalog.tables:
        for found in one.quasi_identifiers[:1]:
            named = escape(f"{one.name}: {combination(found)}")
            yield f"{named} ({found.unique_fraction:.0%} of the rows)"


def combination(found: QuasiIdentifier) -> str:
    """Write a combination, and to what its columns were coarsened."""
    read_as = found.read_as or ("",) * len(found.columns)
    named = zip(found.columns, read_as, strict=True)
    return " + ".join(f"{name} by {to}" if to else name for name, to in named)


def _reasons(catalog: Catalog) -> dict[str, str]:
    """Say of each column that was shown why it counts."""
    return {
        f"{one.name}.{name}": reason
        for one in catalog.tables
        for found in (*one.quasi_identifiers[:_MOST], *one.coarsened[:1])
        for name, reason in zip(found.columns, found.reasons, strict=False)
        if reason
    }


def _row(one: Table, found: QuasiIdentifier) -> tuple[str, ...]:
    risk = found.risk
    return (
        escape(f"{one.name}: {combination(found)}"),
        f"{found.unique_fraction:.0%}",
        "".join(_block(share) for share in found.class_shares) or "–",
        str(found.smallest_class or "–"),
        f"{risk.population_unique:.0%} alone, {risk.marketer:.0%} matched" if risk else "–",
    )


def _block(share: float) -> str:
    """Draw a share as one sign; no share at all as a dot."""
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)] if share > 0 else "·"


def _bands() -> str:
    ends = [
        str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(CLASS_BANDS)
    ]
    return ", ".join([*ends, f"{CLASS_BANDS[-1]} and more"])
