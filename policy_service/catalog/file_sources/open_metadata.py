"""Tables as OpenMetadata describes them, in JSON or YAML: one, a list, or a page of its API.

Follows the entity `table` of the OpenMetadata standard: columns with `dataType`,
`constraint`, `children` and `tags`, and `tableConstraints`. Services, owners, lineage and
sample data are not read. Names of schemas come from `databaseSchema` or the full name.
"""

from collections.abc import Iterator
from pathlib import Path

from policy_service.catalog.file_sources.declared import (
    DeclaredColumn,
    DeclaredKey,
    DeclaredTable,
)
from policy_service.catalog.file_sources.documents import Part, read_document

_LISTS = ("tables", "data")
_DEEPEST = 16  # levels of children


def read_open_metadata(path: Path) -> tuple[DeclaredTable, ...]:
    """Read the tables of a file. Raises `CatalogError` naming file and key."""
    return tuple(map(_table, tables_of(read_document(path))))


def tables_of(document: Part) -> Iterator[Part]:
    """Yield every table of a document: itself, or the items of its list."""
    if isinstance(document.value, list):
        yield from document.items()
    elif document.has("columns"):
        yield document
    else:
        for key in _LISTS:
            if document.has(key):
                yield from document.parts(key)


def _table(table: Part) -> DeclaredTable:
    constraints = {kind: columns for kind, columns, _ in _constraints(table) if kind != "UNIQUE"}
    alone = {columns[0] for kind, columns, _ in _constraints(table) if _unique(kind, columns)}
    schema = _schema(table)
    return DeclaredTable(
        schema=schema,
        name=table.name("name"),
        columns=tuple(
            one
            for column in table.parts("columns")
            for one in _columns(column, "", constraints.get("PRIMARY_KEY", ()), alone, 1)
        ),
        keys=tuple(_keys(table, schema)),
        description=table.text("description"),
    )


def _columns(
    column: Part, above: str, primary: tuple[str, ...], unique: set[str], depth: int
) -> Iterator[DeclaredColumn]:
    name = above + column.name("name")
    if column.has("children") and any(True for _ in column.parts("children")) and depth < _DEEPEST:
        for child in column.parts("children"):
            yield from _columns(child, f"{name}.", primary, unique, depth + 1)
        return
    constraint = column.text("constraint").upper()
    yield DeclaredColumn(
        name=name,
        declared_type=_declared_type(column),
        nullable=constraint not in {"NOT_NULL", "PRIMARY_KEY"},
        primary_key=constraint == "PRIMARY_KEY" or name in primary,
        unique=constraint == "UNIQUE" or name in unique,
        description=column.text("description"),
        labels=tuple(_labels(column)),
    )


def _declared_type(column: Part) -> str:
    """Prefer what is displayed, which has the scale: `NUMBER` is often a whole number."""
    shown, plain = column.text("dataTypeDisplay"), column.text("dataType")
    return shown if shown.lower().startswith(plain.lower()) else plain


def _labels(column: Part) -> Iterator[str]:
    for tag in column.parts("tags"):
        yield tag.value if isinstance(tag.value, str) else tag.name("tagFQN")


def _constraints(table: Part) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    for one in table.parts("tableConstraints"):
        kind = one.text("constraintType").upper()
        yield kind, one.texts("columns"), one.texts("referredColumns")


def _unique(kind: str, columns: tuple[str, ...]) -> bool:
    return kind in {"UNIQUE", "PRIMARY_KEY"} and len(columns) == 1


def _keys(table: Part, schema: str) -> Iterator[DeclaredKey]:
    for kind, columns, referred in _constraints(table):
        if kind == "FOREIGN_KEY" and len(columns) == 1 and len(referred) == 1:
            parts = _full_name(referred[0])
            inside = len(parts) < 3 or not schema or parts[-3] == schema
            if len(parts) >= 2 and inside:
                yield DeclaredKey(column=columns[0], table=parts[-2], target=parts[-1])


def _schema(table: Part) -> str:
    if table.has("databaseSchema"):
        held = table.child("databaseSchema")
        told = held.value if isinstance(held.value, str) else held.name("name")
        return _full_name(told)[-1]
    parts = _full_name(table.text("fullyQualifiedName"))
    return parts[-2] if len(parts) >= 2 else ""


def _full_name(told: str) -> list[str]:
    """Split a full name at its dots; a part in quotes may hold dots."""
    parts, quoted = [""], False
    for sign in told:
        if sign == '"':
            quoted = not quoted
        elif sign == "." and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
