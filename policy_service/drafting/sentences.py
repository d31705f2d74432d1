"""Rules in one plain sentence each, built from the typed form and never the other way."""

from collections.abc import Mapping

from policy_service.domain.categories import CategoryTable
from policy_service.domain.control import Action, Control, Operator, RowFilter
from policy_service.domain.draft import DecisionPoint
from policy_service.domain.identifiers import AssetId, RoleId
from policy_service.drafting.words import human

_WRITE_VERBS = {Action.CREATE: "enter", Action.UPDATE: "change", Action.DELETE: "delete"}
_SHOWN = {
    Operator.NULL: "as empty values",
    Operator.REDACT: "with every value redacted",
    Operator.REPLACE: "replaced by a constant",
    Operator.CLEAR: "in clear",
    Operator.FORMAT_PRESERVING: "as values of the same format",
}


def access_sentence(
    point: DecisionPoint,
    control: Control,
    row_filter: RowFilter | None,
    *,
    titles: Mapping[RoleId, str],
    categories: CategoryTable,
) -> str:
    """Say who may do what with which data, how and what for."""
    who = titles.get(point.role, human(point.role))
    what = f"{categories.label(point.category)} in {table_name(point.table)}"
    purpose = purpose_name(point.purpose)
    if control.operator is Operator.DENY:
        return f"{who}: no access to {what}, {_column_names(point)}, for {purpose}."
    rows = "" if row_filter is None else f", only rows of the own {human(row_filter.column)}"
    if point.action is Action.READ:
        shown = control_words(control)
        return f"{who}: read {what} ({_column_names(point)}) {shown} for {purpose}{rows}."
    verb = _WRITE_VERBS[point.action]
    return f"{who}: {verb} {what} ({_column_names(point)}) for {purpose}{rows}."


def control_words(control: Control) -> str:
    """Say how a value is shown."""
    parameters = control.parameters
    if control.operator is Operator.PARTIAL:
        first, last = parameters.get("first", 0), parameters.get("last", 0)
        parts = [f"the first {first}" if first else "", f"the last {last}" if last else ""]
        shown = " and ".join(part for part in parts if part)
        return f"showing only {shown} characters" if shown else "with every character covered"
    if control.operator is Operator.GENERALISE:
        to = str(parameters.get("to", "")).replace("_", " ")
        if to == "prefix":
            return f"as the first {parameters.get('keep', 0)} characters"
        return f"generalised to {to}"
    if control.operator is Operator.BUCKET:
        return f"in bands of {parameters.get('width', '')}"
    if control.operator is Operator.PSEUDONYMISE:
        key = purpose_name(str(parameters.get("key", "")))
        return f"as keyed pseudonyms that join within {key}"
    return _SHOWN.get(control.operator, "as the policy says")


def purpose_name(purpose: str) -> str:
    """Write a data use as people would: `essential service, operations`."""
    return purpose.replace("_", " ").replace(".", " / ")


def table_name(table: AssetId) -> str:
    """Name a table by its own name."""
    return f"`{table.rsplit('.', 1)[-1]}`"


def _column_names(point: DecisionPoint) -> str:
    return ", ".join(f"`{column.rsplit('.', 1)[-1]}`" for column in point.columns)
