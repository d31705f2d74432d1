"""Foreign keys as a graph: neighbours, shortest paths, and columns that others refer to.

Edges go both ways: a row filter may follow a reference backwards, from an account
to the dispositions that name it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from policy_service.domain.asset import Catalog, Column, ForeignKey, Table
from policy_service.domain.control import Join
from policy_service.domain.identifiers import AssetId

_MAX_HOPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edge as seen from a table: the join, and whether it follows the key's direction."""

    join: Join
    forward: bool


class TableGraph:
    """The tables of one catalogue with their references. Immutable once built."""

    def __init__(self, catalog: Catalog) -> None:
        self._tables = {table.id: table for table in catalog.tables}
        self._steps: dict[AssetId, list[Step]] = {table.id: [] for table in catalog.tables}
        for table in catalog.tables:
            for key in table.foreign_keys:
                self._add(table, key)

    def table(self, table: AssetId) -> Table:
        """Return a table of the catalogue. Requires that it is one."""
        return self._tables[table]

    def steps(self, table: AssetId) -> tuple[Step, ...]:
        """List the edges of a table, its own references first."""
        return tuple(sorted(self._steps[table], key=lambda step: not step.forward))

    def parents(self, table: AssetId) -> tuple[AssetId, ...]:
        """List the tables that a table refers to."""
        return _targets(step for step in self._steps[table] if step.forward)

    def children(self, table: AssetId) -> tuple[AssetId, ...]:
        """List the tables that refer to a table."""
        return _targets(step for step in self._steps[table] if not step.forward)

    def path(
        self,
        start: AssetId,
        goal: Callable[[AssetId], bool],
        *,
        through: Callable[[AssetId], bool] = lambda table: True,
        max_hops: int = _MAX_HOPS,
    ) -> tuple[Join, ...] | None:
        """Find the shortest path to a table that fulfils `goal`; empty if `start` itself does."""
        waiting: deque[tuple[AssetId, tuple[Join, ...]]] = deque([(start, ())])
        seen = {start}
        while waiting:
            table, joins = waiting.popleft()
            if goal(table):
                return joins
            if len(joins) == max_hops:
                continue
            for step in self.steps(table):
                target = step.join.references_table
                if target not in seen and (goal(target) or through(target)):
                    seen.add(target)
                    waiting.append((target, (*joins, step.join)))
        return None

    def _add(self, table: Table, key: ForeignKey) -> None:
        if key.references_table not in self._tables:
            return  # a reference out of the scanned schema leads nowhere
        forward = Join(
            column=key.column,
            references_table=key.references_table,
            references_column=key.references_column,
        )
        backward = Join(
            column=key.references_column,
            references_table=table.id,
            references_column=key.column,
        )
        self._steps[table.id].append(Step(join=forward, forward=True))
        self._steps[key.references_table].append(Step(join=backward, forward=False))


def key_columns(table: Table) -> frozenset[str]:
    """Name the columns that identify rows or refer to them."""
    primary = {column.name for column in table.columns if column.primary_key}
    return frozenset(primary | {key.column for key in table.foreign_keys})


def own_columns(table: Table) -> tuple[Column, ...]:
    """List the columns that say something themselves, keys left out."""
    keys = key_columns(table)
    return tuple(column for column in table.columns if column.name not in keys)


def _targets(steps: Iterable[Step]) -> tuple[AssetId, ...]:
    return tuple(dict.fromkeys(step.join.references_table for step in steps))
