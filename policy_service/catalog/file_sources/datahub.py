"""Datasets as DataHub describes them in JSON: a list of change events or proposals, or one aspect.

Reads the aspects `schemaMetadata` and `editableSchemaMetadata` of datasets, whichever way
they are wrapped: snapshots (MCE), proposals (MCP) with the aspect as text or as JSON, and
bare aspects. The last schema of a dataset counts; edits of people add to it. Ownership,
lineage, profiles and every other entity are not read.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policy_service.catalog.file_sources.declared import (
    DeclaredColumn,
    DeclaredKey,
    DeclaredTable,
)
from policy_service.catalog.file_sources.documents import Part, read_document

_DATASET = re.compile(r"urn:li:dataset:\(([^,]+),(.+),([A-Z_]+)\)")
_FIELD = re.compile(r"urn:li:schemaField:\((urn:li:dataset:\(.+\)),(.+)\)")
_MARK = re.compile(r"\[[^\]]*\]\.?")  # `[version=2.0].[type=string].` before a field's name
_UNIONS = frozenset({"string", "boolean", "array"})
_TYPES = {
    "BooleanType": "boolean",
    "StringType": "string",
    "EnumType": "string",
    "NumberType": "decimal",
    "DateType": "date",
    "TimeType": "timestamp",
    "BytesType": "binary",
    "FixedType": "binary",
}


@dataclass(slots=True)
class _Dataset:
    schema: Part | None = None
    edits: list[Part] = field(default_factory=list)


def read_datahub(path: Path) -> tuple[DeclaredTable, ...]:
    """Read the datasets of a file. Raises `CatalogError` naming file and key."""
    document = read_document(path)
    datasets: dict[str, _Dataset] = {}
    for event in [document] if document.is_mapping() else document.items():
        for urn, name, aspect in _aspects(event):
            held = datasets.setdefault(urn, _Dataset())
            if name == "schemametadata":
                held.schema = aspect
            elif name == "editableschemametadata":
                held.edits.append(aspect)
    return tuple(
        _table(urn, held.schema, held.edits)
        for urn, held in datasets.items()
        if held.schema is not None
    )


def _aspects(event: Part) -> Iterator[tuple[str, str, Part]]:
    """Yield (urn, aspect's name in lower case, aspect) of what an event says of datasets."""
    if event.has("proposedSnapshot"):
        for kind, snapshot in event.entries("proposedSnapshot"):
            if kind.endswith("DatasetSnapshot"):
                for held in snapshot.parts("aspects"):
                    yield from _named(held, snapshot.name("urn"))
    elif event.has("aspectName"):
        urn = event.text("entityUrn")
        if event.has("aspect") and event.text("entityType", "dataset") == "dataset":
            yield urn, event.text("aspectName").lower(), _unwrapped(event.child("aspect"))
    elif event.has("fields"):
        yield event.text("schemaName"), "schemametadata", event
    elif event.has("aspects"):
        urn = event.text("urn") or event.text("entityUrn")
        for name, held in event.entries("aspects"):
            yield urn, name.lower(), _unwrapped(held)


def _named(held: Part, urn: str) -> Iterator[tuple[str, str, Part]]:
    """Yield the one aspect of a union, named by its class."""
    for name in held.value if isinstance(held.value, dict) else ():
        yield urn, str(name).rsplit(".", 1)[-1].lower(), held.child(str(name))


def _unwrapped(aspect: Part) -> Part:
    """Take an aspect out of its envelope: JSON, or JSON written as text."""
    if aspect.has("json"):
        return aspect.child("json")
    if aspect.has("value"):
        held = aspect.child("value")
        if not isinstance(held.value, str):
            return held
        try:
            return Part(json.loads(held.value), held.file, held.place)
        except (ValueError, RecursionError):
            raise held.wrong("must be JSON written as text") from None
    return aspect


def _table(urn: str, aspect: Part, edits: Sequence[Part]) -> DeclaredTable:
    schema, name = _schema_and_name(urn or aspect.text("schemaName"))
    edited: dict[str, list[Part]] = {}
    for edit in edits:
        for one in edit.parts("editableSchemaFieldInfo"):
            edited.setdefault(_path(one.text("fieldPath")), []).append(one)
    primary = {_path(one) for one in _texts(aspect, "primaryKeys")}
    fields = {_path(one.name("fieldPath")): one for one in aspect.parts("fields")}
    inner = {path.rpartition(".")[0] for path in fields}
    return DeclaredTable(
        schema=schema,
        name=name,
        columns=tuple(
            _column(path, one, edited.get(path, []), primary)
            for path, one in fields.items()
            if path and path not in inner
        ),
        keys=tuple(_keys(aspect, schema)),
    )


def _column(path: str, told: Part, edits: Sequence[Part], primary: set[str]) -> DeclaredColumn:
    said = [_text(one, "description") for one in (*edits, told)]
    return DeclaredColumn(
        name=path,
        declared_type=told.text("nativeDataType") or _class_type(told),
        nullable=told.flag("nullable"),
        primary_key=path in primary or _plain(told.child("isPartOfKey")).value is True,
        description=next(filter(None, said), ""),
        labels=tuple(label for one in (told, *edits) for label in _labels(one)),
    )


def _class_type(told: Part) -> str:
    """Read the type from the name of its class, where the native one is not given."""
    if not told.has("type") or not told.child("type").is_mapping():
        return ""
    for name, _ in told.child("type").entries("type"):
        return _TYPES.get(name.rsplit(".", 1)[-1], "")
    return ""


def _labels(told: Part) -> Iterator[str]:
    for holder, items, key in (("globalTags", "tags", "tag"), ("glossaryTerms", "terms", "urn")):
        if told.has(holder):
            for one in _plain(told.child(holder)).parts(items):
                yield one.name(key)


def _keys(aspect: Part, schema: str) -> Iterator[DeclaredKey]:
    for key in _plain(aspect.child("foreignKeys")).items():
        sources, targets = key.texts("sourceFields"), key.texts("foreignFields")
        found = _FIELD.fullmatch(targets[0]) if len(sources) == len(targets) == 1 else None
        if found is not None:
            source = _FIELD.fullmatch(sources[0])
            referred_schema, table = _schema_and_name(found[1])
            if referred_schema == schema:
                column = _path(source[2] if source else sources[0])
                yield DeclaredKey(column=column, table=table, target=_path(found[2]))


def _plain(part: Part) -> Part:
    """Take a value out of the union that Avro's JSON writes: `{"string": "words"}`."""
    if isinstance(part.value, dict) and len(part.value) == 1:
        name = str(next(iter(part.value)))
        if name in _UNIONS or name.startswith("com.linkedin."):
            return part.child(name)
    return part


def _text(part: Part, key: str) -> str:
    found = _plain(part.child(key))
    return Part({key: found.value}, part.file, part.place).text(key)


def _texts(part: Part, key: str) -> tuple[str, ...]:
    found = _plain(part.child(key))
    return Part({key: found.value}, part.file, part.place).texts(key)


def _schema_and_name(urn: str) -> tuple[str, str]:
    """Split `…,shop.public.customers,PROD)` to schema and table."""
    found = _DATASET.fullmatch(urn)
    schema, _, name = (found[2] if found else urn).rpartition(".")
    return schema.rpartition(".")[2], name


def _path(path: str) -> str:
    """Drop the marks of version 2 from a field's path; dots lead into records."""
    return _MARK.sub("", path)
