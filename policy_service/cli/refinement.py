"""`policy-service refine`: what reviewers said becomes a new version of what drafts or searches."""

from typing import Annotated

import typer
from rich.table import Table

from policy_service.cli.classifier_versions import classifiers_table, say_classifier, state_of
from policy_service.cli.output import AsJson, console, print_json, progress_bars, table
from policy_service.cli.session import open_platform, operator
from policy_service.domain.errors import UsageError
from policy_service.domain.learning import (
    ModelCard,
    RetrievalFigures,
)
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine import list_models, refine, roll_back_model
from policy_service.workflows.refine_classifier import (
    list_classifiers,
    refine_classifier,
    roll_back_classifier,
)
from policy_service.workflows.refine_retriever import (
    RetrieverRefinement,
    deciding_figures,
    list_retrievers,
    refine_retriever,
    roll_back_retriever,
)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("refine", epilog="Example: policy-service refine --retriever")(refine_model)


def refine_model(
    retriever: Annotated[
        bool, typer.Option("--retriever", help="Refine what finds clauses, not what drafts.")
    ] = False,
    classifier: Annotated[
        bool, typer.Option("--classifier", help="Refine what classifies columns by their names.")
    ] = False,
    list_versions: Annotated[bool, typer.Option("--list", help="List the versions.")] = False,
    rollback: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Make an older version live again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the drafting model on verdicts, or another one; promote it by the gates.

    The retriever learns from marks, the classifier from corrections.
    """
    if list_versions and rollback is not None:
        raise UsageError("give `--list` or `--rollback`, not both")
    if retriever and classifier:
        raise UsageError("give `--retriever` or `--classifier`, not both")
    model = "retriever" if retriever else "classifier" if classifier else "drafting"
    with open_platform() as platform:
        if list_versions:
            _list(platform, model, as_json=as_json)
        elif rollback is not None:
            _roll_back(platform, rollback, model, as_json=as_json)
        elif classifier:
            with progress_bars(quiet=as_json) as progress:
                learned = refine_classifier(platform, actor=operator(), progress=progress)
            say_classifier(learned, as_json=as_json)
        elif retriever:
            with progress_bars(quiet=as_json) as progress:
                done = refine_retriever(platform, actor=operator(), progress=progress)
            _say_retriever(done, as_json=as_json)
        else:
            with progress_bars(quiet=as_json) as progress:
                card = refine(platform, actor=operator(), progress=progress).card
            _say_model(card, as_json=as_json)


def _list(platform: Platform, model: str, *, as_json: bool) -> None:
    lists = {
        "drafting": (list_models, _models),
        "retriever": (list_retrievers, _retrievers),
        "classifier": (list_classifiers, classifiers_table),
    }
    plain, shown = lists[model]
    if as_json:
        print_json(plain(platform))
        return
    console.print(shown(platform))


def _models(platform: Platform) -> Table:
    shown = table("version", "parent", "lessons", "before", "after", "promoted", "note")
    live = platform.models.current_version()
    for card in list_models(platform):
        shown.add_row(
            card.version,
            card.parent,
            str(card.preferences),
            f"{card.acceptance_before:.0%}",
            f"{card.acceptance_after:.0%}",
            state_of(card, live),
            card.note,
        )
    return shown


def _retrievers(platform: Platform) -> Table:
    shown = table("version", "parent", "questions", "marks", "before", "after", "promoted", "note")
    live = platform.retrievers.current_version()
    for card in list_retrievers(platform):
        before, after = deciding_figures(card)
        shown.add_row(
            card.version,
            card.parent,
            str(card.examples),
            str(card.marks),
            f"{before.map_at_10:.3f}",
            f"{after.map_at_10:.3f}",
            state_of(card, live),
            card.note,
        )
    return shown


def _roll_back(platform: Platform, version: str, model: str, *, as_json: bool) -> None:
    acts = {
        "drafting": (roll_back_model, "the next draft uses it"),
        "retriever": (roll_back_retriever, "search and the next draft use it"),
        "classifier": (roll_back_classifier, "the next scan uses it"),
    }
    act, what = acts[model]
    live = act(platform, version, actor=operator())
    if as_json:
        print_json({"live": live})
        return
    console.print(f"[bold]{live}[/] is live: {what}")


def _say_model(card: ModelCard, *, as_json: bool) -> None:
    if as_json:
        print_json(card)
        return
    promoted = "promoted: the next draft uses it" if card.promoted else "[yellow]not promoted[/]"
    console.print(
        f"[bold]{card.version}[/] learned from {card.preferences} lessons; "
        f"{promoted}\nreviewers' choice comes first in {card.acceptance_after:.0%} of held-out "
        f"verdicts, {card.acceptance_before:.0%} before; "
        f"floor violations: {card.floor_violations}\n[dim]{card.note}[/]"
    )


def _say_retriever(done: RetrieverRefinement, *, as_json: bool) -> None:
    card, report = done.card, done.report
    if as_json:
        print_json(
            {"card": card, "floors": report.floors, "floors_lost": report.floors_lost}
            | {"influence": report.influence}
        )
        return
    promoted = (
        "promoted: search and the next draft use it" if card.promoted else "[yellow]not promoted[/]"
    )
    console.print(
        f"[bold]{card.version}[/] learned from {card.examples} questions "
        f"and {card.marks} marks; {promoted}\n"
    )
    shown = table("held-out questions", "", "recall@5", "recall@10", "MAP@10", "MRR")
    _add_figures(shown, "of reviewers", card.marked_before, card.marked_after)
    _add_figures(shown, "made from the corpus", card.made_before, card.made_after)
    console.print(shown)
    console.print(
        f"\nfloors found by their titles: {report.floors} before, {card.floors_lost} of them lost"
    )
    if card.note:
        console.print(f"[dim]{card.note}[/]")


def _add_figures(
    shown: Table, name: str, before: RetrievalFigures, after: RetrievalFigures
) -> None:
    if not after.questions:
        return
    for when, one in (("before", before), ("after", after)):
        shown.add_row(
            f"{after.questions} {name}",
            when,
            f"{one.recall_at_5:.3f}",
            f"{one.recall_at_10:.3f}",
            f"{one.map_at_10:.3f}",
            f"{one.mrr:.3f}",
        )
