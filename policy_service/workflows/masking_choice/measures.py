"""The figures and the made-up sample of a masking proposal."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from policy_service.domain.asset import Catalog, Column, Table
from policy_service.domain.identifiers import AssetId
from policy_service.domain.progress import Progress
from policy_service.masking.choice.made_up import Described, before_and_after
from policy_service.masking.choice.utility import GroupMeans, group_mean_errors, join_rate
from policy_service.workflows.masking_choice.prediction import Joined, Target, join_for, predict
from policy_service.workflows.masking_choice.proposal import JoinKept, TableSample, Utility
from policy_service.workflows.masking_choice.tables import (
    MeasuringKeys,
    ReadTable,
    gives_birth,
    key_columns,
    references,
)

_NUMBERS_OF_THINGS = (
    "user.unique_id",
    "user.government_id",
    "user.account",
    "user.contact",
    "user.device",
    "user.financial.bank_account",
    "user.financial.credit_card",
)


def figures(
    catalog: Catalog,
    tables: Mapping[AssetId, ReadTable],
    proposed: Sequence[AssetId],
    *,
    target: Target | None,
    seed: int,
    progress: Progress,
) -> Utility:
    """Measure group means, joins and, where a target is named, prediction."""
    joined = None
    if target is not None:
        base = next(one.table for one in tables.values() if one.table.name == target.table)
        joined = join_for(catalog, tables, base, target)
    return Utility(
        group_means=_worst_of(_group_means(catalog, tables, proposed, joined)),
        joins=tuple(_joins(catalog, tables, frozenset(proposed))),
        prediction=None
        if joined is None or target is None
        else predict(joined, target, seed=seed, progress=progress),
    )


def samples(
    tables: Sequence[ReadTable], frames: Mapping[AssetId, pl.DataFrame], *, seed: int
) -> tuple[TableSample, ...]:
    """Make up five rows of each table, before and after; no value in them occurs in `frames`."""

    def in_data(texts: Sequence[str]) -> frozenset[str]:
        wanted = pl.Series(sorted(texts), dtype=pl.String)
        held: set[str] = set()
        for frame in frames.values():
            for column in frame.get_columns():
                for written in _written(column):
                    held.update(wanted.filter(wanted.is_in(written.implode())).to_list())
        return frozenset(held)

    return tuple(
        TableSample(
            table=one.table.name,
            columns=before_and_after(
                [
                    Described(
                        name=column.name,
                        data_type=column.data_type,
                        category=column.category,
                        shape=column.profile.shape,
                        birth=gives_birth(column),
                    )
                    for column in one.table.columns
                    if column.name in one.controls
                ],
                one.controls,
                keys=MeasuringKeys(),
                in_data=in_data,
                seed=seed,
            ),
        )
        for one in tables
    )


def _written(column: pl.Series) -> Iterator[pl.Series]:
    """Write the values of a column as texts; whole fractions also as whole numbers."""
    yield column.unique().cast(pl.String, strict=False).drop_nulls()
    if column.dtype.is_float() or column.dtype.is_decimal():
        whole = column.cast(pl.Float64)
        inside = whole.filter(whole.is_finite() & (whole.abs() < 2**53) & (whole == whole.floor()))
        yield inside.cast(pl.Int64).unique().cast(pl.String)


def _group_means(
    catalog: Catalog,
    tables: Mapping[AssetId, ReadTable],
    proposed: Sequence[AssetId],
    joined: Joined | None,
) -> Iterator[GroupMeans]:
    """Compare over the join where there is a target, which brings groups and values together."""
    if joined is not None:
        groups, values = _comparable(catalog, joined.clear, joined.columns)
        found = group_mean_errors(joined.clear, joined.masked, groups=groups, values=values)
        if found is not None:
            yield found
        return
    for one in (tables[name] for name in proposed):
        columns = {column.name: (one.table, column) for column in one.table.columns}
        groups, values = _comparable(catalog, one.clear, columns)
        found = group_mean_errors(one.clear, one.masked(), groups=groups, values=values)
        if found is not None:
            yield found


def _comparable(
    catalog: Catalog, frame: pl.DataFrame, columns: Mapping[str, tuple[Table, Column]]
) -> tuple[list[str], list[str]]:
    """Choose what to group by, and what to take means of: quantities, not numbers of things."""
    groups = [name for name in columns if name in frame.columns]
    values = [
        name
        for name in groups
        if frame.schema[name].is_numeric()
        and columns[name][1].name not in key_columns(catalog, columns[name][0])
        and not columns[name][1].category.startswith(_NUMBERS_OF_THINGS)
    ]
    return groups, values


def _worst_of(found: Iterator[GroupMeans]) -> GroupMeans | None:
    """Put the tables' figures together, each pair of columns counting once."""
    every = list(found)
    if not every:
        return None
    pairs = sum(one.pairs for one in every)
    worst = max(every, key=lambda one: (one.worst_error, one.worst))
    return GroupMeans(
        pairs=pairs,
        mean_error=round(sum(one.mean_error * one.pairs for one in every) / pairs, 6),
        worst_error=worst.worst_error,
        worst=worst.worst,
    )


def _joins(
    catalog: Catalog, tables: Mapping[AssetId, ReadTable], proposed: frozenset[AssetId]
) -> Iterator[JoinKept]:
    masked = {one: tables[one].masked() for one in tables}
    for child, key, parent in references(catalog):
        if not {child.id, parent.id} <= set(tables) or not {child.id, parent.id} & proposed:
            continue
        sides = [(child.id, key.column), (parent.id, key.references_column)]
        if any(name not in tables[one].clear.columns for one, name in sides):
            continue
        first, second = (
            (
                tables[one].clear.get_column(name),
                masked[one].get_column(name) if name in masked[one].columns else None,
            )
            for one, name in sides
        )
        rate = join_rate(first, second)
        if rate is not None:
            yield JoinKept(reference=f"{child.name}.{key.column} → {parent.name}", rate=rate)
