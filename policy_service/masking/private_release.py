"""Differentially private releases: noisy counts, sums and means of groups, with what they cost.

A release is drawn once and kept: drawing again costs again, so a budget counts. It is
not a mask of a column: rows with their groups beside noisy figures would give the exact
counts away. The groups are the caller's, known without the data: groups that only the
data names would say that somebody is in them. The mechanism is `engines.opendp`.
Source: Dwork and Roth 2014, "The Algorithmic Foundations of Differential Privacy".
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from policy_service.domain.errors import MaskingError
from policy_service.engines.opendp import PrivateFigures, private_counts, private_sums

_FIGURES = 6  # digits of sums and means; noise makes the rest meaningless


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of every group: `column` between `low` and `high`; a count needs none of them."""

    of: Literal["count", "sum", "mean"]
    column: str = ""
    low: float = 0.0
    high: float = 0.0

    @property
    def name(self) -> str:
        """Name the column of the release."""
        return "rows" if self.of == "count" else f"{self.of}_{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRelease:
    """Groups with their figures, and the privacy loss of a `unit` through all of them."""

    table: pl.DataFrame
    epsilon: float
    unit: str  # what is protected: `row`, or `up to N rows of one SUBJECT`
    mechanism: str = "Laplace (OpenDP), pure differential privacy"


class PrivacyBudget:
    """What all releases about the same people may lose together. Thread-safe."""

    def __init__(self, *, epsilon: float) -> None:
        """Raises `MaskingError` for a budget that is not above 0."""
        if not 0 < epsilon < float("inf"):
            raise MaskingError("a privacy budget must be above 0")
        self._left = epsilon
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Return what is not spent yet."""
        return self._left

    def spend(self, epsilon: float) -> None:
        """Take from the budget before anything is drawn. Raises `MaskingError` beyond its end."""
        with self._lock:
            if not 0 < epsilon <= self._left:
                raise MaskingError(
                    f"a release of epsilon {epsilon:g} does not fit the {self._left:g} left; "
                    "lower it, or show an earlier release again"
                )
            self._left -= epsilon


def private_release(
    frame: pl.DataFrame,
    *,
    groups: pl.DataFrame,
    measures: Sequence[Measure],
    budget: PrivacyBudget,
    epsilon: float,
    subject: str = "",
    rows_per_subject: int = 1,
    k: int = 0,
) -> PrivateRelease:
    """Draw figures of the rows of `frame` in each row of `groups`, losing at most `epsilon`.

    `groups` lists the values of the columns it has, each combination once; other rows
    count nowhere. With `subject` the first `rows_per_subject` rows of each person count,
    and a person is protected; without, a row. Groups whose noisy count is below `k` show
    no figures. Raises `MaskingError`; what the budget gave for a failed draw stays spent.
    """
    _check(frame, groups, measures, subject, rows_per_subject)
    budget.spend(epsilon)
    kept = _bounded(frame, subject, rows_per_subject)
    numbers = [one for one in measures if one.of != "count"]
    share = epsilon / (1 + len(numbers))  # every release counts: means and thresholds need it
    try:
        places = _rows_of_groups(kept, groups)
    except pl.exceptions.PolarsError as error:
        raise MaskingError("groups and table do not fit; use the same types of columns") from error
    counts = private_counts(
        [len(one) for one in places], epsilon=share, contributions=rows_per_subject
    )
    sums = [
        _sums(kept.get_column(one.column), places, one, share, rows_per_subject) for one in numbers
    ]
    spent = counts.epsilon + sum(one.epsilon for one in sums)
    figures = {"rows": pl.Series([max(0, round(one)) for one in counts.values], dtype=pl.Int64)}
    for measure, drawn in zip(numbers, sums, strict=True):
        figures[measure.name] = _shown(measure, drawn, counts)
    enough = figures["rows"] >= k
    table = groups.with_columns(
        pl.when(enough).then(figure).alias(name) for name, figure in figures.items()
    )
    unit = f"up to {rows_per_subject} rows of one `{subject}`" if subject else "row"
    return PrivateRelease(table=table, epsilon=spent, unit=unit)


def _check(
    frame: pl.DataFrame,
    groups: pl.DataFrame,
    measures: Sequence[Measure],
    subject: str,
    rows_per_subject: int,
) -> None:
    needed = [*groups.columns, *(one.column for one in measures if one.of != "count")]
    missing = [one for one in [*needed, *([subject] if subject else [])] if one not in frame]
    if missing:
        raise MaskingError(f"there is no column `{missing[0]}` to release; check its name")
    if groups.is_duplicated().any():
        raise MaskingError("a group is listed twice; list each once")
    if rows_per_subject < 1 or (rows_per_subject > 1 and not subject):
        raise MaskingError("more than one row for each person needs `subject`, their column")
    for one in measures:
        if one.of != "count" and not one.low < one.high:
            raise MaskingError(f"`{one.name}` needs `low` below `high`: they bound each person")


def _bounded(frame: pl.DataFrame, subject: str, rows_per_subject: int) -> pl.DataFrame:
    if not subject:
        return frame
    first = pl.int_range(pl.len()).over(subject) < rows_per_subject
    return frame.filter(first & pl.col(subject).is_not_null())


def _rows_of_groups(frame: pl.DataFrame, groups: pl.DataFrame) -> list[list[int]]:
    placed = frame.select(groups.columns).with_row_index("__row")
    listed = groups.with_row_index("__group")
    found = placed.join(listed, on=groups.columns, how="inner", nulls_equal=True)
    rows: list[list[int]] = [[] for _ in range(groups.height)]
    for group, row in found.select("__group", "__row").iter_rows():
        rows[group].append(row)
    return rows


def _sums(
    column: pl.Series, places: list[list[int]], measure: Measure, epsilon: float, rows: int
) -> PrivateFigures:
    numbers = column.cast(pl.Float64, strict=False).fill_nan(None)
    inside = [numbers.gather(one).drop_nulls().to_list() for one in places]
    return private_sums(
        inside, low=measure.low, high=measure.high, epsilon=epsilon, contributions=rows
    )


def _shown(measure: Measure, sums: PrivateFigures, counts: PrivateFigures) -> pl.Series:
    values = list(sums.values)
    if measure.of == "mean":
        values = [
            min(max(one / max(rows, 1.0), measure.low), measure.high)
            for one, rows in zip(values, counts.values, strict=True)
        ]
    return pl.Series(values, dtype=pl.Float64).round_sig_figs(_FIGURES)
