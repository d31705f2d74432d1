"""What of a table a statement may see, as the SELECT that stands for it.

The columns of a view, masked, over the rows that its filters and its condition leave. Pure:
values are kept as bind parameters, keys beside them where no log looks.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are bound

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import StatementRefusedError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.domain.predicate import EVERY_ROW, columns_of
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.postgresql_keys import key_sql
from policy_service.middleware.sql_masks import filter_sql, mask_sql
from policy_service.middleware.sql_predicates import predicate_sql

if TYPE_CHECKING:
    from policy_service.engines import sqlglot_dialects as dialects
    from policy_service.engines import sqlglot_resolution as resolution
    from policy_service.engines import sqlglot_writes as writes
else:
    dialects = LateModule("policy_service.engines.sqlglot_dialects")
    resolution = LateModule("policy_service.engines.sqlglot_resolution")
    writes = LateModule("policy_service.engines.sqlglot_writes")

_ALIAS = "ps_t"
_SCHEMAS = {"sqlite": {"public": "main"}}  # SQLite's nameless schema is called public
_DEFAULT_SCHEMA = {"sqlite": "main", "postgresql": "public", "duckdb": "main"}


def table_parts(table: AssetId, *, dialect: str) -> tuple[str, str]:
    """Return schema and name as the database has them."""
    parts = asset_parts(table)
    if len(parts) != 3:
        raise StatementRefusedError(f"`{table}` is not the id of a table; use source.schema.table")
    return _SCHEMAS.get(dialect, {}).get(parts[1], parts[1]), parts[2]


def schema_of_bare_names(asked: str | None, *, dialect: str) -> str:
    """Return the schema of tables that are named without one."""
    if asked is None:
        return _DEFAULT_SCHEMA.get(dialect, "public")
    return _SCHEMAS.get(dialect, {}).get(asked, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a rewritten statement has to be given, collected while it is written."""

    parameters: dict[str, object] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """Keep a value as a parameter."""
        name = f"ps_{len(self.parameters)}"
        self.parameters[name] = value
        return dialects.parameter(name)

    def secret(self, value: bytes) -> str:
        """Keep a key; the same one once."""
        known = {kept: name for name, kept in self.secrets.items()}
        name = known.get(value, f"k{len(self.secrets)}")
        self.secrets[name] = value
        return key_sql(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Writes relations for one statement."""

    dialect: str
    keys: MaskingKeys
    bound: Bound

    def relation(self, view: TableView) -> resolution.Relation:
        """Return what of a table may be read."""
        controls = _controls(view)
        denied = {one for one, control in controls.items() if control.operator is Operator.DENY}
        schema, name = table_parts(view.table, dialect=self.dialect)
        return resolution.Relation(
            schema=schema,
            name=name,
            columns=tuple(one for one in controls if one not in denied),
            denied=frozenset(denied),
            select=lambda columns: self._select(view, controls, columns),
        )

    def target(self, *, readable: TableView, writable: TableView, action: str) -> writes.Target:
        """Return what of a table may be written: `readable` says what the writer sees of it."""
        seen, written = _clear(readable), _clear(writable)
        schema, name = table_parts(readable.table, dialect=self.dialect)
        ids = tuple(
            f"{writes.ROW_ID}_{place}" for place, _ in enumerate(dialects.ROW_IDS[self.dialect])
        )
        deciding = _deciding(readable) | _deciding(writable)
        views = [writable, readable] if action != "create" or _shows(readable) else [writable]
        controls = _controls(readable)
        own = {dialects.fold(one, dialect=self.dialect) for one in controls} & {
            *dialects.ROW_IDS[self.dialect]
        }
        if own and action != "create":
            raise StatementRefusedError(
                f"`{name}` has a column `{min(own)}` of its own, so its rows cannot be told apart"
            )

        def select(columns: tuple[str, ...]) -> str:
            named = tuple(one for one in columns if one not in ids)
            return self._select(readable, controls, named, ids=ids)

        return writes.Target(
            relation=resolution.Relation(
                schema=schema,
                name=name,
                columns=(*seen, *ids),
                denied=frozenset(controls) - frozenset(seen),
                select=select,
            ),
            assignable=frozenset(written),
            fixed=frozenset(deciding),
            returnable=frozenset(seen),
            condition=lambda alias: " AND ".join(
                condition for view in views for condition in self._conditions(view, alias)
            ),
            checked=frozenset().union(*(_deciding(view) for view in views)),
        )

    def _select(
        self,
        view: TableView,
        controls: Mapping[str, Control],
        columns: tuple[str, ...],
        *,
        ids: tuple[str, ...] = (),
    ) -> str:
        shown = [
            f"{self._masked(view, controls, name)} AS "
            + dialects.quoted(dialects.fold(name, dialect=self.dialect))
            for name in columns
        ]
        parts = dialects.ROW_IDS[self.dialect]
        shown += [f"{_ALIAS}.{part} AS {one}" for part, one in zip(parts, ids, strict=False)]
        where = " AND ".join(self._conditions(view, _ALIAS))
        sql = (
            f"SELECT {', '.join(shown) or '1 AS ps_one'} FROM {self._place(view.table)} AS {_ALIAS}"
        )
        # The fence keeps conditions of the statement from running on rows that are filtered
        # out. It also makes SQLite mask each row once: a join over an open subquery masks it
        # again for every pair of rows.
        masked = any(controls[name].operator is not Operator.CLEAR for name in columns)
        fenced = where or (masked and self.dialect == "sqlite")
        fence = f" {dialects.FENCES[self.dialect]}" if fenced else ""
        return f"{sql}{where and f' WHERE {where}'}{fence}"

    def _masked(self, view: TableView, controls: Mapping[str, Control], name: str) -> str:
        return mask_sql(
            _column(view, controls, name, _ALIAS),
            controls[name],
            dialect=self.dialect,
            keys=self.keys,
            bind=self.bound.bind,
            sibling=lambda other: _column(view, controls, other, _ALIAS),
            secret=self.bound.secret,
        )

    def _conditions(self, view: TableView, alias: str) -> list[str]:
        if any(row_filter.table != view.table for row_filter in view.row_filters):
            raise StatementRefusedError(f"a row filter of `{view.table}` belongs to another table")
        conditions = [
            filter_sql(
                row_filter,
                alias=alias,
                attributes=dict(view.attributes),
                place=self._place,
                bind=self.bound.bind,
                dialect=self.dialect,
            )
            for row_filter in view.row_filters
        ]
        if view.predicate != EVERY_ROW:
            controls = _controls(view)
            conditions.append(
                predicate_sql(
                    view.predicate,
                    dialect=self.dialect,
                    column=lambda name: _column(view, controls, name, alias),
                    bind=self.bound.bind,
                )
            )
        return conditions

    def _place(self, table: AssetId) -> str:
        schema, name = table_parts(table, dialect=self.dialect)
        return f"{dialects.quoted(schema)}.{dialects.quoted(name)}"


def _controls(view: TableView) -> dict[str, Control]:
    return {asset_parts(one.column)[-1]: one.control for one in view.columns}


def _clear(view: TableView) -> tuple[str, ...]:
    return tuple(
        name for name, control in _controls(view).items() if control.operator is Operator.CLEAR
    )


def _shows(view: TableView) -> bool:
    return any(control.operator is not Operator.DENY for control in _controls(view).values())


def _deciding(view: TableView) -> frozenset[str]:
    """Name the columns of the table itself that decide which rows may be seen."""
    filtered = {one.path[0].column if one.path else one.column for one in view.row_filters}
    return columns_of(view.predicate) | filtered


def _column(view: TableView, controls: Mapping[str, Control], name: str, alias: str) -> str:
    if name not in controls:
        raise StatementRefusedError(f"a rule of `{view.table}` needs column `{name}`")
    return f"{alias}.{dialects.quoted(name)}"
