"""`policy-service corpus proposals | accept | reject`: obligations read in imported texts."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from policy_service.cli.corpus_words import first_line, obligation_of, shown
from policy_service.cli.output import AsJson, console, counted, print_json
from policy_service.cli.session import open_platform
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import ControlKind
from policy_service.workflows.edition_review import (
    ProposalReading,
    accept_proposals,
    list_proposals,
    reject_proposals,
)

ProposalIds = Annotated[
    list[str], typer.Argument(metavar="PROPOSAL-ID…", help="Ids as `corpus proposals` lists them.")
]
Version = Annotated[str, typer.Option(help="Of which version; default: the newest.")]
By = Annotated[str, typer.Option(help="Who decides; not who imported the text.")]


class Decided(StrEnum):
    """Which proposals are listed."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("proposals", epilog="Example: policy-service corpus proposals gdpr --kind masking")(
        proposals
    )
    app.command(
        "accept", epilog="Example: policy-service corpus accept 'gdpr/art-32/1/a#x1' --by dana"
    )(accept)
    app.command(
        "reject", epilog="Example: policy-service corpus reject 'gdpr/art-32/1/a#x2' --by dana"
    )(reject)


def proposals(
    instrument: Annotated[str, typer.Argument(help="An instrument's id, such as `gdpr`.")],
    version_date: Version = "",
    kind: Annotated[ControlKind | None, typer.Option(help="Only this kind of control.")] = None,
    decided: Annotated[Decided, typer.Option(help="open, accepted, rejected or all.")] = (
        Decided.OPEN
    ),
    as_json: AsJson = False,
) -> None:
    """List what was read as an obligation, surest first, with the words it was read from."""
    with open_platform() as platform:
        found = [
            one
            for one in list_proposals(platform, instrument, version_date=version_date)
            if (kind is None or one.proposal.obligation.kind is kind)
            and decided in (Decided.ALL, _state(one))
        ]
    found.sort(key=lambda one: (-one.proposal.confidence, one.proposal.id))
    _print(found, as_json=as_json)
    if not as_json:
        console.print(f"{counted(len(found), 'proposal')}; none binds before it is accepted")


def accept(
    proposal: ProposalIds,
    by: By,
    floor: Annotated[
        bool, typer.Option("--floor", help="As a floor: only where the text commands.")
    ] = False,
    version_date: Version = "",
    as_json: AsJson = False,
) -> None:
    """Make proposals of an approved text obligations: advice, or floors. All or none."""
    with open_platform() as platform:
        found = accept_proposals(
            platform, proposal, floor=floor, version_date=version_date, actor=by
        )
    _print(found, as_json=as_json)
    if not as_json:
        what = "a floor for every draft" if floor else "advice to every draft"
        console.print(f"[green]accepted[/]: {counted(len(found), 'obligation')}, {what} from now")


def reject(
    proposal: ProposalIds, by: By, version_date: Version = "", as_json: AsJson = False
) -> None:
    """Set proposals aside; what was accepted before binds no new draft. All or none."""
    with open_platform() as platform:
        found = reject_proposals(platform, proposal, version_date=version_date, actor=by)
    _print(found, as_json=as_json)
    if not as_json:
        console.print(f"rejected: {counted(len(found), 'proposal')}")


def _state(one: ProposalReading) -> Decided:
    if one.decision is None:
        return Decided.OPEN
    return Decided.REJECTED if one.decision.choice.value == "rejected" else Decided.ACCEPTED


def _print(found: Sequence[ProposalReading], *, as_json: bool) -> None:
    if as_json:
        print_json([_json(one) for one in found])
        return
    for one in found:
        proposal = one.proposal
        commands = "commands" if proposal.mandatory else "advises"
        decision = f" · {one.decision.choice} by {one.decision.by}" if one.decision else ""
        console.print(
            f"[bold]{shown(proposal.id)}[/] {obligation_of(proposal.obligation)} "
            f"[dim]{proposal.confidence:.2f}, the text {commands}{shown(decision)}[/]"
        )
        console.print(f"  {shown(one.provision.section)}: “{first_line(one.evidence, 160)}”")


def _json(one: ProposalReading) -> dict[str, object]:
    return {
        "id": one.proposal.id,
        "proposal": to_plain(one.proposal),
        "section": one.provision.section,
        "evidence": one.evidence,
        "decision": one.decision,
    }
