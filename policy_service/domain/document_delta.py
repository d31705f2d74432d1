"""The difference between two documents as texts, so that one changed rule is a small answer.

Applied to the text of the old document it gives the text of the new one, byte for byte; that is
then verified like any other. Not a general JSON patch: top-level lists are compared element by
element, and all else is replaced whole. Source of the idea: RFC 3229, delta encoding in HTTP.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast, get_type_hints

from policy_service.domain.bundle import Cosignature
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.plain import from_plain
from policy_service.domain.signed_document import (
    DocumentKind,
    SignedDocument,
    join_members,
    split_elements,
    split_members,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """One member of the document with its new JSON text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """One new element of a list: the JSON text and the place it has in the new list."""

    at: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What leaves a list (runs of places in the old one: first, count) and what enters it."""

    name: str
    removed: tuple[tuple[int, int], ...]
    added: tuple[Insertion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDelta:
    """How one document becomes the next, with the hash and the signatures of the next."""

    kind: DocumentKind
    base_sha256: Sha256Hex
    replaced: tuple[Replacement, ...]
    changed: tuple[ListChange, ...]
    sha256: Sha256Hex
    signatures: tuple[Cosignature, ...]


def make_delta(old: SignedDocument, new: SignedDocument) -> DocumentDelta:
    """Compare two documents of one kind with the same members."""
    before, after = split_members(old.text), split_members(new.text)
    if old.kind is not new.kind or before.keys() != after.keys():
        raise ValueError("two documents of different shape have no delta")
    replaced: list[Replacement] = []
    changed: list[ListChange] = []
    for name in sorted(after):
        if before[name] == after[name]:
            continue
        change = _list_change(name, before[name], after[name])
        if change is None:
            replaced.append(Replacement(name=name, text=after[name]))
        else:
            changed.append(change)
    return DocumentDelta(
        kind=new.kind,
        base_sha256=old.sha256,
        replaced=tuple(replaced),
        changed=tuple(changed),
        sha256=new.sha256,
        signatures=new.signatures,
    )


def apply_delta(old_text: str, delta: DocumentDelta) -> SignedDocument:
    """Return the new document, unverified. Raises `ValueError` where the delta does not fit."""
    members = split_members(old_text)
    names = [*(one.name for one in delta.replaced), *(one.name for one in delta.changed)]
    if len(set(names)) != len(names) or not set(names) <= members.keys():
        raise ValueError("the delta names a member twice, or one that is not there")
    members.update({one.name: one.text for one in delta.replaced})
    for change in delta.changed:
        added = [one.text for one in change.added]
        elements = _spliced(split_elements(members[change.name]), change, added)
        members[change.name] = f"[{','.join(elements)}]"
    return SignedDocument(
        kind=delta.kind,
        text=join_members(members),
        sha256=delta.sha256,
        signatures=delta.signatures,
    )


def merge_delta(kind: type[T], old: T, delta: DocumentDelta) -> T:
    """Return the value of the new document, building only what is new in it.

    Requires that `apply_delta` fitted `delta` to the text of `old` and that its result was
    verified. Raises `ValueError` where a part of the delta is no whole value.
    """
    # INVARIANT: both functions splice alike, and each text here is one whole JSON value; so the
    # value is the one that the verified text says, whoever wrote the delta.
    hints = get_type_hints(kind)
    values = {one.name: from_plain(hints[one.name], json.loads(one.text)) for one in delta.replaced}
    for change in delta.changed:
        added = from_plain(hints[change.name], [json.loads(one.text) for one in change.added])
        values[change.name] = tuple(_spliced(getattr(old, change.name), change, added))
    return cast("T", replace(cast("Any", old), **values))


def _list_change(name: str, old: str, new: str) -> ListChange | None:
    """Compare two lists; none where one is no list, repeats itself, or changes its order."""
    if old[:1] != "[" or new[:1] != "[":
        return None
    before, after = split_elements(old), split_elements(new)
    places = {element: place for place, element in enumerate(before)}
    wanted = set(after)
    kept = [places[element] for element in after if element in places]
    if len(places) != len(before) or len(wanted) != len(after) or kept != sorted(kept):
        return None
    return ListChange(
        name=name,
        removed=tuple(_runs(n for n, element in enumerate(before) if element not in wanted)),
        added=tuple(
            Insertion(at=place, text=element)
            for place, element in enumerate(after)
            if element not in places
        ),
    )


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join neighbouring places to runs: first, count."""
    first, count = 0, 0
    for place in places:
        if count and place == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = place, 1
    if count:
        yield first, count


def _spliced(old: Sequence[T], change: ListChange, added: Sequence[T]) -> list[T]:
    """Take the runs out of a list, then put `added` where the insertions say."""
    kept: list[T] = []
    place = 0
    for first, count in change.removed:
        if first < place or count < 1 or first + count > len(old):
            raise ValueError("the delta takes away what is not there")
        kept.extend(old[place:first])
        place = first + count
    kept.extend(old[place:])
    spliced: list[T] = []
    taken = 0
    for insertion, element in zip(change.added, added, strict=True):
        until = insertion.at - len(spliced) + taken
        if not taken <= until <= len(kept):
            raise ValueError("the delta puts something where there is no place")
        spliced.extend(kept[taken:until])
        spliced.append(element)
        taken = until
    return spliced + kept[taken:]
