"""What `policy-service refine --classifier` prints of versions; and where any version stands."""

from rich.table import Table

from policy_service.cli.output import console, print_json, table
from policy_service.domain.learning import NamingFigures, VersionCard
from policy_service.workflows.platform import Platform
from policy_service.workflows.refine_classifier import ClassifierRefinement, list_classifiers


def classifiers_table(platform: Platform) -> Table:
    """List the versions of the classifier with what they were judged by."""
    shown = table("version", "parent", "columns", "before", "after", "lost", "promoted", "note")
    live = platform.classifiers.current_version()
    for card in list_classifiers(platform):
        shown.add_row(
            card.version,
            card.parent,
            str(card.lessons),
            f"{card.before.right:.0%}",
            f"{card.after.right:.0%}",
            str(card.safety_lost),
            state_of(card, live),
            card.note,
        )
    return shown


def say_classifier(done: ClassifierRefinement, *, as_json: bool) -> None:
    """Tell what one round gave."""
    card, report = done.card, done.report
    if as_json:
        print_json({"card": card, "safety_lost": report.safety_lost})
        return
    promoted = "promoted: the next scan uses it" if card.promoted else "[yellow]not promoted[/]"
    console.print(
        f"[bold]{card.version}[/] learned from {card.lessons} columns that people spoke of; "
        f"{promoted}\n"
    )
    figures = table("columns it did not learn from", "", "right", "people found")
    for when, one in (("before", card.before), ("after", card.after)):
        figures.add_row(str(one.columns), when, *_shares(one))
    console.print(figures)
    console.print(
        f"\nsafety set: {card.safety_columns} columns protected before, "
        f"{card.safety_lost} of them lost"
    )
    if card.note:
        console.print(f"[dim]{card.note}[/]")


def state_of(card: VersionCard, live: str) -> str:
    """Say whether a version is live, was promoted, or neither."""
    if card.version == live:
        return "yes, live"
    return "yes" if card.promoted else "no"


def _shares(figures: NamingFigures) -> tuple[str, str]:
    return f"{figures.right:.0%}", f"{figures.found:.0%}"
