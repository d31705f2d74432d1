"""How well the rows of a frame hide each other: k-anonymity, l-diversity, t-closeness, risk.

A class is all rows with the same quasi-identifiers. k: P. Samarati and L. Sweeney (1998). l,
distinct, by entropy and recursive: A. Machanavajjhala et al. (2007). t: N. Li, T. Li and
S. Venkatasubramanian (2007), by equal distance, or by ordered distance for numbers and times.
A missing value is a value of its own, before all others in order: rows that lack the same
value look alike. All `NaN` are one value. Measures a frame; changes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from policy_service.catalog.privacy.reidentification import ClassSizes, estimate_risk
from policy_service.domain.errors import UsageError
from policy_service.domain.privacy import ReidentificationRisk, SensitiveSpread

_ROUND = 6
_CLASS = "class"
_VALUE = "value"
_COUNT = "count"
_SIZE = "size"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymityReport:
    """What was measured. An empty frame has no class: `k` is 0."""

    rows: int
    sizes: ClassSizes
    risk: ReidentificationRisk
    sensitive: tuple[SensitiveSpread, ...]

    @property
    def k(self) -> int:
        """Return the size of the smallest class."""
        return self.sizes.smallest

    @property
    def classes(self) -> int:
        """Return the number of classes."""
        return self.sizes.classes

    def share_below(self, size: int) -> float:
        """Return the share of the rows in classes smaller than `size`; 2 gives the unique rows."""
        return self.sizes.share_below(size)


def measure(
    frame: pl.DataFrame,
    *,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str] = (),
    population_rows: int | None = None,
) -> AnonymityReport:
    """Measure how far rows hide each other, and how far `sensitive` columns vary among them.

    `population_rows` is how many rows the frame was drawn from; None takes the frame for all.
    Raises `UsageError` for no quasi-identifier, a column that is not there, is named as both, or
    holds objects that polars cannot compare.
    """
    names = _checked(frame, quasi_identifiers)
    _checked(frame, [*names, *sensitive])
    if set(names) & set(sensitive):
        both = min(set(names) & set(sensitive))
        raise UsageError(f"column `{both}` is named as quasi-identifier and as sensitive; name one")
    keys = [f"key{place}" for place in range(len(names))]
    columns = [pl.col(name).alias(key) for name, key in zip(names, keys, strict=True)]
    rows_of = (
        frame.select(columns).with_row_index(_VALUE).group_by(keys).agg(_VALUE).get_column(_VALUE)
    )
    counted = rows_of.list.len().value_counts(name=_COUNT).sort(by=pl.first())
    sizes = ClassSizes(tuple((int(size), int(count)) for size, count in counted.iter_rows()))
    placed = (
        pl.DataFrame({_VALUE: rows_of}).with_row_index(_CLASS).explode(_VALUE)
        if sensitive and frame.height
        else pl.DataFrame()
    )
    return AnonymityReport(
        rows=frame.height,
        sizes=sizes,
        risk=estimate_risk(sizes, population_rows=population_rows),
        sensitive=tuple(
            _spread(frame.get_column(name), placed) for name in dict.fromkeys(sensitive)
        ),
    )


def row_classes(frame: pl.DataFrame, quasi_identifiers: Sequence[str]) -> pl.Series:
    """Return for each row how many rows share its quasi-identifiers, itself included.

    Unsigned integers, named `class_size`, in the order of the rows. Raises as `measure` does.
    """
    names = _checked(frame, quasi_identifiers)
    return frame.select(pl.len().over(names).alias("class_size")).to_series()


def _checked(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    if not names:
        raise UsageError("name at least one quasi-identifier: without one all rows look alike")
    for name in names:
        if name not in frame.columns:
            raise UsageError(f"there is no column `{name}`; name one of the table")
        if frame.schema[name] == pl.Object:
            raise UsageError(f"column `{name}` holds mixed objects; cast it to text first")
    return list(dict.fromkeys(names))


def _spread(column: pl.Series, placed: pl.DataFrame) -> SensitiveSpread:
    """Measure one sensitive column; `placed` gives the class of each row's index."""
    ordered = column.dtype.is_numeric() or column.dtype.is_temporal()
    if not len(column):
        return SensitiveSpread(
            column=column.name,
            distinct_l=0,
            entropy_l=0.0,
            recursive_c=None,
            t=0.0,
            ordered=ordered,
        )
    ranks = column.rank("dense").fill_null(0) if ordered else column
    pairs = (
        placed.select(_CLASS, ranks.gather(placed.get_column(_VALUE)).alias(_VALUE))
        .group_by(_CLASS, _VALUE)
        .agg(pl.len().cast(pl.Int64).alias(_COUNT))
        .with_columns(pl.col(_COUNT).sum().over(_CLASS).alias(_SIZE))
    )
    worst = _diversity(pairs)
    least, widest, most = worst.row(0)
    return SensitiveSpread(
        column=column.name,
        distinct_l=int(least),
        entropy_l=round(float(widest), _ROUND),
        recursive_c=None if most is None else round(float(most), _ROUND),
        t=round(_ordered_distance(pairs) if ordered else _equal_distance(pairs), _ROUND),
        ordered=ordered,
    )


def _diversity(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return one row: the least distinct l, the least entropy l, the greatest recursive c."""
    share = pl.col(_COUNT) / pl.col(_SIZE)
    commonest, size = pl.col(_COUNT).max(), pl.col(_SIZE).first()
    classes = pairs.group_by(_CLASS).agg(
        pl.len().alias("distinct"),
        (-(share * share.log()).sum()).alias("entropy"),
        (commonest / (size - commonest)).alias("recursive"),
    )
    # A class without a second value has an infinite c: no c makes it diverse.
    recursive = pl.col("recursive").max()
    return classes.select(
        pl.col("distinct").min(),
        pl.col("entropy").min().exp(),
        pl.when(recursive.is_finite()).then(recursive),
    )


def _equal_distance(pairs: pl.DataFrame) -> float:
    """Return the greatest distance of a class from the whole, all values equally far apart.

    Half the sum of |p - q|; what a class lacks adds q, hence the sum over what it has.
    """
    rows = pairs.get_column(_COUNT).sum()
    shares = pairs.with_columns(
        (pl.col(_COUNT) / pl.col(_SIZE)).alias("p"),
        (pl.col(_COUNT).sum().over(_VALUE) / rows).alias("q"),
    )
    gained = (pl.col("p") - pl.col("q")).abs() - pl.col("q")
    distances = shares.group_by(_CLASS).agg(((gained.sum() + 1) / 2).alias("t"))
    return max(float(distances.select(pl.col("t").max()).item()), 0.0)


def _ordered_distance(pairs: pl.DataFrame) -> float:
    """Return the greatest distance of a class from the whole, values as far apart as their ranks.

    The mean of |P - Q| over all ranks but the last, P and Q summed up. P is constant from one
    value of a class to its next; there the sum over Q, which rises, comes from prefix sums on
    both sides of where it passes P.
    """
    totals = pairs.group_by(_VALUE).agg(pl.col(_COUNT).sum()).sort(_VALUE)
    ranks = totals.height
    if ranks < 2:
        return 0.0
    whole = totals.get_column(_COUNT).cum_sum() / totals.get_column(_COUNT).sum()
    sums = pl.concat([pl.Series([0.0]), whole.cum_sum()])
    # In order of class and value; `first` marks where a class begins.
    run = pl.col(_COUNT).cum_sum()
    steps = (
        pairs.join(totals.select(_VALUE).with_row_index("start"), on=_VALUE)
        .sort(_CLASS, "start")
        .with_columns(
            pl.col("start").cast(pl.Int64),
            (pl.col(_CLASS) != pl.col(_CLASS).shift(1)).fill_null(True).alias("first"),
        )
        .with_columns(
            (
                (run - pl.when("first").then(run - pl.col(_COUNT)).forward_fill()) / pl.col(_SIZE)
            ).alias("p"),
            pl.when(~pl.col("first").shift(-1))
            .then(pl.col("start").shift(-1))
            .fill_null(ranks)
            .alias("end"),
        )
    )
    start, end, level = (steps.get_column(name) for name in ("start", "end", "p"))
    passed = pl.Series("passed", whole.search_sorted(level, side="left")).cast(pl.Int64)
    passed = pl.select(pl.max_horizontal(start, pl.min_horizontal(passed, end))).to_series()
    before, at, after = sums.gather(start), sums.gather(passed), sums.gather(end)
    moved = level * (passed - start) - (at - before) + (after - at) - level * (end - passed)
    moved += before * steps.get_column("first")  # what lies before the first value of a class
    distances = pl.DataFrame({_CLASS: steps.get_column(_CLASS), "t": moved}).group_by(_CLASS).sum()
    return max(float(distances.select(pl.col("t").max()).item()) / (ranks - 1), 0.0)
