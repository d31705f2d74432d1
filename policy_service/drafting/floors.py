"""Floors: mandatory obligations as hard constraints on candidates.

A floor only ever takes candidates away; denying is always left. Nothing learned and
nothing retrieved passes through here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from policy_service.domain.control import Action, Control, Operator
from policy_service.domain.errors import DraftingError
from policy_service.domain.identifiers import (
    DataCategory,
    ObligationId,
    Purpose,
    Sha256Hex,
    category_covers,
)
from policy_service.domain.provision import (
    ControlKind,
    Instrument,
    Obligation,
    Provision,
    Strength,
)

_NOTHING_SHOWN = frozenset({Operator.DENY, Operator.NULL, Operator.REDACT, Operator.REPLACE})


class DraftingCorpus(Protocol):
    """The provisions a draft may rest on."""

    @property
    def provisions(self) -> Sequence[Provision]:
        """List every provision in a stable order."""
        ...

    @property
    def instruments(self) -> Sequence[Instrument]:
        """List the instruments they come from."""
        ...

    @property
    def sha256(self) -> Sha256Hex:
        """Hash what the draft is grounded in."""
        ...

    def get(self, provision_id: str) -> Provision:
        """Return one provision; raises for an unknown one."""
        ...


def mandatory_obligations(
    provisions: Iterable[Provision], floors: Iterable[ObligationId]
) -> tuple[Obligation, ...]:
    """List every obligation that binds: those of floor strength, and those named in `floors`.

    Raises `DraftingError` for a named floor that the corpus does not hold, since a
    floor nobody can check would be a floor nobody holds.
    """
    known = {one.id: one for provision in provisions for one in provision.obligations}
    named = set(floors)
    missing = sorted(named - set(known))
    if missing:
        raise DraftingError(
            f"mandatory floor `{missing[0]}` is not in the corpus; "
            "add its instrument to the regulations or take the floor off the list"
        )
    return tuple(
        known[key] for key in sorted(known) if key in named or known[key].strength is Strength.FLOOR
    )


def floor_against(
    floors: Iterable[Obligation],
    control: Control,
    *,
    categories: Iterable[DataCategory],
    action: Action,
    purpose: Purpose,
) -> ObligationId | None:
    """Name the first floor that forbids a control for these categories; None where none does.

    `categories` are the group's own and those its values reveal.
    """
    wanted = tuple(categories)
    for floor in floors:
        if _applies(floor, wanted) and _forbids(floor, control, action, purpose):
            return floor.id
    return None


def purpose_within(purposes: Iterable[str], purpose: str) -> bool:
    """Tell whether a purpose is one of these data uses or lies below one."""
    return any(category_covers(DataCategory(one), DataCategory(purpose)) for one in purposes)


def covers_category(obligation: Obligation, categories: Iterable[DataCategory]) -> bool:
    """Tell whether an obligation reaches any of these categories."""
    return _applies(obligation, tuple(categories))


def _applies(obligation: Obligation, categories: tuple[DataCategory, ...]) -> bool:
    if not obligation.data_categories:
        return True
    return any(
        category_covers(wide, narrow)
        for wide in obligation.data_categories
        for narrow in categories
    )


def _forbids(floor: Obligation, control: Control, action: Action, purpose: Purpose) -> bool:
    if control.operator is Operator.DENY:
        return False
    if floor.kind is ControlKind.PURPOSE_LIMITATION:
        excluded = floor.parameters.texts("excluded_purposes")
        return purpose_within(excluded, purpose) and control.operator not in _NOTHING_SHOWN
    if floor.kind is ControlKind.MASKING and action is Action.READ:
        if purpose_within(floor.parameters.texts("unless_purposes"), purpose):
            return False
        return _shows_too_much(floor.parameters, control)
    return False


def _shows_too_much(parameters: Mapping[str, object], control: Control) -> bool:
    operators = parameters.get("operators")
    if isinstance(operators, tuple) and operators and control.operator not in operators:
        return True
    limited = "visible_first" in parameters or "visible_last" in parameters
    if not limited:
        return False
    if control.operator is Operator.CLEAR:
        return True
    shown = control.parameters
    if control.operator is Operator.PARTIAL:
        return _beyond(shown, "first", parameters, "visible_first") or _beyond(
            shown, "last", parameters, "visible_last"
        )
    prefix = control.operator is Operator.GENERALISE and shown.get("to") == "prefix"
    return prefix and _beyond(shown, "keep", parameters, "visible_first")


def _beyond(
    shown: Mapping[str, object], part: str, limits: Mapping[str, object], limit: str
) -> bool:
    """Tell whether more characters are shown than allowed; an unreadable count is too many."""
    asked, allowed = shown.get(part, 0), limits.get(limit, 0)
    if not isinstance(asked, int) or not isinstance(allowed, int):
        return True
    return asked > allowed
