"""The operators for Presidio's anonymizer: `ps_pseudonymise`, `ps_partial` and so on.

The same masks as everywhere, under Presidio's interface: parameters stand flat in its
`OperatorConfig`, as `{"key": "analytics"}`. Text that is read through this product needs
none of it: `masking.text` does without Presidio.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import MaskingError
from policy_service.domain.parameters import Parameters
from policy_service.engines.presidio_operators import TextMask, anonymizer_operators
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.text import masked_span
from policy_service.masking.values import cell_mask

if TYPE_CHECKING:
    from policy_service.engines.presidio_operators import AnonymizerOperator

PREFIX = "ps_"


def presidio_operators(*, keys: MaskingKeys) -> tuple["AnonymizerOperator", ...]:
    """Make every operator that masks single values into one of Presidio's.

    Pass each to `AnonymizerEngine.add_anonymizer`. Keys stay in the classes: they stand in
    no configuration. Raises `MaskingError` where Presidio is not installed.
    """
    return anonymizer_operators(
        {
            PREFIX + operator.value: _text_mask(operator, keys)
            for operator in Operator
            if not operator.needs_whole_table
        }
    )


def _text_mask(operator: Operator, keys: MaskingKeys) -> TextMask:
    def prepared(parameters: Mapping[str, object]) -> Callable[[str], str]:
        try:
            control = Control(operator=operator, parameters=Parameters(parameters))
        except TypeError as error:
            raise MaskingError(f"`{PREFIX}{operator.value}`: {error}") from error
        if operator is not Operator.DENY:
            cell_mask(control, keys=keys)  # parameters and key are told before a text is read
        return lambda text: masked_span(text, control, keys=keys)

    return prepared
