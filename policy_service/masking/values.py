"""The scalar form of every operator: the reference that the vectorised form must equal."""

from typing import assert_never

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import EnforcementError, MaskingError
from policy_service.masking.format_preserving import format_preserving
from policy_service.masking.generalise import bucket, generalise
from policy_service.masking.keys import MaskingKeys, control_key
from policy_service.masking.parameters import (
    bucket_width,
    generalisation,
    kept_ends,
    replacement,
)
from policy_service.masking.partial import partial
from policy_service.masking.pseudonym import pseudonym

REDACTED = "[redacted]"


def mask_value(value: object, control: Control, *, keys: MaskingKeys) -> object:
    """Show one value as `control` demands.

    A missing value (`None`) stays missing under every operator.
    Raises `MaskingError` for a denied value and for anything that goes wrong,
    `KeyUnavailableError` without a key. Show nothing then.
    """
    try:
        return _masked(value, control, keys)
    except EnforcementError:
        raise
    except Exception as error:
        raise MaskingError(
            f"a value cannot be masked by `{control.operator.value}`; check its type"
        ) from error


def _masked(value: object, control: Control, keys: MaskingKeys) -> object:  # noqa: PLR0911 - one return for each operator
    match control.operator:
        case Operator.DENY:
            raise MaskingError("the value is denied; leave its column out")
        case Operator.NULL:
            return None
        case Operator.REDACT:
            return None if value is None else REDACTED
        case Operator.REPLACE:
            constant = replacement(control)
            return None if value is None else constant
        case Operator.GENERALISE:
            to, keep = generalisation(control)
            return generalise(value, to=to, keep=keep)
        case Operator.BUCKET:
            return bucket(value, width=bucket_width(control))
        case Operator.PARTIAL:
            first, last = kept_ends(control)
            return partial(value, first=first, last=last)
        case Operator.PSEUDONYMISE:
            return pseudonym(value, key=control_key(control, keys))
        case Operator.FORMAT_PRESERVING:
            return format_preserving(value, key=control_key(control, keys))
        case Operator.CLEAR:
            return value
        case _:
            assert_never(control.operator)
