"""Rules in one plain sentence each, built from the typed form and never the other way."""

import re
from collections.abc import Mapping, Sequence

from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action, Control, Operator, RowFilter
from policy_service.domain.control_parameters import column_names
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.domain.parameters import Parameters
from policy_service.drafting.words import human

_WRITE_VERBS = {Action.CREATE: "enter", Action.UPDATE: "change", Action.DELETE: "delete"}
_SHOWN = {
    Operator.NULL: "only as empty values",
    Operator.REDACT: "only with every value redacted",
    Operator.REPLACE: "only as a constant",
    Operator.CLEAR: "in clear",
    Operator.ENCRYPT: "only encrypted",
    Operator.SYNTHETIC: "only as made-up values of the same kind",
    Operator.FORMAT_PRESERVING: "only as made-up values of the same format",
}
_JOINING = {Operator.PSEUDONYMISE: "keyed pseudonyms", Operator.TOKENISE: "tokens"}
_LIMITS = (("low", "at least"), ("high", "at most"))
_COARSE = {
    "sex_and_year": "sex and year of birth",
    "century": "a century",
    "decade": "a decade",
    "year": "a year",
    "quarter": "a quarter",
    "month": "a month",
}
# Data uses that do not read well as their own words; source of the keys: fideslang.
_PURPOSES = {
    "essential": "essential purposes",
    "essential.legal_obligation": "a legal obligation",
    "essential.service.operations.improve": "improving service operations",
    "essential.service.operations.support": "customer support",
    "functional.service.improve": "improving the service",
    "personalize": "personalisation",
    "third_party_sharing": "sharing with third parties",
    "train_ai_system": "training AI systems",
}
_PLAIN_TITLE = re.compile(r"[A-Za-z][A-Za-z' -]*[A-Za-z]")
_LINKS = (" of ", " for ", " in ", " to ", " at ")  # head of risk → heads of risk
_UNCOUNTED = frozenset({"staff", "personnel", "police", "management", "sales", "support"})
_KEY_WORDS = frozenset({"id", "key", "code", "number", "no", "nr"})


def access_sentence(
    point: DecisionPoint,
    control: Control,
    row_filter: RowFilter | None,
    *,
    titles: Mapping[RoleId, str],
    categories: CategoryTable,
) -> str:
    """Say who may do what with which data, how and what for."""
    who = people(titles.get(point.role, human(point.role).capitalize()))
    label = categories.label(point.category)
    what = f"the {label} in {table_name(point.table)}{_several_columns(point.columns)}"
    purpose = purpose_name(point.purpose)
    verb = "see" if point.action is Action.READ else _WRITE_VERBS[point.action]
    if control.operator is Operator.DENY:
        return f"{who} may not {verb} {what} for {purpose}."
    rows = "" if row_filter is None else f", and only rows of their own {_subject(row_filter)}"
    if point.action is Action.READ:
        return f"{who} {_seen(what, control, point.purpose)}, for {purpose}{rows}."
    return f"{who} may {verb} {what}, for {purpose}{rows}."


def people(title: str) -> str:
    """Write a job's title as the people who hold it: `Loan officer` → `Loan officers`."""
    title = title.strip()
    if not _PLAIN_TITLE.fullmatch(title):
        return f"People who work as {title}"
    head, link, rest = title, "", ""
    for one in _LINKS:
        if one in title:
            head, link, rest = title.partition(one)
            break
    return f"{_plural(head)}{link}{rest}"


def control_words(control: Control) -> str:
    """Say how a value is shown: `in clear`, `only as a year`."""
    parameters = control.parameters
    part = _part(control)
    if part:
        return f"only by {part}"
    if control.operator is Operator.PARTIAL:
        return "only with every character covered"
    if control.operator is Operator.GENERALISE:
        return f"only as {_coarse(parameters)}"
    if control.operator in _JOINING:
        stands = _JOINING[control.operator]
        return f"only as {stands} that join within {purpose_name(_key(parameters))}"
    return _SHOWN.get(control.operator) or _near(control)


def _near(control: Control) -> str:  # noqa: PLR0911 - one return for each operator
    """Say how far what is shown may be from the value."""
    given = control.parameters
    k = given.get("k", 10)
    match control.operator:
        case Operator.BUCKET:
            return f"only in bands of {given.get('width', '')}"
        case Operator.NOISE:
            return f"only with noise of about {given.get('scale', '')}{_alike(given)}"
        case Operator.DATE_SHIFT:
            return f"only moved by up to {given.get('days', '')} days{_alike(given)}"
        case Operator.TOP_BOTTOM:
            ends = [f"{words} {given[name]}" for name, words in _LIMITS if name in given]
            return f"with extremes shown as the limit, {' and '.join(ends)}"
        case Operator.SUPPRESS:
            return f"only where at least {k} rows share the values{_by(given)}"
        case Operator.AGGREGATE:
            return f"only as the {given.get('of', '')} of at least {k} rows{_by(given)}"
        case _:
            return "as the policy says"


def _alike(given: Parameters) -> str:
    return f", alike for each `{given['subject']}`" if "subject" in given else ""


def _by(given: Parameters) -> str:
    names = " and ".join(f"`{one}`" for one in column_names(given.get("by")))
    return f" by {names}" if names else ""


def _coarse(given: Parameters) -> str:
    to, level = str(given.get("to", "")), given.get("level", 1)
    if to == "level":
        return f"what they belong to, {'one level' if level == 1 else f'{level} levels'} up"
    return _COARSE.get(to, to.replace("_", " ") or "coarser values")


def purpose_name(purpose: str) -> str:
    """Write a data use as people would: `essential.fraud_detection` → `fraud detection`."""
    if purpose in _PURPOSES:
        return _PURPOSES[purpose]
    return purpose.removeprefix("essential.").replace("_", " ").replace(".", " ")


def table_name(table: AssetId) -> str:
    """Name a table by its own name."""
    return f"`{table.rsplit('.', 1)[-1]}`"


def _seen(what: str, control: Control, purpose: str) -> str:
    part = _part(control)
    if part:
        return f"see only {part} of {what}"
    if control.operator in _JOINING and _key(control.parameters) == purpose:
        return f"see {what} only as {_JOINING[control.operator]}"
    return f"see {what} {control_words(control)}"


def _part(control: Control) -> str:
    """Name the characters that stay, where a control leaves some: `the last 4 characters`."""
    parameters = control.parameters
    if control.operator is Operator.GENERALISE and parameters.get("to") == "prefix":
        ends = {"first": parameters.get("keep", 0)}
    elif control.operator is Operator.PARTIAL:
        ends = {"first": parameters.get("first", 0), "last": parameters.get("last", 0)}
    else:
        return ""
    kept = [(name, number) for name, number in ends.items() if number]
    if not kept:
        return ""
    noun = "character" if kept[-1][1] == 1 else "characters"
    words = " and ".join(f"the {name} {number}" for name, number in kept)
    return f"{words} {noun}".replace(" 1 character", " character")


def _key(parameters: Parameters) -> str:
    return str(parameters.get("key", ""))


def _plural(noun: str) -> str:
    """Write the last word of a noun in the plural."""
    last = noun.rsplit(" ", 1)[-1].lower()
    if last in _UNCOUNTED:
        return noun
    if last.endswith(("man", "woman")) and not last.endswith("human"):
        return f"{noun[:-2]}en"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if last.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def _subject(row_filter: RowFilter) -> str:
    """Name what the rows belong to: `district_id` → `district`."""
    words = human(row_filter.column).split()
    while len(words) > 1 and words[-1] in _KEY_WORDS:
        words.pop()
    return " ".join(words)


def _several_columns(columns: Sequence[AssetId]) -> str:
    """List the columns where the category and the table do not say already which one is meant."""
    if len(columns) < 2:
        return ""
    names = [f"`{column.rsplit('.', 1)[-1]}`" for column in columns]
    return f" ({', '.join(names[:-1])} and {names[-1]})"
