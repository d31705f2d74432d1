"""A table as one subject may see it: a control for each column, and which rows are shown.

What is shown of a table must hold for every row of it: a column gets the strictest control
that any of its rows may need, and a row is shown only where every shown column of it is
allowed. So a view shows no more than deciding for each row's values would, and sometimes less.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from policy_service.domain.bundle import ColumnView, RuleObligation
from policy_service.domain.control import DENY, RowFilter
from policy_service.domain.identifiers import AssetId, RuleId, asset_parts
from policy_service.domain.predicate import EVERY_ROW, NO_ROW, Predicate
from policy_service.enforcement.graph import Parents
from policy_service.enforcement.layout import Effect
from policy_service.enforcement.obligations import combine
from policy_service.enforcement.partial import Residue, all_of, any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A column's view, with what it asks of the table's rows."""

    view: ColumnView
    row_filters: tuple[RowFilter, ...] = ()
    predicate: Predicate = EVERY_ROW


def show_column(
    column: str, effects: Sequence[Effect], *, residue: Residue, now: datetime | None
) -> ShownColumn:
    """Say how a column is shown by the rules that speak for the asker about it."""
    denials = [(one, _left_by(one, residue, now)) for one in effects if one.obligation is None]
    left = all_of(rows for _, rows in denials)
    if left == NO_ROW:
        return _hidden(column, (one.rule for one, rows in denials if rows != EVERY_ROW))
    grants = [
        (one, obligation, rows)
        for one in effects
        if (obligation := one.obligation) is not None
        and (rows := _granted_by(one, residue, now)) != NO_ROW
    ]
    shown = all_of((any_of(rows for _, _, rows in grants), left))
    if shown == NO_ROW:
        return _hidden(column, ())
    rules = {one.rule for one, _, _ in grants}
    rules.update(one.rule for one, rows in denials if rows != EVERY_ROW)
    obligations = combine(_each(obligation for _, obligation, _ in grants))
    return ShownColumn(
        view=ColumnView(
            column=AssetId(column), control=obligations.control, rules=tuple(sorted(rules))
        ),
        row_filters=obligations.row_filters,
        predicate=shown,
    )


def columns_by_table(
    parents: Parents, above: Mapping[str, frozenset[str]]
) -> Mapping[str, tuple[str, ...]]:
    """List each table's columns in the order of the catalogue: nodes without a child, by id."""
    with_children = {one for child, near in parents.items() for one in near if one != child}
    found: dict[str, list[str]] = {}
    for child, reached in above.items():
        if child in with_children:
            continue
        table = child.rpartition(".")[0]
        if table in reached:
            found.setdefault(table, []).append(child)
    return {table: tuple(columns) for table, columns in found.items()}


def column_name(column: str) -> str:
    """Return a column's own name, as its rows have it."""
    return asset_parts(AssetId(column))[-1]


def _granted_by(effect: Effect, residue: Residue, now: datetime | None) -> Predicate:
    """Return the rows for which an allowing rule applies."""
    when = effect.when
    if when is None:
        return EVERY_ROW
    if when.in_force(now) is not True:
        return NO_ROW
    return EVERY_ROW if when.expression is None else residue.where(when.expression, is_=True)


def _left_by(effect: Effect, residue: Residue, now: datetime | None) -> Predicate:
    """Return the rows that a denying rule leaves alone: those for which it is false."""
    when = effect.when
    if when is None:
        return NO_ROW
    if when.in_force(now) is False:
        return EVERY_ROW
    return NO_ROW if when.expression is None else residue.where(when.expression, is_=False)


def _hidden(column: str, rules: Iterable[RuleId]) -> ShownColumn:
    view = ColumnView(column=AssetId(column), control=DENY, rules=tuple(sorted(set(rules))))
    return ShownColumn(view=view)


def _each(obligations: Iterable[RuleObligation]) -> Iterable[RuleObligation]:
    return {one.rule: one for one in obligations}.values()
