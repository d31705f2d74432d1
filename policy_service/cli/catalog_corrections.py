"""`policy-service catalog correct | confirm | corrections | withdraw-correction`."""

from typing import Annotated

import typer

from policy_service.cli.corpus_words import shown
from policy_service.cli.output import AsJson, console, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.correction import CategoryCorrection, CorrectionState
from policy_service.domain.identifiers import asset_parts
from policy_service.workflows.corrections import (
    confirm_correction,
    correct_category,
    list_corrections,
    withdraw_correction,
)

_COLUMN = "bank.public.client.birth_number"
Column = Annotated[str, typer.Argument(help="SOURCE.SCHEMA.TABLE.COLUMN, as in the catalogue.")]
Named = Annotated[str, typer.Argument(help="SOURCE.SCHEMA.TABLE.COLUMN, or a correction's id.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept, so name no person.")]
By = Annotated[str, typer.Option(help="Who says so; a reviewer.")]


def register(catalog_app: typer.Typer) -> None:
    """Add the commands of this module to `catalog`."""
    example = f"Example: policy-service catalog correct {_COLUMN}"
    correct_example = f'{example} user.government_id --reason "the birth number" --by vera'
    catalog_app.command("correct", epilog=correct_example)(correct)
    catalog_app.command(
        "confirm", epilog=f"Example: policy-service catalog confirm {_COLUMN} --by sam"
    )(confirm)
    catalog_app.command("corrections", epilog="Example: policy-service catalog corrections bank")(
        corrections
    )
    catalog_app.command(
        "withdraw-correction",
        epilog=f'Example: policy-service catalog withdraw-correction {_COLUMN} --reason "a slip"',
    )(withdraw)


def correct(
    column: Column,
    category: Annotated[str, typer.Argument(help="A data category, such as `user.name`.")],
    reason: Reason,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say what COLUMN holds; its own category says that the scan was right.

    It holds at once and in every scan to come. Where it lowers protection it waits until a
    second person confirms it. `policy-service refine --classifier` learns from it.
    """
    with open_platform() as platform:
        said = correct_category(
            platform, column=column, category=category, reason=reason, by=by or operator()
        )
    _say(said, as_json=as_json)


def confirm(name: Named, by: By = "", as_json: AsJson = False) -> None:
    """Agree with what somebody else said of a column; what waited holds from now on."""
    with open_platform() as platform:
        said = confirm_correction(platform, name, by=by or operator())
    _say(said, as_json=as_json)


def withdraw(name: Named, reason: Reason, by: By = "", as_json: AsJson = False) -> None:
    """Take a correction back: the column is again what detectors find.

    Where that lowers protection it waits until a second person confirms it.
    """
    with open_platform() as platform:
        said = withdraw_correction(platform, name, reason=reason, by=by or operator())
    _say(said, as_json=as_json)


def corrections(
    source: Annotated[str, typer.Argument(help="Name of a scanned source.")],
    as_json: AsJson = False,
) -> None:
    """List what people said of the columns of SOURCE, in the order they said it."""
    with open_platform() as platform:
        found = list_corrections(platform, source)
    if as_json:
        print_json(found)
        return
    listed = table("column", "category", "detectors", "state", "said", "confirmed", "reason")
    for one in found:
        listed.add_row(
            shown(_name(one)),
            shown(one.category or "as detectors find"),
            shown(one.found.category),
            one.state.value,
            shown(f"{one.by}, {one.at[:19]}"),
            shown(one.confirmed_by or "–"),
            shown(one.reason),
        )
    console.print(listed)


def _say(said: CategoryCorrection, *, as_json: bool) -> None:
    if as_json:
        print_json(said)
        return
    what = "what detectors find" if said.category is None else said.category
    state = {
        CorrectionState.HOLDS: "it holds from now on: drafts see it, scans keep it",
        CorrectionState.WAITING: "it lowers protection and waits for somebody else: "
        f"policy-service catalog confirm {said.column} --by NAME",
        CorrectionState.ENDED: "it is withdrawn",
    }[said.state]
    console.print(shown(f"{_name(said)} is {what}, says {said.by}: {state}"))


def _name(said: CategoryCorrection) -> str:
    return ".".join(asset_parts(said.column)[2:])
