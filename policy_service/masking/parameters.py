"""The parameters of operators, read and checked in one place for every form of them."""

from policy_service.domain.control import Control
from policy_service.domain.errors import MaskingError
from policy_service.domain.parameters import Scalar
from policy_service.masking.generalise import GENERALISATIONS

DEFAULT_KEEP = 3


def replacement(control: Control) -> Scalar:
    """Return what `replace` puts in every value's place, from parameter `with`."""
    value = control.parameters.get("with")
    if value is None or isinstance(value, tuple):
        raise MaskingError("`replace` needs parameter `with`: the value to show instead")
    return value


def generalisation(control: Control) -> tuple[str, int]:
    """Return `to` and `keep` of `generalise`."""
    to = control.parameters.get("to")
    if to not in GENERALISATIONS:
        raise MaskingError(f"`generalise` needs parameter `to`: {', '.join(GENERALISATIONS)}")
    return str(to), _whole(control, "keep", DEFAULT_KEEP, at_least=1)


def bucket_width(control: Control) -> int:
    """Return `width` of `bucket`."""
    return _whole(control, "width", 0, at_least=1)


def kept_ends(control: Control) -> tuple[int, int]:
    """Return `first` and `last` of `partial`."""
    first = _whole(control, "first", 0, at_least=0)
    return first, _whole(control, "last", 0, at_least=0)


def _whole(control: Control, name: str, default: int, *, at_least: int) -> int:
    try:
        value = control.parameters.integer(name, default)
    except TypeError as error:
        raise MaskingError(f"`{control.operator.value}`: {error}") from error
    if value < at_least:
        raise MaskingError(
            f"`{control.operator.value}` needs parameter `{name}` of at least {at_least}"
        )
    return value
