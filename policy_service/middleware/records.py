"""Guard JSON records: filter and mask them by a declared mapping from fields to columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator, RowFilter
from policy_service.domain.errors import MaskingError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.values import mask_value


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """Which table the records of a route come from, and which column each field holds."""

    table: AssetId
    fields: tuple[tuple[str, str], ...]  # field of the JSON object, column of the table
    rows_at: tuple[str, ...] = ()  # names that lead to the list of records; empty: the body


def guard_json(
    body: object, *, mapping: RecordMapping, view: TableView, keys: MaskingKeys
) -> object:
    """Return the body with its records filtered and masked; what is not mapped is left out.

    The body, or what `rows_at` leads to, is a record or a list of records.
    Raises `MaskingError` for any other shape.
    """
    if not mapping.rows_at:
        return _guard_rows(body, mapping, view, keys)
    if not isinstance(body, Mapping) or mapping.rows_at[0] not in body:
        raise MaskingError("the response does not have the declared shape; it is withheld")
    name = mapping.rows_at[0]
    inner = RecordMapping(table=mapping.table, fields=mapping.fields, rows_at=mapping.rows_at[1:])
    return {name: guard_json(body[name], mapping=inner, view=view, keys=keys)}


def _guard_rows(body: object, mapping: RecordMapping, view: TableView, keys: MaskingKeys) -> object:
    if isinstance(body, Mapping):
        shown = _guard_record(body, mapping, view, keys)
        if shown is None:
            raise MaskingError("the record may not be seen")
        return shown
    if not isinstance(body, list):
        raise MaskingError("the response does not have the declared shape; it is withheld")
    shown_rows = [_guard_record(one, mapping, view, keys) for one in body]
    return [one for one in shown_rows if one is not None]


def _guard_record(
    record: object, mapping: RecordMapping, view: TableView, keys: MaskingKeys
) -> dict[str, object] | None:
    if not isinstance(record, Mapping):
        raise MaskingError("the response does not have the declared shape; it is withheld")
    values = {column: record[field] for field, column in mapping.fields if field in record}
    attributes = dict(view.attributes)
    if not all(_passes(one, values, attributes) for one in view.row_filters):
        return None
    controls = {asset_parts(one.column)[-1]: one.control for one in view.columns}
    return {
        field: _shown(record[field], controls[column], keys, values)
        for field, column in mapping.fields
        if field in record and column in controls and controls[column].operator is not Operator.DENY
    }


def _shown(value: object, control: Control, keys: MaskingKeys, row: Mapping[str, object]) -> object:
    if isinstance(value, Mapping | list) and control.operator in (Operator.NULL, Operator.REDACT):
        return mask_value("", control, keys=keys)
    return mask_value(value, control, keys=keys, row=row)


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
