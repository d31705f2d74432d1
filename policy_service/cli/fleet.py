"""`policy-service fleet`: the enforcement points, and what each of them enforces."""

from typing import Annotated

import typer

from policy_service.cli.output import AsJson, console, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.workflows.fleet import PointState, forget_point, list_points

app = typer.Typer(help="The enforcement points and what they enforce.")
_COLOURS = {PointState.CURRENT: "green", PointState.BEHIND: "yellow"}


@app.command("list", epilog="Example: policy-service fleet list --json")
def list_fleet(as_json: AsJson = False) -> None:
    """List the enforcement points: what each enforces, since when, and how it is."""
    with open_platform() as platform:
        points = list_points(platform)
    if as_json:
        print_json(points)
        return
    if not points:
        console.print("no enforcement point has reported yet; start an agent: docs/bundles.md")
        return
    shown = table("point", "source", "state", "revision", "since", "last heard", "error")
    for one in points:
        report, colour = one.stored.report, _COLOURS.get(one.state, "red")
        behind = "" if report.revision == one.live else f" (live: {one.live})"
        shown.add_row(
            report.name,
            report.source,
            f"[{colour}]{one.state}[/]",
            f"{report.revision}{behind}",
            report.in_force_since[:19],
            one.stored.reported_at[:19],
            report.error,
        )
    console.print(shown)


@app.command("forget", epilog="Example: policy-service fleet forget orders-api-1")
def forget(
    name: Annotated[str, typer.Argument(help="The enforcement point's name.")],
    as_json: AsJson = False,
) -> None:
    """Take a point that is gone off the list; it comes back with its next report."""
    with open_platform() as platform:
        forgotten = forget_point(platform, name, actor=operator())
    if as_json:
        print_json({"name": name, "reports": forgotten})
        return
    console.print(f"forgot {name}")
