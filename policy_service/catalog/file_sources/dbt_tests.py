"""What the data tests of a dbt project prove of its tables: unique, never null, a reference.

A test that only warns, or that looks at a part of the rows, proves nothing. Jinja is not
run: the node that `ref('customers')` names is looked for among those the test depends on.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policy_service.catalog.file_sources.documents import Part

_REFERRED = re.compile(r"\b(?:ref|source)\(([^)]*)\)")
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Every value of `column` is one of `target` in the node `parent`."""

    column: str
    parent: str
    target: str


@dataclass(frozen=True, slots=True)
class Proven:
    """What the tests of one node prove: names of columns, and references."""

    unique: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)


def read_tests(manifest: Part, tables: Mapping[str, Part]) -> dict[str, Proven]:
    """Read what the tests of a manifest prove, by the id of the table's node."""
    found: dict[str, Proven] = {}
    for name, node in manifest.entries("nodes"):
        if not name.startswith("test.") or not node.has("test_metadata") or not _counts(node):
            continue
        told = node.child("test_metadata")
        given = told.child("kwargs") if told.has("kwargs") else Part({}, node.file, node.place)
        column = node.text("column_name") or given.text("column_name")
        depends = [one for one in _depends(node) if one in tables]
        tested = node.text("attached_node") or _named(given.text("model"), depends)
        if tested not in tables or not column:
            continue
        proven = found.setdefault(tested, Proven())
        kind = told.text("name")
        if kind == "unique":
            proven.unique.add(column)
        elif kind == "not_null":
            proven.filled.add(column)
        elif kind == "relationships":
            others = [one for one in depends if one != tested] or [tested]
            parent, target = _named(given.text("to"), others), given.text("field")
            if parent and target:
                proven.references.append(Reference(column=column, parent=parent, target=target))
    return found


def _counts(node: Part) -> bool:
    """Tell whether a passing run means that the test holds for every row."""
    if not node.has("config"):
        return True
    config = node.child("config")
    severe = config.text("severity", "error").lower() == "error"
    return severe and not config.has("where") and config.flag("enabled", default=True)


def _named(jinja: str, candidates: Iterable[str]) -> str:
    """Choose the node that a call names, or the only one; empty where that is unclear."""
    held = list(dict.fromkeys(candidates))
    if len(held) == 1:
        return held[0]
    call = _REFERRED.search(jinja)
    quoted = _QUOTED.findall(call[1]) if call else []
    same = [one for one in held if quoted and quoted[-1] in one.split(".")[2:]]
    return same[0] if len(same) == 1 else ""


def _depends(node: Part) -> tuple[str, ...]:
    return node.child("depends_on").texts("nodes") if node.has("depends_on") else ()
