"""`policy-service propose-masking`: the weakest masking that meets the floors and k, l, t."""

import os
import shlex
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from policy_service.cli.output import AsJson, console, counted, print_json, progress_bars, table
from policy_service.cli.session import open_platform, operator, resolve_draft
from policy_service.domain.errors import UsageError
from policy_service.masking.choice.search import Goal, Hidden
from policy_service.workflows.masking_choice.proposal import Proposal, ProposalRequest, TableSample
from policy_service.workflows.masking_choice.propose import propose, submit


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        "propose-masking",
        epilog="Example: policy-service propose-masking --source bank --table customers "
        "--role risk-data-scientist --purpose analytics --k 5 --target loans.status=defaulted",
    )(propose_masking)


def propose_masking(
    source: Annotated[str, typer.Option(help="The scanned and drafted source.")],
    role: Annotated[str, typer.Option(help="A role of the organisation.")],
    purpose: Annotated[str, typer.Option(help="What for: a data use such as `analytics`.")],
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="A table; may be repeated. Default: all the role reads."),
    ] = None,
    k: Annotated[int, typer.Option(min=2, help="Rows that look alike, at least.")] = 5,
    l: Annotated[  # noqa: E741 - the literature's name
        int, typer.Option("--l", min=1, help="Different sensitive values among them, at least.")
    ] = 1,
    t: Annotated[
        float | None,
        typer.Option("--t", min=0, max=1, help="Distance of their values from all, at most."),
    ] = None,
    suppress: Annotated[
        float,
        typer.Option(min=0, max=0.99, help="Share of rows in which cells may be emptied."),
    ] = 0.0,
    target: Annotated[
        str, typer.Option(help="What a model shall predict: `loans.status=defaulted`.")
    ] = "",
    quasi: Annotated[
        list[str] | None, typer.Option(help="Another `table.column` that singles people out.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A `table.column` whose loss counts ten times.")
    ] = None,
    sensitive: Annotated[
        list[str] | None, typer.Option(help="A `table.column` to guard by l and t.")
    ] = None,
    draft: Annotated[str, typer.Option(help="The draft; default: the newest of the source.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the amendments as YAML.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Submit the amendments as verdicts of `--as`.")
    ] = False,
    reviewer: Annotated[
        str | None, typer.Option("--as", help="Who amends; somebody else has to approve.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose the weakest masking that keeps the floors and hides people among k others.

    Nothing changes without `--apply`, and then only the draft: others approve it. The sample
    that is shown is made up; no value of the source is printed.
    """
    # long on purpose: the options of the command, each with its help
    if apply and reviewer is None:
        raise UsageError("say who amends: `--as reviewer-1`; somebody else has to approve")
    with open_platform() as platform, progress_bars(quiet=as_json) as progress:
        request = ProposalRequest(
            source=source,
            role=role,
            purpose=purpose,
            goal=Goal(k=k, l=l, t=t, suppressed=suppress),
            tables=tuple(tables or ()),
            quasi=tuple(quasi or ()),
            keep=tuple(keep or ()),
            sensitive=tuple(sensitive or ()),
            target=target,
            draft=resolve_draft(platform, draft) if draft else "",
        )
        made = propose(platform, request, actor=reviewer or operator(), progress=progress)
        submitted = submit(platform, made, reviewer=reviewer) if apply and reviewer else 0
    if out is not None:
        _write(out, amendments_yaml(made))
    if as_json:
        print_json({"proposal": made, "submitted": submitted})
        return
    _print(made)
    if submitted:
        console.print(
            f"\n{counted(submitted, 'amendment')} submitted by [bold]{reviewer}[/]; "
            "somebody else approves"
        )


def amendments_yaml(proposal: Proposal) -> str:
    """Write the amendments for people and programs, each with the command that submits it."""
    import yaml

    rows = [
        {
            "rule": str(one.rule),
            "was": one.was.label,
            "amend": one.control.label,
            "reason": one.reason,
            "command": f"policy-service review {proposal.draft} --rule {one.rule} "
            f"--amend {shlex.quote(one.control.label)} --reason {shlex.quote(one.reason)} "
            "--as REVIEWER",
        }
        for one in proposal.amendments
    ]
    body = {
        "draft": str(proposal.draft),
        "role": str(proposal.role),
        "purpose": str(proposal.purpose),
        "amendments": rows,
    }
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=1 << 20)


def _write(file: Path, text: str) -> None:
    """Put the file in place whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        Path(name).replace(file)
    except OSError as error:
        raise UsageError(f"cannot write `{file}`: {error.strerror}; name another file") from error


def _print(proposal: Proposal) -> None:
    _print_columns(proposal)
    _print_anonymity(proposal)
    _print_utility(proposal)
    changed = {one.table for one in proposal.columns if one.control != one.was}
    for sample in proposal.samples:
        if sample.table in changed or not changed:
            _print_sample(sample, proposal)
    if proposal.filtered:
        names = ", ".join(one.rpartition(".")[2] for one in proposal.filtered)
        console.print(
            f"\n[yellow]measured over all rows[/]; of {escape(names)} the role sees only its own, "
            "in which people may be fewer alike"
        )
    changes = len(proposal.amendments)
    console.print(
        f"\n{counted(changes, 'amendment')} to {proposal.draft}"
        if changes
        else f"\n{proposal.draft} meets the goal as it stands"
    )


def _print_columns(proposal: Proposal) -> None:
    """Show what moves or singles out; what stays as drafted is counted."""
    quasi = {f"{one.table}.{name}" for one in proposal.anonymity for name in one.quasi}
    shown = table("column", "masked by", "as drafted", "because", "preserves", "reveals")
    kept = 0
    for one in proposal.columns:
        name = f"{one.table}.{one.column}"
        if one.control == one.was and name not in quasi:
            kept += 1
            continue
        shown.add_row(
            escape(name),
            one.control,
            one.was,
            one.why,
            ", ".join(one.preserves) or "–",
            one.reveals,
        )
    if shown.row_count:
        console.print(shown)
    if kept:
        console.print(f"  [dim]{counted(kept, 'other column')} as drafted[/]")


def _print_anonymity(proposal: Proposal) -> None:
    shown = table("table", "rows", "singles out", "clear", "proposed", "lost", "emptied")
    for one in proposal.anonymity:
        shown.add_row(
            escape(one.table),
            f"{one.rows:,}",
            escape(" + ".join(one.quasi)),
            _hidden(one.before),
            _hidden(one.after),
            f"{one.cost:.0%}{'' if one.proven else ' (a cheaper one may exist)'}",
            f"{one.suppressed:.1%}",
        )
    if shown.row_count:
        console.print(shown)


def _hidden(found: Hidden) -> str:
    words = [f"k={found.k}"]
    words += [f"l={found.l}"] if found.l is not None else []
    words += [f"t={found.t:.2f}"] if found.t is not None else []
    return " ".join(words)


def _print_utility(proposal: Proposal) -> None:
    means, joins, model = (
        proposal.utility.group_means,
        proposal.utility.joins,
        proposal.utility.prediction,
    )
    if means is not None:
        console.print(
            f"group means off by {means.mean_error:.1%} over {counted(means.pairs, 'pair')} of "
            f"columns; most, {means.worst_error:.1%}: {escape(means.worst)}"
        )
    if joins:
        kept = ", ".join(f"{escape(one.reference)} {one.rate:.0%}" for one in joins)
        console.print(f"joins kept: {kept}")
    if model is not None:
        console.print(
            f"AUC for {escape(model.target)}: {model.auc_clear:.3f} on clear, "
            f"{model.auc_masked:.3f} on masked data ({model.rows:,} rows, {model.positive:,} "
            f"positive; between folds the difference varies by {model.deviation:.3f})"
        )


def _print_sample(sample: TableSample, proposal: Proposal) -> None:
    controls = {one.column: one.control for one in proposal.columns if one.table == sample.table}
    shown = table("column", *(f"row {place + 1}" for place in range(5)))
    for one in sample.columns:
        if controls.get(one.column) == "clear":
            continue
        pairs = zip(one.before, one.after, strict=True)
        cells = [f"{_cell(before)} → {_cell(after)}" for before, after in pairs]
        shown.add_row(escape(one.column), *cells)
    if shown.row_count:
        console.print(f"\n[bold]{escape(sample.table)}[/] on made-up rows, before → after")
        console.print(shown)


def _cell(value: object) -> str:
    return "–" if value is None else escape(str(value))
