"""The parameters of operators as their forms need them; what each may be is in the domain.

One place that reads them for the scalar form, the vectorised one and SQL.
"""

from collections.abc import Mapping
from functools import lru_cache

from policy_service.domain.control import Control
from policy_service.domain.control_parameters import column_names, parameter_values
from policy_service.domain.errors import MaskingError
from policy_service.domain.parameters import ParameterValue, Scalar
from policy_service.masking.hierarchy import (
    Hierarchy,
    named_hierarchy,
    written_hierarchy,
)


def replacement(control: Control) -> Scalar:
    """Return what `replace` puts in every value's place, from parameter `with`."""
    value = _read(control)["with"]
    return "" if isinstance(value, tuple) else value  # the specification allows one value


def generalisation(control: Control) -> tuple[str, int]:
    """Return `to` and `keep` of `generalise`."""
    read = _read(control)
    return str(read["to"]), _whole(read["keep"])


def climbing(control: Control) -> tuple[Hierarchy, int]:
    """Return the hierarchy and the level that `generalise(to=level)` names.

    Raises `MaskingError` for an unknown hierarchy and a level above its last.
    """
    read = _read(control)
    rows = read.get("table")
    if rows is None:
        hierarchy = named_hierarchy(str(read["hierarchy"]))
    else:
        hierarchy = written_hierarchy((rows,) if isinstance(rows, str) else _texts(rows))
    level = _whole(read["level"])
    if level > hierarchy.depth:
        raise MaskingError(
            f"`generalise`: the hierarchy has {hierarchy.depth} levels, not {level}; lower `level`"
        )
    return hierarchy, level


def bucket_width(control: Control) -> int:
    """Return `width` of `bucket`."""
    return _whole(_read(control)["width"])


def kept_ends(control: Control) -> tuple[int, int]:
    """Return `first` and `last` of `partial`."""
    read = _read(control)
    return _whole(read["first"]), _whole(read["last"])


def noise_settings(control: Control) -> tuple[float, str]:
    """Return `scale` and `shape` of `noise`."""
    read = _read(control)
    return float(_number(read["scale"]) or 0), str(read["shape"])


def shift_days(control: Control) -> int:
    """Return `days` of `date_shift`."""
    return _whole(_read(control)["days"])


def synthetic_kind(control: Control) -> str:
    """Return `kind` of `synthetic`."""
    return str(_read(control)["kind"])


def limits(control: Control) -> tuple[int | float | None, int | float | None]:
    """Return `low` and `high` of `top_bottom` and `aggregate`; each may be missing."""
    read = _read(control)
    return _number(read.get("low")), _number(read.get("high"))


def smallest_group(control: Control) -> int:
    """Return `k` of `suppress` and `aggregate`."""
    return _whole(_read(control)["k"])


def group_columns(control: Control) -> tuple[str, ...]:
    """Return the columns in `by` of `suppress` and `aggregate`."""
    return column_names(_read(control).get("by"))


def aggregate_of(control: Control) -> str:
    """Return `of` of `aggregate`: count, sum or mean."""
    return str(_read(control)["of"])


def subject_column(control: Control) -> str:
    """Return the column that `subject` names; empty where the control needs none."""
    value = _read(control).get("subject")
    return value if isinstance(value, str) else ""


def _read(control: Control) -> Mapping[str, ParameterValue]:
    return _checked(control, tuple(map(type, control.parameters.values())))


@lru_cache(maxsize=1024)  # the scalar form asks for every value
def _checked(control: Control, _types: tuple[type, ...]) -> Mapping[str, ParameterValue]:
    # Types are part of the key: `true` equals 1 and is no number.
    try:
        return parameter_values(control)
    except ValueError as error:
        raise MaskingError(str(error)) from error


def _whole(value: ParameterValue) -> int:
    # INVARIANT: `parameter_values` has checked that it is one; this tells the type.
    return value if isinstance(value, int) else 0


def _number(value: ParameterValue | None) -> int | float | None:
    return value if isinstance(value, int | float) else None


def _texts(value: ParameterValue) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
