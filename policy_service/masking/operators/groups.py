"""Table operators: suppression of small classes, and aggregates of groups in place of values.

They come after all other columns are masked and see only what is shown: a class is made
of shown values, so a hidden column cannot be read off the groups. Rows stay, so that
tables keep their shape; releases of groups alone are `masking.private_release`.
Sources: Sweeney 2002 (k-anonymity, suppression); Hundepool et al. 2012 (thresholds).
"""

from collections.abc import Mapping

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import MaskingError
from policy_service.masking.parameters import (
    aggregate_of,
    group_columns,
    limits,
    smallest_group,
)

_FIGURES = 12  # of sums and means; beyond, the order of adding would show


def mask_groups(frame: pl.DataFrame, controls: Mapping[str, Control]) -> pl.DataFrame:
    """Apply `suppress`, then `aggregate`, to a table that is otherwise masked.

    `controls` holds the columns of these two operators. `suppress` empties a cell whose
    class, the values of `by` (all suppressed columns where it is not given) and of its
    own column, has fewer than k rows; an empty value is a value of its own.
    `aggregate` shows in each row the count, sum or mean of its group's numbers, brought
    between `low` and `high`, and nothing where fewer than k rows have one.
    """
    suppressed = [name for name, one in controls.items() if one.operator is Operator.SUPPRESS]
    aggregated = [name for name, one in controls.items() if one.operator is Operator.AGGREGATE]
    shown = [name for name in frame.columns if name not in aggregated]
    kept = frame.with_columns(
        [_suppressed(name, controls[name], suppressed, shown) for name in suppressed]
    )
    return kept.with_columns(
        [_aggregated(kept, name, controls[name], shown) for name in aggregated]
    )


def _suppressed(name: str, control: Control, suppressed: list[str], shown: list[str]) -> pl.Expr:
    others = _named(control, shown) or tuple(suppressed)
    size = pl.len().over(sorted({name, *others}))
    return pl.when(size >= smallest_group(control)).then(pl.col(name)).alias(name)


def _aggregated(frame: pl.DataFrame, name: str, control: Control, shown: list[str]) -> pl.Expr:
    groups = _named(control, shown)
    numbers = _numbers(frame.get_column(name), control)
    present = numbers.count().over(groups)
    shown_as = {
        "count": present.cast(pl.Int64),
        "sum": numbers.sum().over(groups).round_sig_figs(_FIGURES),
        "mean": numbers.mean().over(groups).round_sig_figs(_FIGURES),
    }[aggregate_of(control)]
    return pl.when(present >= smallest_group(control)).then(shown_as).alias(name)


def _numbers(column: pl.Series, control: Control) -> pl.Expr:
    """Return the finite numbers of a column within the limits; others are empty."""
    low, high = limits(control)
    kind = column.dtype
    if kind.is_integer() or kind.is_float() or kind.is_decimal():
        number = pl.col(column.name).cast(pl.Float64)
        finite = pl.when(number.is_finite()).then(number)
        return finite.clip(
            None if low is None else float(low), None if high is None else float(high)
        )
    if aggregate_of(control) == "count":
        return pl.col(column.name)
    raise MaskingError(
        f"column `{column.name}` has no numbers to aggregate; use `of=count`, or another operator"
    )


def _named(control: Control, shown: list[str]) -> tuple[str, ...]:
    groups = group_columns(control)
    hidden = [one for one in groups if one not in shown]
    if hidden:
        raise MaskingError(
            f"`{control.operator.value}` groups by column `{hidden[0]}`, which is not shown "
            "here or aggregated itself; group by a shown one"
        )
    return groups
