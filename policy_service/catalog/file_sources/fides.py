"""Fides dataset files: collections and fields with their data categories, as people declared them.

Follows the resource `dataset` of fideslang 3. The vocabulary is ours, so what such a file
says is the best evidence there is short of the data. Connection settings, masking
overrides and data subjects are not read.
"""

from collections.abc import Iterator
from pathlib import Path

from policy_service.catalog.file_sources.declared import (
    DeclaredColumn,
    DeclaredKey,
    DeclaredTable,
)
from policy_service.catalog.file_sources.documents import Part, read_document

_DEEPEST = 16  # levels of fields


def read_fides(path: Path) -> tuple[DeclaredTable, ...]:
    """Read the collections of a file's datasets. Raises `CatalogError` naming file and key."""
    document = read_document(path)
    held = document.child("dataset")
    datasets = [held] if held.is_mapping() else held.items()
    return tuple(
        _table(collection, dataset.name("fides_key"), dataset.texts("data_categories"))
        for dataset in datasets
        for collection in dataset.parts("collections")
    )


def _table(collection: Part, dataset: str, above: tuple[str, ...]) -> DeclaredTable:
    fields = [one for field in collection.parts("fields") for one in _leaves(field, "", 1)]
    inherited = collection.texts("data_categories") or above
    return DeclaredTable(
        schema=dataset,
        name=collection.name("name"),
        columns=tuple(_column(name, field, inherited) for name, field in fields),
        keys=tuple(key for name, field in fields for key in _keys(name, field, dataset)),
        description=collection.text("description"),
    )


def _leaves(field: Part, above: str, depth: int) -> Iterator[tuple[str, Part]]:
    name = above + field.name("name")
    if field.has("fields") and any(True for _ in field.parts("fields")) and depth < _DEEPEST:
        for inner in field.parts("fields"):
            yield from _leaves(inner, f"{name}.", depth + 1)
    else:
        yield name, field


def _column(name: str, field: Part, inherited: tuple[str, ...]) -> DeclaredColumn:
    meta = _meta(field)
    return DeclaredColumn(
        name=name,
        declared_type=meta.text("data_type"),
        primary_key=meta.flag("primary_key"),
        description=field.text("description"),
        labels=field.texts("data_categories") or inherited,
    )


def _keys(name: str, field: Part, dataset: str) -> Iterator[DeclaredKey]:
    """Yield the references that a field makes; `direction: to` is said of its target."""
    for one in _meta(field).parts("references"):
        collection, _, target = one.text("field").partition(".")
        if target and one.text("dataset") == dataset and one.text("direction") != "to":
            yield DeclaredKey(column=name, table=collection, target=target)


def _meta(field: Part) -> Part:
    for key in ("fides_meta", "fidesops_meta"):
        if field.has(key):
            return field.child(key)
    return Part({}, field.file, field.place)
