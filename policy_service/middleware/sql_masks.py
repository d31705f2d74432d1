"""Masks and row filters as SQL: functions of the connection, or plain SQL in PostgreSQL.

Each form equals `masking.values.mask_value`, or is NULL where the engine writes the value
differently. Keys stand neither in the statement nor among its parameters: they stay in Python
(SQLite, DuckDB) or in a table of the session (PostgreSQL, `postgresql_keys`).
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are bound

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from policy_service.domain.control import Control, Operator, RowFilter
from policy_service.domain.errors import MaskingError, StatementRefusedError
from policy_service.domain.identifiers import AssetId
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys, control_key
from policy_service.masking.parameters import (
    bucket_width,
    generalisation,
    kept_ends,
    limits,
    replacement,
    subject_column,
)
from policy_service.middleware import duckdb_masks, postgresql_masks
from policy_service.middleware.postgresql_keys import Secret
from policy_service.middleware.sqlite_functions import control_argument

if TYPE_CHECKING:
    from policy_service.engines import sqlglot_dialects as dialects
    from policy_service.masking import values
else:
    dialects = LateModule("policy_service.engines.sqlglot_dialects")
    values = LateModule("policy_service.masking.values")

Bind = Callable[[object], str]  # keeps a value as a bind parameter and names it in SQL
Sibling = Callable[[str], str]  # writes another column of the same row
_INSTEAD = {Operator.NOISE: "bucket", Operator.DATE_SHIFT: "generalise"}


class TablePlace(Protocol):
    """Writes the quoted place of a table in the database."""

    def __call__(self, table: AssetId) -> str:
        """Return `"schema"."table"`."""
        ...


def mask_sql(
    column: str,
    control: Control,
    *,
    dialect: str,
    keys: MaskingKeys,
    bind: Bind,
    sibling: Sibling,
    secret: Secret | None = None,
) -> str:
    """Write the masked form of `column`, itself SQL.

    `secret` writes how PostgreSQL reads a key; without it keys are bound, for SQL that is
    never logged. Raises `StatementRefusedError` where the dialect has no form of the operator, and
    `MaskingError` for a control that cannot be carried out.
    """
    operator = control.operator
    if operator is Operator.CLEAR:
        return column
    if operator is Operator.NULL:
        return f"CASE WHEN 1 = 0 THEN {column} END"  # keeps the column's type
    if operator in (Operator.REDACT, Operator.REPLACE):
        value = values.REDACTED if operator is Operator.REDACT else replacement(control)
        typed = "::text" if dialect == "postgresql" and isinstance(value, str) else ""
        return f"CASE WHEN {column} IS NOT NULL THEN {bind(value)}{typed} END"
    if operator is Operator.DENY:
        raise MaskingError("a denied column has no SQL form; leave it out")
    if operator.needs_whole_table:
        raise StatementRefusedError(
            f"`{operator.value}` needs all rows at once, which a statement chooses; "
            "mask the whole table as a data frame, or amend the rule"
        )
    if dialect == "sqlite":
        return _sqlite(column, control, keys, bind, sibling)
    if dialect == "duckdb":
        return duckdb_masks.masked(column, control, keys=keys, sibling=sibling)
    return _postgresql(column, control, keys, secret or (lambda key: f"{bind(key)}::bytea"))


def _sqlite(column: str, control: Control, keys: MaskingKeys, bind: Bind, sibling: Sibling) -> str:
    match control.operator:
        case Operator.GENERALISE if generalisation(control)[0] != "level":
            to, keep = generalisation(control)
            return f"ps_generalise({column}, '{to}', {keep})"
        case Operator.BUCKET:
            return f"ps_bucket({column}, {bucket_width(control)})"
        case Operator.PARTIAL:
            first, last = kept_ends(control)
            return f"ps_partial({column}, {first}, {last})"
        case Operator.PSEUDONYMISE | Operator.FORMAT_PRESERVING:
            control_key(control, keys)  # a missing key is told now, not by the database
            name = control.parameters.text("key").replace("'", "''")
            return f"ps_{control.operator.value}({column}, '{name}')"
        case _:
            values.cell_mask(control, keys=keys)  # what is wrong is told now, not by the database
            subject = subject_column(control)
            owner = sibling(subject) if subject else "NULL"
            return f"ps_mask({column}, {bind(control_argument(control))}, {owner})"


def _postgresql(column: str, control: Control, keys: MaskingKeys, secret: Secret) -> str:
    match control.operator:
        case Operator.GENERALISE if generalisation(control)[0] != "level":
            to, keep = generalisation(control)
            return postgresql_masks.generalise(column, to=to, keep=keep)
        case Operator.BUCKET:
            return postgresql_masks.bucket(column, width=bucket_width(control))
        case Operator.PARTIAL:
            first, last = kept_ends(control)
            return postgresql_masks.partial(column, first=first, last=last)
        case Operator.PSEUDONYMISE:
            return postgresql_masks.pseudonymise(
                column, key=control_key(control, keys), secret=secret
            )
        case Operator.TOP_BOTTOM:
            low, high = (_whole_limit(one) for one in limits(control))
            return postgresql_masks.top_bottom(column, low=low, high=high)
        case _:
            instead = _INSTEAD.get(control.operator, "pseudonymise")
            raise StatementRefusedError(
                f"`{control.operator.value}` has no form in postgresql; "
                f"read the column through a data frame, or amend the rule to {instead}"
            )


def _whole_limit(limit: int | float | None) -> int | None:
    if isinstance(limit, float):
        raise StatementRefusedError(
            "`top_bottom` with a fraction has no form in postgresql; "
            "amend the rule to whole limits, or read the column through a data frame"
        )
    return limit


def filter_sql(
    row_filter: RowFilter,
    *,
    alias: str,
    attributes: Mapping[str, object],
    place: TablePlace,
    bind: Bind,
    dialect: str = "",
) -> str:
    """Write a row filter over the table aliased `alias`; without the attribute no row passes."""
    if row_filter.subject_attribute not in attributes:
        return "1 = 0"
    value = bind(attributes[row_filter.subject_attribute])
    names = [alias, *(f"ps_j{step}" for step in range(len(row_filter.path)))]
    column = f"{names[-1]}.{dialects.quoted(row_filter.column)}"
    if dialect == "duckdb":
        # Else it would cast the column to the attribute's type, and fail on hidden rows.
        value = f"TRY(cast_to_type({value}, {column}))"
    condition = f"{column} = {value}"
    for step in reversed(range(len(row_filter.path))):
        join = row_filter.path[step]
        condition = (
            f"{names[step]}.{dialects.quoted(join.column)} IN ("
            f"SELECT {names[step + 1]}.{dialects.quoted(join.references_column)} "
            f"FROM {place(join.references_table)} AS {names[step + 1]} WHERE {condition})"
        )
    return condition
