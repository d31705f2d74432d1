"""What must be done so that the database stands as planned, and nothing else.

An object is left alone where it was made the same way before and still looks as it did then;
one that somebody changed by hand is brought back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policy_service.domain.errors import ConflictError
from policy_service.publication.postgresql.model import (
    ManagedObject,
    NativeObject,
    ObjectKind,
    Statement,
)
from policy_service.publication.postgresql.objects import taken_away

Key = tuple[int, tuple[str, ...]]
Looks = Mapping[Key, str | None]  # what each object looks like now; None where there is none


class Step(StrEnum):
    """What is done with an object."""

    MAKE = "make"
    CHANGE = "change"
    RESTORE = "restore"  # somebody changed it by hand
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference, for people, and the statements that close it, for the database."""

    step: Step
    kind: ObjectKind
    identity: tuple[str, ...]
    removal: tuple[Statement, ...] = ()  # run first, in reverse order
    making: tuple[Statement, ...] = ()


def difference(
    wanted: Sequence[NativeObject], managed: Sequence[ManagedObject], looks: Looks
) -> tuple[Change, ...]:
    """Compare what shall stand with what does; ordered as things are made, removals last.

    Raises `ConflictError` where a role or schema of one of our names belongs to somebody else.
    """
    known = {one.key: one for one in managed}
    changes = [_change(one, known.get(one.key), looks.get(one.key)) for one in wanted]
    kept = {one.key for one in wanted}
    gone = [one for one in managed if one.key not in kept]
    removals = [_removal(one, looks.get(one.key)) for one in sorted(gone, key=lambda one: one.key)]
    return (*(one for one in changes if one is not None), *removals)


def statements(changes: Sequence[Change]) -> tuple[Statement, ...]:
    """Order the statements: first removals, last made first; then what is made."""
    last_made_first = sorted(changes, key=lambda one: (one.kind.rank, one.identity), reverse=True)
    removals = [statement for one in last_made_first for statement in one.removal]
    return (*removals, *(statement for one in changes for statement in one.making))


def _change(one: NativeObject, known: ManagedObject | None, look: str | None) -> Change | None:
    if known is None:
        if look is not None and one.kind in (ObjectKind.ROLE, ObjectKind.SCHEMA):
            raise ConflictError(
                f"there is a {one.kind.value} `{one.identity[0]}` that native mode did not make; "
                "rename it, or take it away"
            )
        if look is not None and one.kind is ObjectKind.MEMBERSHIP:
            return None  # given by somebody else, and theirs to take back
        return _step(Step.MAKE, one, making=one.create)
    if look is None:
        return _step(Step.RESTORE, one, making=one.create)
    same_way = known.sha256 == one.sha256
    if same_way and known.fingerprint == look:
        return None
    step = Step.RESTORE if same_way else Step.CHANGE
    if one.amend:
        return _step(step, one, making=one.amend)
    removal = taken_away(one.kind, one.identity, known.before)
    return _step(step, one, removal=removal, making=one.create)


def _removal(one: ManagedObject, look: str | None) -> Change:
    removal = () if look is None else taken_away(one.kind, one.identity, one.before)
    return Change(step=Step.REMOVE, kind=one.kind, identity=one.identity, removal=removal)


def _step(
    step: Step,
    one: NativeObject,
    *,
    making: tuple[Statement, ...],
    removal: tuple[Statement, ...] = (),
) -> Change:
    return Change(step=step, kind=one.kind, identity=one.identity, removal=removal, making=making)
