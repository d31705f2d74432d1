"""Floors: mandatory obligations as hard constraints on candidates.

A floor only ever takes candidates away; denying is always left. Nothing learned and
nothing retrieved passes through here. A floor that was read in an import and accepted takes
away what is too open, and never what is stricter than something it leaves.
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
    is_accepted_proposal,
)
from policy_service.domain.parameters import Parameters
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
        if is_accepted_proposal(floor.id):
            return _is_too_open(floor, control)
        return _shows_too_much(floor.parameters, control)
    return False


def _is_too_open(floor: Obligation, control: Control) -> bool:
    """Hold a control to an accepted floor: to the most open operator it names, and its limits.

    INVARIANT: no operator that is left is less strict than one that is taken away, so that
    nothing moves to a more open control for want of a stricter one. Where the floor counts
    characters, what is more open than showing part is therefore taken away too.
    """
    least = loosest_strictness(floor.parameters.texts("operators"))
    if "visible_first" in floor.parameters or "visible_last" in floor.parameters:
        least = max(least, Operator.PARTIAL.strictness)
    limits = Parameters(
        {name: value for name, value in floor.parameters.items() if name != "operators"}
    )
    return control.operator.strictness < least or _shows_too_much(limits, control)


def loosest_strictness(operators: Iterable[str]) -> int:
    """Return the strictness of the most open of some operators; without any, of clear."""
    return min((Operator(one).strictness for one in operators), default=Operator.CLEAR.strictness)


def _shows_too_much(parameters: Mapping[str, object], control: Control) -> bool:
    operators = parameters.get("operators")
    if isinstance(operators, tuple) and operators:
        named = control.operator in operators
        if not named and control.operator.stands_in_for.isdisjoint(operators):
            return True
    limited = "visible_first" in parameters or "visible_last" in parameters
    if not limited:
        return False
    if control.operator.strictness < Operator.FORMAT_PRESERVING.strictness:
        return True  # the value itself, or one near it
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
