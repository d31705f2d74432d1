"""What masked data is still good for, measured against the clear data it was made from.

Information in bits, the error of group means, the share of joins kept, the area under the
ROC curve (T. Fawcett, An introduction to ROC analysis, 2006). All take two tables with the same
rows in the same order. Figures only: no value of the data leaves here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from policy_service.masking.dates import read_date

_ROUND = 6
_MOST_GROUPS = 100
_FEWEST_IN_GROUP = 5
_READABLE = 0.9  # of the values that are there
_BAND = r"^\[(-?[0-9]+), (-?[0-9]+)\)$"
_YEAR = r"^([0-9]{4})(?:s|-[0-9Q]{2}.*|, (?:fe)?male)?$"
_NUMBER = r"^(-?[0-9]{1,15}(?:\.[0-9]+)?)$"
_SEX = r", ((?:fe)?male)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeans:
    """How far means of groups move, over the pairs of columns of which one is masked."""

    pairs: int
    mean_error: float
    worst_error: float
    worst: str  # `value by group`


def information_bits(column: pl.Series) -> float:
    """Return the Shannon entropy of a column; an empty value is a value."""
    if not len(column):
        return 0.0
    counts = column.rename("value").to_frame().group_by("value").len().get_column("len")
    # In one order, so that the sum of floats is the same on every run.
    shares = counts.cast(pl.Float64).sort() / len(column)
    return round(abs(float(-(shares * shares.log(2)).sum())), _ROUND)


def group_mean_errors(
    clear: pl.DataFrame, masked: pl.DataFrame, *, groups: Sequence[str], values: Sequence[str]
) -> GroupMeans | None:
    """Compare the means of `values` in `groups`, where one of the two is masked; None without any.

    The error of a pair is the mean over the rows of |masked - clear| over the mean of |clear|,
    each row by the mean of its own group. Dates and birth numbers are grouped by decade. What
    is not shown at all, or shows no number, is known only as nothing: its error is 1.
    Groupings of more than 100 groups, or of fewer than five rows a group, are left out.
    """
    errors: dict[str, float] = {}
    usable = {name: keys for name in groups if (keys := _groups(clear, name)) is not None}
    changed = {name for name in (*groups, *values) if not _is_clear(clear, masked, name)}
    for name, keys in usable.items():
        shown = _as_groups(masked.get_column(name)) if name in masked.columns else None
        for value in values:
            if value != name and changed & {name, value}:
                errors[f"{value} by {name}"] = _pair_error(clear, masked, keys, shown, value)
    known = {pair: error for pair, error in errors.items() if not math.isnan(error)}
    if not known:
        return None
    worst = min(known, key=lambda pair: (-known[pair], pair))
    return GroupMeans(
        pairs=len(known),
        mean_error=round(sum(known.values()) / len(known), _ROUND),
        worst_error=round(known[worst], _ROUND),
        worst=worst,
    )


def join_rate(
    child: tuple[pl.Series, pl.Series | None], parent: tuple[pl.Series, pl.Series | None]
) -> float | None:
    """Return the share of references that still find their row when both sides are masked.

    Each side is the clear and the masked column, None where it is not shown. None where
    no reference finds a row in clear.
    """
    finds = child[0].is_in(parent[0].drop_nulls().unique().implode()).fill_null(False)
    found = int(finds.sum())
    if not found:
        return None
    if child[1] is None or parent[1] is None or child[1].dtype != parent[1].dtype:
        return 0.0
    # The right row, not only some row: masked alike, and a stand-in for one value only.
    pairs = pl.DataFrame({"clear": parent[0], "shown": parent[1]}).drop_nulls().unique()
    single = pairs.filter(pl.len().over("shown") == 1)
    wanted = pl.DataFrame({"clear": child[0], "shown": child[1]}).filter(finds)
    kept = wanted.join(single, on=["clear", "shown"], how="semi").height
    return round(kept / found, _ROUND)


def area_under_curve(scores: pl.Series, positive: pl.Series) -> float | None:
    """Return how likely a positive row scores above a negative one; None without both kinds."""
    ones = int(positive.sum())
    others = len(positive) - ones
    if not ones or not others:
        return None
    ranks = scores.rank("average").filter(positive)
    above = float(ranks.sum()) - ones * (ones + 1) / 2
    return round(above / (ones * others), _ROUND)


def as_numbers(column: pl.Series) -> pl.Series:
    """Read numbers back: bands as their middle, periods as their year; others are empty."""
    if column.dtype == pl.Boolean or column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime, strict=False).dt.epoch("d").cast(pl.Float64)
    text = column.cast(pl.String, strict=False).str.strip_chars()
    low, high = text.str.extract(_BAND, 1), text.str.extract(_BAND, 2)
    middle = (low.cast(pl.Float64) + high.cast(pl.Float64)) / 2
    year = text.str.extract(_YEAR, 1).cast(pl.Float64)
    number = text.str.extract(_NUMBER, 1).cast(pl.Float64, strict=False)
    return middle.zip_with(middle.is_not_null(), year.zip_with(year.is_not_null(), number))


def features(column: pl.Series, *, birth: bool) -> dict[str, pl.Series]:
    """Turn a column, clear or masked, into numbers that a model can be trained on.

    `birth` says that its values give away a date of birth: then the year, and the sex where
    it is coded. Text that shows no numbers becomes the rank of each different value.
    """
    name = column.name
    if birth:
        years, sexes = _births(column)
        if years.null_count() <= (1 - _READABLE) * len(years) + column.null_count():
            return {f"{name}.year": years, f"{name}.sex": sexes}
    numbers = as_numbers(column)
    if numbers.null_count() - column.null_count() <= (1 - _READABLE) * len(column):
        return {name: numbers}
    return {name: column.cast(pl.String, strict=False).rank("dense").cast(pl.Float64)}


def _births(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    text = column.cast(pl.String, strict=False)
    shown = text.str.extract(_YEAR, 1).cast(pl.Float64)
    sex = text.str.extract(_SEX, 1)
    if shown.null_count() < len(column):
        return shown, (sex == "female").cast(pl.Float64)
    read = [read_date(value) for value in column.to_list()]
    return (
        pl.Series([None if one is None else float(one.year) for one in read], dtype=pl.Float64),
        pl.Series(
            [None if one is None or not one.sex else float(one.sex == "female") for one in read],
            dtype=pl.Float64,
        ),
    )


def _is_clear(clear: pl.DataFrame, masked: pl.DataFrame, name: str) -> bool:
    return name in masked.columns and clear.get_column(name).equals(masked.get_column(name))


def _groups(clear: pl.DataFrame, name: str) -> pl.Series | None:
    keys = _as_groups(clear.get_column(name))
    count = keys.n_unique()
    few = 1 < count <= _MOST_GROUPS and clear.height >= count * _FEWEST_IN_GROUP
    return keys if few else None


def _as_groups(column: pl.Series) -> pl.Series:
    """Group as people do: dates and birth numbers by decade, all else by value."""
    if column.n_unique() <= _MOST_GROUPS and not column.dtype.is_temporal():
        shown = column.cast(pl.String, strict=False)
        years = shown.str.extract(_YEAR, 1)
        return years.zip_with(years.is_not_null(), shown).str.replace(r"^([0-9]{3})[0-9]$", "${1}0")
    read = [read_date(value) for value in column.to_list()]
    decades = pl.Series(
        [None if one is None else str(one.year // 10 * 10) for one in read], dtype=pl.String
    )
    return (
        decades
        if decades.null_count() <= (1 - _READABLE) * len(column)
        else (column.cast(pl.String, strict=False))
    )


def _pair_error(
    clear: pl.DataFrame, masked: pl.DataFrame, keys: pl.Series, shown: pl.Series | None, value: str
) -> float:
    truth = as_numbers(clear.get_column(value))
    present = truth.is_not_null()
    mean = _mean_by(keys, truth).filter(present)
    scale = float(mean.abs().sum())
    if not scale:
        return math.nan
    if shown is None or value not in masked.columns:
        return 1.0
    read = as_numbers(masked.get_column(value))
    seen = _mean_by(shown, read).filter(present).fill_null(0.0)
    return float((seen - mean).abs().sum()) / scale


def _mean_by(keys: pl.Series, values: pl.Series) -> pl.Series:
    table = pl.DataFrame({"key": keys, "value": values})
    return table.select(pl.col("value").mean().over("key")).to_series()
