"""What people read of drift: what changed in a source, and which of it no policy covers."""

from policy_service.cli.output import console, table
from policy_service.domain.drift import Change, Drift
from policy_service.domain.identifiers import asset_parts


def print_drift(drift: Drift) -> None:
    """List the changes between two scans; say so where there is none."""
    if not drift.changes:
        console.print(f"nothing changed in [bold]{drift.source}[/] since {drift.before_at}")
        return
    shown = table("what", "change", "before", "after", "covered")
    for change in drift.changes:
        shown.add_row(
            ".".join(asset_parts(change.asset)[2:]),
            change.kind.value.replace("_", " "),
            change.before or "–",
            change.after or "–",
            "[red]no[/]" if change.uncovered else "yes",
        )
    console.print(f"\n[bold]Changed[/] in {drift.source} since {drift.before_at}:")
    console.print(shown)
    if drift.uncovered:
        console.print(_next(drift.uncovered))


def _next(uncovered: tuple[Change, ...]) -> str:
    count = len(uncovered)
    said = "1 change is" if count == 1 else f"{count} changes are"
    return f"  {said} not covered by a policy of the scan before; draft anew: policy-service draft"
