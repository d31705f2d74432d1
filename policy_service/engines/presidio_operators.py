"""Masks as operators of Presidio's anonymizer, for who already runs one.

It knows no mask: each comes as a function that takes the parameters which Presidio hands
over and returns what masks a text. Presidio itself is imported when the classes are made.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from policy_service.domain.errors import MaskingError

if TYPE_CHECKING:
    from presidio_anonymizer.operators import Operator

    AnonymizerOperator = type[Operator]

TextMask = Callable[[Mapping[str, object]], Callable[[str], str]]
_ADDED_BY_PRESIDIO = "entity_type"


def anonymizer_operators(masks: Mapping[str, TextMask]) -> tuple["AnonymizerOperator", ...]:
    """Make one operator class for each named mask, for `AnonymizerEngine.add_anonymizer`.

    Validating prepares the mask, so that wrong parameters and missing keys are told before
    any text is touched. Raises `MaskingError` where Presidio is not installed.
    """
    try:
        from presidio_anonymizer.operators import Operator, OperatorType
    except ImportError as error:
        raise MaskingError("presidio is not installed; install `policy-service[text]`") from error

    def made(name: str, mask: TextMask) -> "AnonymizerOperator":
        class MaskOperator(Operator):
            """One mask under Presidio's interface."""

            def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
                """Return the text masked."""
                return mask(_own(params))(text)

            def validate(self, params: dict[str, Any] | None = None) -> None:
                """Raise our own error where the parameters do not fit."""
                mask(_own(params))

            def operator_name(self) -> str:
                """Return the name that configurations use."""
                return name

            def operator_type(self) -> "OperatorType":
                """Say that it masks."""
                return OperatorType.Anonymize

        return MaskOperator

    return tuple(made(name, mask) for name, mask in masks.items())


def _own(params: dict[str, Any] | None) -> dict[str, object]:
    return {name: one for name, one in (params or {}).items() if name != _ADDED_BY_PRESIDIO}
