"""Controls as people write them, `partial(first=0, last=4)`, read back to typed controls."""

import re

from policy_service.domain.control import Control, Operator
from policy_service.domain.parameters import Parameters, Scalar

_SHAPE = re.compile(r"^\s*([a-z_]+)\s*(?:\((.*)\))?\s*$")
_FRACTION = re.compile(r"-?\d+(\.\d+)?(e[-+]\d+)?", re.ASCII)
_PAIR = re.compile(r"^\s*([a-z_]+)\s*=\s*(.+?)\s*$")


def read_control(text: str) -> Control:
    """Read what `Control.label` writes. Raises `ValueError` saying what is wrong."""
    shape = _SHAPE.match(text)
    known = ", ".join(Operator)
    if shape is None or shape[1] not in set(Operator):
        raise ValueError(
            f"`{text}` is not a control; write one of {known}, as in `partial(last=4)`"
        )
    return Control(operator=Operator(shape[1]), parameters=read_settings(shape[2] or ""))


def read_settings(text: str) -> Parameters:
    """Read `name=value, name=value`. Raises `ValueError` for a part that is not a pair."""
    values: dict[str, Scalar] = {}
    for part in (part for part in text.split(",") if part.strip()):
        pair = _PAIR.match(part)
        if pair is None:
            raise ValueError(f"`{part.strip()}` is not a setting; write `name=value`")
        values[pair[1]] = _scalar(pair[2])
    return Parameters(values)


def _scalar(text: str) -> Scalar:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if _FRACTION.fullmatch(text) and repr(float(text)) == text:  # `1.10` may be a version
        return float(text)
    return {"true": True, "false": False}.get(text, text)
