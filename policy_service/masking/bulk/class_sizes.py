"""`suppress` in two passes over a table that does not fit into memory.

The first pass counts the classes of masked batches, the second empties cells of classes
below k. Equal to `operators.groups` on the whole table at once (a test compares them).
What is held is one row for each class, not for each row.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from policy_service.domain.control import Control, Operator
from policy_service.domain.errors import MaskingError
from policy_service.masking.parameters import group_columns, smallest_group

MOST_CLASSES = 20_000_000
_MERGE_AT = 1_000_000  # rows of counts that wait to be added up
_SIZE, _KEPT = "\0size", "\0kept:"  # no file has such columns

Group = tuple[str, ...]


class ClassSizes:
    """Counts classes batch by batch, then suppresses batch by batch."""

    def __init__(self, controls: Mapping[str, Control]) -> None:
        """`controls` are those of all shown columns; only `suppress` matters."""
        found = [name for name, one in controls.items() if one.operator is Operator.SUPPRESS]
        self._groups = {
            name: tuple(sorted({name, *(group_columns(controls[name]) or found)})) for name in found
        }
        self._smallest = {name: smallest_group(controls[name]) for name in found}
        self._counts: dict[Group, list[pl.DataFrame]] = {
            group: [] for group in self._groups.values()
        }
        self._kept: dict[str, pl.DataFrame] = {}

    @property
    def columns(self) -> frozenset[str]:
        """Name the columns that classes are made of."""
        return frozenset(name for group in self._counts for name in group)

    def count(self, frames: Iterable[pl.DataFrame]) -> None:
        """Count the classes of a whole table, masked but for `suppress`. Call it once.

        Raises `MaskingError` where there are more classes than memory is meant to hold.
        """
        for frame in frames:
            for group, counts in self._counts.items():
                counts.append(frame.group_by(group).agg(pl.len().cast(pl.Int64).alias(_SIZE)))
                if len(counts) > 1 and sum(one.height for one in counts[1:]) > _MERGE_AT:
                    counts[:] = [_added_up(counts, group)]
        for name, group in self._groups.items():
            sizes = _added_up(self._counts[group], group)
            enough = sizes.filter(pl.col(_SIZE) >= self._smallest[name])
            self._kept[name] = enough.select(*group, pl.lit(value=True).alias(_KEPT + name))
        self._counts = {group: [] for group in self._counts}

    def suppress(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Empty the cells of small classes; rows and their order stay."""
        marked = frame
        for name, group in self._groups.items():
            marked = marked.join(
                self._kept[name],
                on=list(group),
                how="left",
                nulls_equal=True,
                maintain_order="left",
            )
        shown = [
            pl.when(pl.col(_KEPT + name)).then(pl.col(name)).alias(name) for name in self._groups
        ]
        return marked.with_columns(shown).drop([_KEPT + name for name in self._groups])


def _added_up(counts: list[pl.DataFrame], group: Group) -> pl.DataFrame:
    found = pl.concat(counts).group_by(group).agg(pl.col(_SIZE).sum())
    if found.height > MOST_CLASSES:
        raise MaskingError(
            f"`suppress` by `{', '.join(group)}` has more than {MOST_CLASSES:,} classes; "
            "group by fewer or coarser columns"
        )
    return found
