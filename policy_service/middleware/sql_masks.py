"""Masks and row filters as SQL: for SQLite functions of the connection, for PostgreSQL plain SQL.

Each form equals `masking.values.mask_value`, or is NULL where the engine writes
the value differently. Keys never stand in the statement: they are bind
parameters (PostgreSQL) or stay in Python (SQLite).
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are bound

from collections.abc import Callable, Mapping
from typing import Protocol

from policy_service.domain.control import Control, Operator, RowFilter
from policy_service.domain.errors import MaskingError, StatementRefusedError
from policy_service.domain.identifiers import AssetId
from policy_service.masking.keys import MaskingKeys, control_key
from policy_service.masking.parameters import bucket_width, generalisation, kept_ends, replacement
from policy_service.masking.values import REDACTED
from policy_service.middleware import postgresql_masks

Bind = Callable[[object], str]  # keeps a value as a bind parameter and names it in SQL


class TablePlace(Protocol):
    """Writes the quoted place of a table in the database."""

    def __call__(self, table: AssetId) -> str:
        """Return `"schema"."table"`."""
        ...


def quoted(name: str) -> str:
    """Quote an identifier. Source: SQL-92, delimited identifiers."""
    return '"' + name.replace('"', '""') + '"'


def mask_sql(column: str, control: Control, *, dialect: str, keys: MaskingKeys, bind: Bind) -> str:
    """Write the masked form of `column`, itself SQL.

    Raises `StatementRefusedError` where the dialect has no form of the operator.
    """
    operator = control.operator
    if operator is Operator.CLEAR:
        return column
    if operator is Operator.NULL:
        return f"CASE WHEN 1 = 0 THEN {column} END"  # keeps the column's type
    if operator in (Operator.REDACT, Operator.REPLACE):
        value = REDACTED if operator is Operator.REDACT else replacement(control)
        typed = "::text" if dialect == "postgresql" and isinstance(value, str) else ""
        return f"CASE WHEN {column} IS NOT NULL THEN {bind(value)}{typed} END"
    if operator is Operator.DENY:
        raise MaskingError("a denied column has no SQL form; leave it out")
    if dialect == "sqlite":
        return _sqlite(column, control, keys)
    return _postgresql(column, control, keys, bind)


def _sqlite(column: str, control: Control, keys: MaskingKeys) -> str:
    match control.operator:
        case Operator.GENERALISE:
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
            raise StatementRefusedError(f"`{control.operator.value}` has no form in sqlite")


def _postgresql(column: str, control: Control, keys: MaskingKeys, bind: Bind) -> str:
    match control.operator:
        case Operator.GENERALISE:
            to, keep = generalisation(control)
            return postgresql_masks.generalise(column, to=to, keep=keep)
        case Operator.BUCKET:
            return postgresql_masks.bucket(column, width=bucket_width(control))
        case Operator.PARTIAL:
            first, last = kept_ends(control)
            return postgresql_masks.partial(column, first=first, last=last)
        case Operator.PSEUDONYMISE:
            return postgresql_masks.pseudonymise(column, key=control_key(control, keys), bind=bind)
        case _:
            raise StatementRefusedError(
                f"`{control.operator.value}` has no form in postgresql; "
                "read the column through a data frame, or amend the rule to pseudonymise"
            )


def filter_sql(
    row_filter: RowFilter,
    *,
    alias: str,
    attributes: Mapping[str, object],
    place: TablePlace,
    bind: Bind,
) -> str:
    """Write a row filter over the table aliased `alias`; without the attribute no row passes."""
    if row_filter.subject_attribute not in attributes:
        return "1 = 0"
    value = bind(attributes[row_filter.subject_attribute])
    names = [alias, *(f"ps_j{step}" for step in range(len(row_filter.path)))]
    condition = f"{names[-1]}.{quoted(row_filter.column)} = {value}"
    for step in reversed(range(len(row_filter.path))):
        join = row_filter.path[step]
        condition = (
            f"{names[step]}.{quoted(join.column)} IN ("
            f"SELECT {names[step + 1]}.{quoted(join.references_column)} "
            f"FROM {place(join.references_table)} AS {names[step + 1]} WHERE {condition})"
        )
    return condition
