"""The scalar form of every operator: the reference that the vectorised form must equal."""

from collections.abc import Callable, Mapping
from typing import Literal, assert_never

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError
from policy_service.masking.encrypted import encrypt_cell
from policy_service.masking.format_preserving import format_preserving
from policy_service.masking.generalise import bucket, generalise
from policy_service.masking.keys import MaskingKeys, control_cipher, control_key, control_vault
from policy_service.masking.operators.date_shift import shift_date, shift_key
from policy_service.masking.operators.noise import noise_key, noisy
from policy_service.masking.operators.synthetic import synthetic, synthetic_key
from policy_service.masking.operators.top_bottom import top_bottom
from policy_service.masking.parameters import (
    bucket_width,
    climbing,
    generalisation,
    kept_ends,
    limits,
    noise_settings,
    replacement,
    shift_days,
    subject_column,
    synthetic_kind,
)
from policy_service.masking.partial import partial
from policy_service.masking.pseudonym import pseudonym
from policy_service.masking.vault import tokenise

REDACTED = "[redacted]"
CellMask = Callable[[object, object], object]  # of a value and its subject
_NO_ROW: Mapping[str, object] = {}


def mask_value(
    value: object, control: Control, *, keys: MaskingKeys, row: Mapping[str, object] = _NO_ROW
) -> object:
    """Show one value as `control` demands.

    A missing value (`None`) stays missing under every operator. `row` holds the other
    columns of the value's row, unmasked: a control may name one as its `subject`.
    Raises `MaskingError` for a denied value and for anything that goes wrong,
    `KeyUnavailableError` without a key. Show nothing then.
    """
    mask = cell_mask(control, keys=keys)
    subject = subject_column(control) if "subject" in control.parameters else ""
    if subject and subject not in row:
        raise MaskingError(
            f"`{control.operator.value}` needs column `{subject}` of the same row; "
            "mask the whole record, or amend the rule without `subject`"
        )
    return mask(value, row.get(subject))


def cell_mask(control: Control, *, keys: MaskingKeys) -> CellMask:
    """Prepare a control once, for many values: keys fetched, parameters checked.

    Raises as `mask_value` does, for what is wrong whatever the value.
    """
    operator = control.operator
    if operator.needs_whole_table:
        raise _whole_table_only(operator)
    form = _form(control, keys)

    def masked(value: object, subject: object = None) -> object:
        try:
            return form(value, subject)
        except EnforcementError:
            raise
        except Exception as error:
            raise MaskingError(
                f"a value cannot be masked by `{operator.value}`; check its type"
            ) from error

    return masked


def _form(control: Control, keys: MaskingKeys) -> CellMask:  # noqa: PLR0911 - one return for each operator
    match control.operator:
        case Operator.DENY:
            raise MaskingError("the value is denied; leave its column out")
        case Operator.NULL:
            return lambda value, _: None
        case Operator.REDACT:
            return lambda value, _: None if value is None else REDACTED
        case Operator.REPLACE:
            constant = replacement(control)
            return lambda value, _: None if value is None else constant
        case Operator.GENERALISE:
            return _generalised(control)
        case Operator.BUCKET:
            width = bucket_width(control)
            return lambda value, _: bucket(value, width=width)
        case Operator.PARTIAL:
            first, last = kept_ends(control)
            return lambda value, _: partial(value, first=first, last=last)
        case Operator.ENCRYPT:
            cipher = control_cipher(control, keys)
            return lambda value, _: encrypt_cell(value, cipher=cipher)
        case Operator.TOKENISE:
            vault = control_vault(control, keys)
            return lambda value, _: tokenise(value, vault=vault)
        case Operator.TOP_BOTTOM:
            low, high = limits(control)
            return lambda value, _: top_bottom(value, low=low, high=high)
        case Operator.CLEAR:
            return lambda value, _: value
        case _:
            return _keyed_form(control, control.operator, control_key(control, keys))


_Keyed = Literal[
    Operator.SYNTHETIC,
    Operator.PSEUDONYMISE,
    Operator.FORMAT_PRESERVING,
    Operator.NOISE,
    Operator.DATE_SHIFT,
    Operator.AGGREGATE,
    Operator.SUPPRESS,
]


def _keyed_form(control: Control, operator: _Keyed, key: bytes) -> CellMask:
    match operator:
        case Operator.SYNTHETIC:
            kind, made = synthetic_kind(control), synthetic_key(key)
            return lambda value, _: synthetic(value, kind=kind, key=made)
        case Operator.PSEUDONYMISE:
            return lambda value, _: pseudonym(value, key=key)
        case Operator.FORMAT_PRESERVING:
            return lambda value, _: format_preserving(value, key=key)
        case Operator.NOISE:
            (scale, shape), drawn = noise_settings(control), noise_key(key)
            return lambda value, who: noisy(value, scale=scale, shape=shape, key=drawn, subject=who)
        case Operator.DATE_SHIFT:
            days, moving = shift_days(control), shift_key(key)
            return lambda value, who: shift_date(value, days=days, key=moving, subject=who)
        case Operator.AGGREGATE | Operator.SUPPRESS:
            raise _whole_table_only(operator)
        case _:
            assert_never(operator)


def _whole_table_only(operator: Operator) -> MaskingError:
    return MaskingError(
        f"`{operator.value}` looks at all rows of a table, so single values, records, text "
        "and SQL have no form of it; mask the whole table, or amend the rule"
    )


def _generalised(control: Control) -> CellMask:
    to, keep = generalisation(control)
    if to == "level":
        hierarchy, level = climbing(control)
        return lambda value, _: hierarchy.climb(value, level=level)
    return lambda value, _: generalise(value, to=to, keep=keep)
