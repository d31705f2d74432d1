"""How well what a role sees still predicts: the AUC of a model on masked against clear data.

The target's table, and every table that references lead to from it, are joined twice: on clear
keys, and on keys as they are shown. What cannot be joined or is not shown is missing, as it
is for the role. Gradient-boosted trees order the rows; five stratified folds, the same for
both. The target itself stays clear: who trains has it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from policy_service.domain.asset import Catalog, Column, ForeignKey, Table
from policy_service.domain.errors import NotFoundError, UsageError
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import Progress
from policy_service.masking.choice.utility import area_under_curve, features
from policy_service.workflows.masking_choice.tables import (
    ReadTable,
    gives_birth,
    key_columns,
    references,
)

_STAGE = "training"
_FOLDS = 5
_GROUP = 1000  # rows ordered together
_FEWEST = 5  # rows of each kind
_DEEPEST = 5  # references from the target's table
_MOST_ROWS_OF_ONE = 5.0  # of a table that refers to one row, on average: then the first stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is predicted: whether `column` of `table` holds one of `values`, as texts."""

    table: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Areas under the ROC curve, from 0.5 for chance to 1: means over the folds."""

    target: str
    rows: int
    positive: int
    features_clear: int
    features_masked: int
    auc_clear: float
    auc_masked: float
    deviation: float  # of the difference, fold by fold: what is below it may be chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Both joins, row by row of the target's table, and whether each is positive.

    `columns` says of which table's column each joined one is.
    """

    clear: pl.DataFrame
    masked: pl.DataFrame
    features_clear: pl.DataFrame
    features_masked: pl.DataFrame
    positive: pl.Series
    columns: Mapping[str, tuple[Table, Column]]


def read_target(text: str) -> Target:
    """Read `table.column=value,value`. Raises `UsageError`."""
    place, equals, values = text.partition("=")
    table, dot, column = place.rpartition(".")
    wanted = tuple(one.strip() for one in values.split(",") if one.strip())
    if not (equals and dot and table and column and wanted):
        raise UsageError(
            f"`{text}` is not a target; write `table.column=value,value`: what counts as positive"
        )
    return Target(table=table.strip(), column=column.strip(), values=wanted)


def target_table(catalog: Catalog, target: Target) -> Table:
    """Find the target's table. Raises `NotFoundError` for an unknown table or column."""
    found = next((one for one in catalog.tables if one.name == target.table), None)
    if found is None or found.column(target.column) is None:
        raise NotFoundError(f"there is no column `{target.table}.{target.column}` to predict")
    return found


def join_for(
    catalog: Catalog, tables: Mapping[AssetId, ReadTable], base: Table, target: Target
) -> Joined:
    """Join everything that references lead to from `base`, clear and masked."""
    shown = {name: one.masked() for name, one in tables.items()}
    places = [_Place(table=base, prefix=base.name)]
    clear, masked = (
        _prefixed(tables[base.id].clear, base.name),
        _prefixed(shown[base.id], base.name),
    )
    for step in _steps(catalog, tables, base):
        clear = _attach(clear, tables[step.to.id].clear, step)
        masked = _attach(masked, shown[step.to.id], step)
        places.append(_Place(table=step.to, prefix=step.prefix))
    label = f"{base.name}.{target.column}"
    columns = {
        f"{place.prefix}.{column.name}": (place.table, column)
        for place in places
        for column in place.table.columns
    }
    telling = [
        (name, gives_birth(column))
        for name, (table, column) in columns.items()
        if name != label and column.name not in key_columns(catalog, table)
    ]
    return Joined(
        clear=clear,
        masked=masked,
        features_clear=_features(clear, telling),
        features_masked=_features(masked, telling),
        positive=clear.get_column(label).cast(pl.String).is_in(target.values).fill_null(False),
        columns=columns,
    )


def predict(joined: Joined, target: Target, *, seed: int, progress: Progress) -> Prediction:
    """Train and test on both joins. Raises `UsageError` where a kind has fewer than five rows."""
    positive = int(joined.positive.sum())
    name = f"{target.table}.{target.column}={','.join(target.values)}"
    if min(positive, len(joined.positive) - positive) < _FEWEST:
        raise UsageError(
            f"target `{name}` needs at least {_FEWEST} rows that are and {_FEWEST} that are not"
        )
    folds = _folds(joined.positive, seed)
    clear = _areas(joined.features_clear, joined.positive, folds, seed, progress)
    masked = _areas(joined.features_masked, joined.positive, folds, seed, progress)
    gaps = pl.Series([one - other for one, other in zip(clear, masked, strict=True)])
    spread = gaps.std()
    return Prediction(
        target=name,
        rows=len(joined.positive),
        positive=positive,
        features_clear=joined.features_clear.width,
        features_masked=joined.features_masked.width,
        auc_clear=round(sum(clear) / len(clear), 4),
        auc_masked=round(sum(masked) / len(masked), 4),
        deviation=round(float(spread), 4) if isinstance(spread, float) else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    table: Table
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """From a joined table to another: `left` names the joined column, `right` that of `to`."""

    to: Table
    prefix: str
    left: str
    right: str


def _prefixed(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return frame.rename({name: f"{prefix}.{name}" for name in frame.columns})


def _steps(catalog: Catalog, tables: Mapping[AssetId, ReadTable], base: Table) -> Iterator[_Step]:
    """Follow each reference once, nearest first; backwards only where few rows refer to one."""
    waiting, used = [(base, base.name, 0)], set()
    while waiting:
        table, prefix, depth = waiting.pop(0)
        if depth == _DEEPEST:
            continue
        for child, key, parent in references(catalog):
            edge = (child.id, key.column)
            if edge in used or child.id not in tables or parent.id not in tables:
                continue
            if child.id == table.id:
                to, left, right = parent, key.column, key.references_column
            elif parent.id == table.id and _few(tables[child.id].clear, key):
                to, left, right = child, key.references_column, key.column
            else:
                continue
            used.add(edge)
            name = f"{prefix}>{to.name}"
            yield _Step(to=to, prefix=name, left=f"{prefix}.{left}", right=f"{name}.{right}")
            waiting.append((to, name, depth + 1))


def _few(child: pl.DataFrame, key: ForeignKey) -> bool:
    different = child.get_column(key.column).drop_nulls().n_unique()
    return bool(different) and child.height / different <= _MOST_ROWS_OF_ONE


def _attach(joined: pl.DataFrame, other: pl.DataFrame, step: _Step) -> pl.DataFrame:
    """Join the first row that fits; nothing where a key is not shown, or shown as another type."""
    right = _prefixed(other, step.prefix)
    if step.left not in joined.columns or step.right not in right.columns:
        return joined
    if joined.schema[step.left] != right.schema[step.right]:
        return joined
    first = right.filter(pl.col(step.right).is_not_null()).unique(
        subset=step.right, keep="first", maintain_order=True
    )
    return joined.join(
        first,
        left_on=step.left,
        right_on=step.right,
        how="left",
        coalesce=False,  # the key leads on to the next table
        maintain_order="left",
    )


def _features(frame: pl.DataFrame, columns: Sequence[tuple[str, bool]]) -> pl.DataFrame:
    found = {
        name: numbers.cast(pl.Float32)
        for column, birth in columns
        if column in frame.columns
        for name, numbers in features(frame.get_column(column), birth=birth).items()
    }
    # Trees need a column to look at, even where nothing is shown.
    return pl.DataFrame(found or {"nothing": pl.Series([0.0], dtype=pl.Float32)}).select(
        pl.all() if found else pl.lit(0.0, dtype=pl.Float32).repeat_by(frame.height).explode()
    )


def _folds(positive: pl.Series, seed: int) -> list[int]:
    """Give each row its fold, positive and negative ones spread alike."""
    chance = random.Random(seed)  # noqa: S311 - folds, no secret
    folds = [0] * len(positive)
    for kind in (True, False):
        rows = [place for place, one in enumerate(positive.to_list()) if one is kind]
        chance.shuffle(rows)
        for turn, row in enumerate(rows):
            folds[row] = turn % _FOLDS
    return folds


def _areas(
    table: pl.DataFrame, positive: pl.Series, folds: Sequence[int], seed: int, progress: Progress
) -> list[float]:
    from policy_service.engines.lightgbm import ForestSettings, grow_forest

    settings = ForestSettings(
        trees=60, learning_rate=0.1, leaf_rows=10, features=0.5, l2=5.0, truncation=_GROUP
    )
    rows, labels, fold_of = table.to_numpy(), positive.to_numpy(), pl.Series(folds)
    order = list(range(len(folds)))
    random.Random(seed).shuffle(order)  # noqa: S311 - groups of training rows, no secret
    areas = []
    for fold in range(_FOLDS):
        progress(_STAGE, fold, _FOLDS)
        train = [row for row in order if folds[row] != fold]
        sizes = [min(_GROUP, len(train) - begin) for begin in range(0, len(train), _GROUP)]
        forest = grow_forest(rows[train], labels[train], sizes, seed=seed, settings=settings)
        held = (fold_of == fold).arg_true().to_list()
        scores = pl.Series(forest.score(rows[held]))
        areas.append(area_under_curve(scores, positive.gather(held)) or 0.5)
    progress(_STAGE, _FOLDS, _FOLDS)
    return areas
