"""`policy-service corpus mark | marks`: does a provision answer a question? Lessons for search."""

from typing import Annotated

import typer

from policy_service.cli.corpus_words import shown
from policy_service.cli.output import AsJson, console, print_json, table
from policy_service.cli.session import open_platform, operator
from policy_service.workflows.relevance import list_marks, mark_relevance


def register(corpus_app: typer.Typer) -> None:
    """Add the commands of this module to `corpus`."""
    example = (
        'Example: policy-service corpus mark "card numbers on screen" pci-dss/3.4.1 --relevant'
    )
    corpus_app.command("mark", epilog=f"{example} --by vera")(mark)
    corpus_app.command("marks", epilog="Example: policy-service corpus marks --json")(marks)


def mark(
    query: Annotated[str, typer.Argument(help="The question, in words.")],
    provision_id: Annotated[str, typer.Argument(help="A provision that search found.")],
    relevant: Annotated[
        bool, typer.Option("--relevant/--irrelevant", help="Does it answer the question?")
    ],
    by: Annotated[str, typer.Option(help="Who says so; a reviewer.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say whether a provision answers QUERY; your last word on both counts.

    `policy-service refine --retriever` learns from it.
    """
    with open_platform() as platform:
        made = mark_relevance(
            platform,
            query=query,
            provision=provision_id,
            relevant=relevant,
            reviewer=by or operator(),
        )
    if as_json:
        print_json(made)
        return
    word = "answers" if made.relevant else "does not answer"
    console.print(shown(f"noted by {made.reviewer}: {made.provision} {word} “{made.query}”"))


def marks(as_json: AsJson = False) -> None:
    """List the marks, in the order they were given."""
    with open_platform() as platform:
        found = list_marks(platform)
    if as_json:
        print_json(found)
        return
    listed = table("provision", "relevant", "reviewer", "time", "question")
    for one in found:
        listed.add_row(
            shown(one.provision),
            "yes" if one.relevant else "no",
            shown(one.reviewer),
            one.at[:19],
            shown(one.query),
        )
    console.print(listed)
