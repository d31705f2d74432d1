"""How imported texts are shown on a terminal: as text, never as markup or control codes."""

from rich.markup import escape

from policy_service.corpus.diff import Run, Wording, word_changes
from policy_service.domain.edition import TextChange
from policy_service.domain.provision import Obligation, Provision, Standing

_CONTEXT = 8  # words shown on either side of a change
_STANDINGS = {
    Standing.DIGEST: "digest in our own words",
    Standing.APPROVED: "official text, approved",
    Standing.UNREVIEWED: "UNREVIEWED import: found, never drafted from",
}
_MARKS = {
    Wording.ADDED: ("[green]{+", "+}[/]"),
    Wording.REMOVED: ("[red]\\[-", "-][/]"),
}


def shown(text: str) -> str:
    """Return text from outside for `console.print`: no markup, no control character acts."""
    printable = "".join(one if one.isprintable() or one == "\n" else "�" for one in text)
    return escape(printable)


def title_of(provision: Provision) -> str:
    """Name a provision for people: `GDPR, Article 32(1)(a) · Pseudonymisation`."""
    short = provision.heading[0] if provision.heading else provision.instrument
    title = f" · {shown(provision.title)}" if provision.title else ""
    return f"[bold]{shown(short)}, {shown(provision.section)}[/]{title}"


def standing_of(provision: Provision) -> str:
    """Say in words what the text of a provision is, and since when it holds."""
    words = _STANDINGS[provision.standing]
    if provision.superseded:
        words = f"{words}; until {provision.superseded}"
    colour = "yellow" if provision.standing is Standing.UNREVIEWED else "dim"
    return f"[{colour}]{words}, version of {provision.version_date}[/]"


def path_of(provision: Provision) -> str:
    """Write the headings above a provision as a path; empty where there is only one."""
    return shown(" › ".join(provision.heading[1:]))


def obligation_of(one: Obligation) -> str:
    """Write an obligation on one line: kind, parameters, data categories."""
    settings = ", ".join(f"{name}={_value(value)}" for name, value in one.parameters.items())
    about = ", ".join(one.data_categories)
    return shown(" · ".join(part for part in (one.kind.value, settings, about) if part))


def changed_words(change: TextChange) -> str:
    """Write a changed text with removed words as `[-…-]` and added ones as `{+…+}`."""
    runs = word_changes(change.before.text, change.after.text)
    return " ".join(_run(run, number, len(runs)) for number, run in enumerate(runs))


def first_line(text: str, length: int = 90) -> str:
    """Return the start of a text on one line."""
    words = " ".join(text.split())
    return shown(words if len(words) <= length else f"{words[: length - 1].rstrip()}…")


def _run(run: Run, number: int, total: int) -> str:
    if run.wording is Wording.SAME:
        return shown(_shortened(run.text, first=number == 0, last=number == total - 1))
    opening, closing = _MARKS[run.wording]
    return f"{opening}{shown(run.text)}{closing}"


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """Keep the words next to a change; what lies between becomes an ellipsis."""
    words = text.split(" ")
    head = [] if first else words[:_CONTEXT]
    tail = [] if last else words[-_CONTEXT:]
    if len(words) <= len(head) + len(tail) + 1:
        return text
    return " ".join((*head, "…", *tail))


def _value(value: object) -> str:
    return "/".join(value) if isinstance(value, tuple) else str(value)
