"""A dbt project's `manifest.json`, versions 9 to 12, and the `catalog.json` beside it if any.

Models, seeds, snapshots and sources become tables; ephemeral models have none. Columns come
from both files: the catalogue knows what the warehouse holds, the manifest what it means.
Keys come from contracts and from data tests. SQL and Jinja are not run.
Source: the reference of dbt's artifacts (schemas.getdbt.com).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from policy_service.catalog.file_sources.dbt_tests import Proven, read_tests
from policy_service.catalog.file_sources.declared import (
    DeclaredColumn,
    DeclaredKey,
    DeclaredTable,
)
from policy_service.catalog.file_sources.documents import Part, read_document
from policy_service.domain.errors import CatalogError

_VERSION = re.compile(r"/manifest/v([0-9]{1,4})\.json$")
_READ_VERSIONS = range(9, 13)
_TABLES = frozenset({"model", "seed", "snapshot"})
_ROW_COUNTS = ("row_count", "num_rows")
# Where teams write in `meta` what a column is; other keys are theirs.
_MEANINGS = frozenset(
    {
        "data_category", "data_categories", "fides_data_category", "category", "classification",
        "data_classification", "sensitivity", "privacy", "pii", "contains_pii", "is_pii", "gdpr",
        "phi", "policy_tags",
    }
)  # fmt: skip


def read_dbt(path: Path) -> tuple[DeclaredTable, ...]:
    """Read the tables that a dbt manifest describes.

    Raises `CatalogError` naming file and key for a manifest of another version or shape.
    """
    manifest = read_document(path)
    _check_version(manifest)
    nodes = {
        name: node
        for group in ("nodes", "sources")
        for name, node in manifest.entries(group)
        if _is_table(name, node)
    }
    tests = read_tests(manifest, nodes)
    catalog = _catalog(path.with_name("catalog.json"))
    places = {name: _place(name, node) for name, node in nodes.items()}
    found: dict[tuple[str, str], DeclaredTable] = {}
    for name, node in sorted(nodes.items()):
        table = _table(node, places, tests.get(name, Proven()), catalog.get(name), places[name])
        known = found.get(places[name])
        found[places[name]] = table if known is None else _merged(known, table)
    return tuple(found.values())


def _check_version(manifest: Part) -> None:
    told = manifest.child("metadata").text("dbt_schema_version") if manifest.has("metadata") else ""
    found = _VERSION.search(told)
    if found is None:
        raise CatalogError(
            f"`{manifest.file}` is no dbt manifest: `metadata.dbt_schema_version` is missing; "
            "name the `manifest.json` in the folder `target`"
        )
    if int(found[1]) not in _READ_VERSIONS:
        raise CatalogError(
            f"`{manifest.file}` is a manifest of version {found[1]}; versions "
            f"{_READ_VERSIONS[0]} to {_READ_VERSIONS[-1]} are read"
        )


def _is_table(name: str, node: Part) -> bool:
    kind = node.text("resource_type") or name.split(".", 1)[0]
    if kind == "source":
        return True
    ephemeral = node.has("config") and node.child("config").text("materialized") == "ephemeral"
    return kind in _TABLES and not ephemeral


def _place(name: str, node: Part) -> tuple[str, str]:
    """Return schema and name of the relation that a node makes or reads."""
    told = node.text("identifier") if name.startswith("source.") else node.text("alias")
    return node.text("schema"), told or node.name("name")


def _table(
    node: Part,
    places: Mapping[str, tuple[str, str]],
    proven: Proven,
    catalog: Part | None,
    place: tuple[str, str],
) -> DeclaredTable:
    described = {column.name("name"): column for _, column in node.entries("columns")}
    _constraints(node, described, proven)
    # dbt guesses `primary_key` from tests, even from those that only warn.
    guessed = frozenset(node.texts("primary_key"))
    primary = _constrained(node, described, "primary_key") or (guessed & proven.unique)
    real = _catalog_types(catalog)
    known = {name.casefold(): name for name in described}
    names = [known.get(name.casefold(), name) for name in real]
    names += [name for name in described if name not in names]
    types = {known.get(name.casefold(), name): kind for name, kind in real.items()}
    return DeclaredTable(
        schema=place[0],
        name=place[1],
        columns=tuple(
            _column(name, described.get(name), types.get(name, ""), primary, proven)
            for name in names
        ),
        keys=tuple(
            DeclaredKey(column=one.column, table=places[one.parent][1], target=one.target)
            for one in proven.references
            if places[one.parent][0] == place[0]
        ),
        row_count=_row_count(catalog),
        description=node.text("description"),
    )


def _merged(one: DeclaredTable, other: DeclaredTable) -> DeclaredTable:
    """Join what two nodes say of one relation: a seed that is also somebody's source."""
    columns = {column.name: column for column in one.columns}
    for column in other.columns:
        known = columns.get(column.name, column)
        columns[column.name] = replace(
            known,
            declared_type=known.declared_type or column.declared_type,
            nullable=known.nullable and column.nullable,
            primary_key=known.primary_key or column.primary_key,
            unique=known.unique or column.unique,
            description=known.description or column.description,
            labels=tuple(dict.fromkeys((*known.labels, *column.labels))),
        )
    return replace(
        one,
        columns=tuple(columns.values()),
        keys=tuple(dict.fromkeys((*one.keys, *other.keys))),
        row_count=max(one.row_count, other.row_count),
    )


def _column(
    name: str, described: Part | None, real_type: str, primary: frozenset[str], proven: Proven
) -> DeclaredColumn:
    alone = primary == {name}
    return DeclaredColumn(
        name=name,
        declared_type=real_type or (described.text("data_type") if described else ""),
        nullable=name not in proven.filled | primary,
        primary_key=name in primary,
        unique=name in proven.unique or alone,
        description=described.text("description") if described else "",
        labels=tuple(_labels(described)) if described else (),
    )


def _labels(column: Part) -> Iterator[str]:
    """Yield tags and the meanings in `meta`, which newer versions keep under `config`."""
    holders = [column, *([column.child("config")] if column.has("config") else [])]
    for holder in holders:
        yield from holder.texts("tags")
        for key, meant in holder.entries("meta"):
            if key.lower() not in _MEANINGS:
                continue
            if isinstance(meant.value, bool):
                yield from [key] if meant.value else ()
            elif isinstance(meant.value, str):
                yield meant.value
            elif isinstance(meant.value, list):
                yield from (one for one in meant.value if isinstance(one, str))


def _constraints(node: Part, described: Mapping[str, Part], proven: Proven) -> None:
    """Take what a contract's constraints say; dbt makes the warehouse check not-null."""
    proven.filled.update(_constrained(node, described, "not_null"))
    for column, told in described.items():
        if any(one.text("type") == "unique" for one in told.parts("constraints")):
            proven.unique.add(column)
    for one in node.parts("constraints"):
        columns = one.texts("columns")
        if one.text("type") == "unique" and len(columns) == 1:
            proven.unique.add(columns[0])


def _constrained(node: Part, described: Mapping[str, Part], kind: str) -> frozenset[str]:
    found = {
        column
        for column, told in described.items()
        if any(one.text("type") == kind for one in told.parts("constraints"))
    }
    for one in node.parts("constraints"):
        if one.text("type") == kind:
            found.update(one.texts("columns"))
    return frozenset(found)


def _catalog(path: Path) -> dict[str, Part]:
    if not path.is_file():
        return {}
    catalog = read_document(path)
    return {name: node for group in ("nodes", "sources") for name, node in catalog.entries(group)}


def _catalog_types(catalog: Part | None) -> dict[str, str]:
    """Return the types of a relation's columns by name, in their order in the warehouse."""
    if catalog is None:
        return {}
    found = []
    for name, column in catalog.entries("columns"):
        index = column.child("index").value
        found.append((index if isinstance(index, int) else 0, name, column.text("type")))
    return {name: kind for _, name, kind in sorted(found, key=lambda one: one[0])}


def _row_count(catalog: Part | None) -> int:
    if catalog is None:
        return 0
    for name, told in catalog.entries("stats"):
        value = told.child("value").value if told.is_mapping() else None
        if name in _ROW_COUNTS and isinstance(value, (int, float)) and value >= 0:
            return int(value)
    return 0
