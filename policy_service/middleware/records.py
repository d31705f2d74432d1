"""Guard JSON records: filter and mask them by a declared mapping from fields to columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator, RowFilter
from policy_service.domain.errors import MaskingError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.domain.predicate import columns_of
from policy_service.enforcement.partial import row_passes
from policy_service.kit.late import LateModule
from policy_service.masking.keys import MaskingKeys

if TYPE_CHECKING:
    from policy_service.masking import values as masks
else:
    masks = LateModule("policy_service.masking.values")

_SHAPE = "the response does not have the declared shape; it is withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """Which table the records of a route come from, and which column each field holds.

    A field of `nested` holds a record of another table, or a list of them: a customer with
    its accounts.
    """

    table: AssetId
    fields: tuple[tuple[str, str], ...]  # field of the JSON object, column of the table
    rows_at: tuple[str, ...] = ()  # names that lead to the list of records; empty: the body
    nested: tuple[tuple[str, RecordMapping], ...] = ()  # field, what its records are

    def tables(self) -> Iterator[AssetId]:
        """Name every table whose records may stand in an answer."""
        yield self.table
        for _, inner in self.nested:
            yield from inner.tables()


class RecordGuard:
    """Shows records by the views of one subject for one purpose; made once for an answer.

    `views` holds a view of each table of the mapping that may be read; records of the others
    are left out. Raises `MaskingError` where the mapping's own table is not among them.
    """

    def __init__(
        self, mapping: RecordMapping, *, views: Mapping[AssetId, TableView], keys: MaskingKeys
    ) -> None:
        if mapping.table not in views:
            raise MaskingError(f"there is no view of `{mapping.table}`; nothing is shown")
        self._keys = keys
        self._view = views[mapping.table]
        self._mapping = mapping
        self._attributes = dict(self._view.attributes)
        self._needed = sorted(columns_of(self._view.predicate))
        self._shown = tuple(_shown_fields(mapping, self._view))
        self._nested = tuple(
            (name, RecordGuard(inner, views=views, keys=keys))
            for name, inner in mapping.nested
            if inner.table in views
        )

    def rows(self, body: object) -> object:
        """Show a record or a list of records. Raises `MaskingError` for anything else."""
        if isinstance(body, list):
            return [shown for one in body if (shown := self.record(one)) is not None]
        shown = self.record(body)
        if shown is None:
            raise MaskingError("the record may not be seen")
        return shown

    def record(self, record: object) -> dict[str, object] | None:
        """Show one record; None where its row may not be seen."""
        if not isinstance(record, Mapping):
            raise MaskingError(_SHAPE)
        values = {column: record[name] for name, column in self._mapping.fields if name in record}
        if not self._may_be_seen(values):
            return None
        shown: dict[str, object] = {
            name: _masked(record[name], control, self._keys, values)
            for name, control in self._shown
            if name in record
        }
        for name, inner in self._nested:
            if name in record:
                shown[name] = inner.inside(record[name])
        return shown

    def inside(self, value: object) -> object:
        """Show nested records; one alone that may not be seen is null."""
        if value is None:
            return None
        return self.rows(value) if isinstance(value, list) else self.record(value)

    def _may_be_seen(self, values: Mapping[str, object]) -> bool:
        view = self._view
        if not all(_passes(one, values, self._attributes) for one in view.row_filters):
            return False
        for column in self._needed:
            if column not in values:
                raise MaskingError(
                    f"rows cannot be filtered by `{column}`; map it, or filter in the database"
                )
        return row_passes(view.predicate, values)


def guard_json(
    body: object, *, mapping: RecordMapping, view: TableView, keys: MaskingKeys
) -> object:
    """Return the body with its records filtered and masked; what is not mapped is left out.

    The body, or what `rows_at` leads to, is a record or a list of records.
    Raises `MaskingError` for any other shape.
    """
    guard = RecordGuard(mapping, views={mapping.table: view}, keys=keys)
    for name in mapping.rows_at:
        if not isinstance(body, Mapping) or name not in body:
            raise MaskingError(_SHAPE)
        body = body[name]
    shown = guard.rows(body)
    for name in reversed(mapping.rows_at):
        shown = {name: shown}
    return shown


def _shown_fields(mapping: RecordMapping, view: TableView) -> Iterator[tuple[str, Control]]:
    controls = {asset_parts(one.column)[-1]: one.control for one in view.columns}
    for name, column in mapping.fields:
        control = controls.get(column)
        if control is not None and control.operator is not Operator.DENY:
            yield name, control


def _masked(
    value: object, control: Control, keys: MaskingKeys, row: Mapping[str, object]
) -> object:
    if isinstance(value, Mapping | list) and control.operator in (Operator.NULL, Operator.REDACT):
        return masks.mask_value("", control, keys=keys)
    return masks.mask_value(value, control, keys=keys, row=row)


def _passes(
    row_filter: RowFilter, values: Mapping[str, object], attributes: Mapping[str, object]
) -> bool:
    if row_filter.path or row_filter.column not in values:
        raise MaskingError(
            f"rows cannot be filtered by `{row_filter.column}`; map it, or filter in the database"
        )
    if row_filter.subject_attribute not in attributes:
        return False
    wanted, found = attributes[row_filter.subject_attribute], values[row_filter.column]
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
