"""Infers the foreign keys that a database does not declare.

A column is proposed as a reference when its name points at a table (`client_id` at
`client`, `home_district` at `district`) that has a unique column of the same type; it is
accepted when the database confirms that the sampled values occur there. Names alone, or
values alone, prove nothing: small whole numbers are contained in every key.
"""

from collections.abc import Sequence
from dataclasses import replace

from policy_service.catalog.classification.topics import singular, table_words
from policy_service.catalog.names.words import is_key_name, name_words
from policy_service.catalog.observation import ObservedColumn, ObservedTable
from policy_service.catalog.source import Source
from policy_service.domain.asset import ForeignKey
from policy_service.domain.identifiers import AssetId

_CONTAINED = 0.98  # the share of different sampled values that must occur in the other table
_MOST_VALUES = 500
_VERIFY_UP_TO = 1_000_000  # rows of a table whose uniqueness is checked in full
_KEY_TYPES = frozenset({"integer", "text", "decimal"})


def infer_keys(source: Source, tables: Sequence[ObservedTable]) -> tuple[ObservedTable, ...]:
    """Add inferred foreign keys to the tables, and mark the columns found to be unique."""
    known = tuple(_mark_unique(source, table) for table in tables)
    return tuple(
        replace(table, foreign_keys=(*table.foreign_keys, *_infer(source, table, known)))
        for table in known
    )


def _mark_unique(source: Source, table: ObservedTable) -> ObservedTable:
    """Mark the first columns that look like keys and that the whole table proves unique."""
    if any(column.primary_key or column.unique for column in table.columns):
        return table
    columns = list(table.columns)
    for place, column in enumerate(columns):
        candidate = place == 0 or is_key_name(column.name)
        if candidate and column.data_type in _KEY_TYPES and _all_differ(source, table, column):
            columns[place] = replace(column, unique=True)
            break
    return replace(table, columns=tuple(columns))


def _all_differ(source: Source, table: ObservedTable, column: ObservedColumn) -> bool:
    values = column.present()
    if len(values) < 2 or len(values) < len(column.values) or len(set(values)) < len(values):
        return False
    if table.row_count > _VERIFY_UP_TO:
        return True
    return source.count_distinct(table, column.name) == table.row_count


def _infer(
    source: Source, table: ObservedTable, tables: Sequence[ObservedTable]
) -> list[ForeignKey]:
    declared = {key.column for key in table.foreign_keys}
    found = []
    for column in table.columns:
        if column.name in declared or column.data_type not in _KEY_TYPES or not column.present():
            continue
        for target, key in _candidates(table, column, tables):
            if _contained(source, column, target, key):
                found.append(
                    ForeignKey(
                        column=column.name,
                        references_table=AssetId(target.id),
                        references_column=key.name,
                        inferred=True,
                    )
                )
                break
    return found


def _candidates(
    table: ObservedTable, column: ObservedColumn, tables: Sequence[ObservedTable]
) -> list[tuple[ObservedTable, ObservedColumn]]:
    """List the keys that a column's name points at: by table, the longest name first, by column."""
    pointed = _pointed_words(column.name)
    if not pointed or _is_main_key(table, column):
        return []
    found = []
    for target in tables:
        named = table_words(target.name)
        by_table = bool(named) and pointed[-len(named) :] == named
        for key in target.columns:
            same_name = target.id != table.id and key.name.lower() == column.name.lower()
            fits = key.data_type == column.data_type and _is_main_key(target, key)
            if fits and (by_table or same_name):
                found.append((len(named) if by_table else 0, target, key))
    found.sort(key=lambda item: (-item[0], not item[2].primary_key, item[1].id, item[2].name))
    return [(target, key) for _, target, key in found]


def _is_main_key(table: ObservedTable, column: ObservedColumn) -> bool:
    """Tell whether a column is what other tables refer to: the primary key, or the first unique."""
    keys = [one for one in table.columns if one.primary_key]
    if keys:
        return len(keys) == 1 and keys[0] is column
    unique = next((one for one in table.columns if one.unique), None)
    return unique is column


def _pointed_words(name: str) -> tuple[str, ...]:
    """Return the words of a column name without its ending: `client_id` points at `client`."""
    words = name_words(name)
    if is_key_name(name) or words[-1:] == ("code",):
        words = words[:-1]
    elif len(words) == 1 and len(words[0]) > 4 and words[0].endswith("id"):
        words = (words[0][:-2],)  # customerid
    return tuple(map(singular, words))


def _contained(
    source: Source, column: ObservedColumn, target: ObservedTable, key: ObservedColumn
) -> bool:
    """Ask the source how many of the sampled values occur in the other table's key."""
    values = sorted(set(column.present()), key=repr)
    values = values[:: max(1, len(values) // _MOST_VALUES)][:_MOST_VALUES]
    held = source.count_held(target, key.name, values)
    return held is not None and held >= _CONTAINED * len(values)
