"""`x-policy` in an OpenAPI document: which operation shows which table, and for what it is masked.

Pure: a document in, a document out, so that it serves any framework. It tells what is
declared, not who may do it. Source: OpenAPI 3.1, specification extensions.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from policy_service.domain.identifiers import AssetId

KEY = "x-policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPolicy:
    """What one operation is decided by."""

    method: str  # get, post …
    path: str  # as the document writes it: `/clients/{id}`
    action: str
    assets: tuple[AssetId, ...]
    purposes: tuple[str, ...] = ()  # those it can be asked for; none says that any


def with_policies(
    document: Mapping[str, object], policies: Sequence[OperationPolicy]
) -> dict[str, object]:
    """Return the document with `x-policy` on each operation named; unknown ones are left out."""
    made = deepcopy(dict(document))
    paths = made.get("paths")
    for one in policies:
        operation = _inner(_inner(paths, one.path), one.method.lower())
        if operation is not None:
            operation[KEY] = {
                "action": one.action,
                "assets": sorted(one.assets),
                **({"purposes": sorted(one.purposes)} if one.purposes else {}),
            }
    return made


def unguarded(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """List operations (method, path) without a policy, for a check that none is forgotten."""
    paths = document.get("paths")
    found = []
    for path, item in sorted(_items(paths)):
        for method, operation in sorted(_items(item)):
            if isinstance(operation, Mapping) and "responses" in operation and KEY not in operation:
                found.append((method, path))
    return tuple(found)


def _inner(value: object, name: str) -> dict[str, object] | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _items(value: object) -> Iterable[tuple[str, object]]:
    return value.items() if isinstance(value, Mapping) else ()
