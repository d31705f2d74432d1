"""The masks as functions of a SQLite connection: the scalar forms themselves.

Statements of users cannot name these functions: the rewriter's allow-list has
none of them. Keys stay in Python.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import StatementRefusedError
from policy_service.domain.parameters import Parameters
from policy_service.kit.late import LateModule
from policy_service.masking.generalise import bucket, generalise
from policy_service.masking.keys import MaskingKeys
from policy_service.masking.partial import partial

if TYPE_CHECKING:
    from policy_service.masking import values
else:
    values = LateModule("policy_service.masking.values")

SqliteFunction: TypeAlias = Callable[..., str | None]


def register_masks(connection: sqlite3.Connection, *, keys: MaskingKeys) -> None:
    """Register every mask that rewritten statements use; again with other keys replaces them."""
    functions: tuple[tuple[str, int, SqliteFunction], ...] = (
        ("ps_generalise", 3, lambda value, to, keep: generalise(value, to=to, keep=keep)),
        ("ps_bucket", 2, lambda value, width: bucket(value, width=width)),
        ("ps_partial", 3, lambda value, first, last: partial(value, first=first, last=last)),
        ("ps_pseudonymise", 2, _keyed(Operator.PSEUDONYMISE, keys)),
        ("ps_format_preserving", 2, _keyed(Operator.FORMAT_PRESERVING, keys)),
    )
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)
    connection.create_function("ps_mask", 3, _any(keys))  # encrypted cells differ each time
    connection.create_function("ps_refuse", 0, _refuse)


def control_argument(control: Control) -> str:
    """Write a control as the second argument of `ps_mask`."""
    return json.dumps([control.operator.value, dict(control.parameters)], sort_keys=True)


def _refuse() -> None:
    raise StatementRefusedError("a row may not be written that its writer could not see")


@lru_cache(maxsize=256)
def _control(argument: str) -> Control:
    operator, parameters = json.loads(argument)
    return Control(operator=Operator(operator), parameters=Parameters(parameters))


def _any(keys: MaskingKeys) -> Callable[[object, str, object], str | int | float | None]:
    def masked(value: object, argument: str, subject: object) -> str | int | float | None:
        control = _control(argument)
        row = {str(control.parameters.get("subject", "")): subject}
        shown = values.mask_value(value, control, keys=keys, row=row)
        return shown if isinstance(shown, int | float | None) else str(shown)

    return masked


def _keyed(operator: Operator, keys: MaskingKeys) -> SqliteFunction:
    controls: dict[str, Control] = {}

    def masked(value: object, key_name: str) -> str | None:
        control = controls.get(key_name)
        if control is None:
            control = Control(operator=operator, parameters=Parameters(key=key_name))
            controls[key_name] = control
        shown = values.mask_value(value, control, keys=keys)
        return None if shown is None else str(shown)

    return masked
