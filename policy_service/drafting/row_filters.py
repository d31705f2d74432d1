"""Row filters for duties that reach only rows of the holder's own district, ward, portfolio.

A filter follows foreign keys where the table itself lacks the attribute, preferably
through the table of the persons the duty is about. Where no path is found a table
with personal data is not granted at all.
"""

from collections import Counter
from dataclasses import dataclass

from policy_service.domain.asset import Catalog, Table
from policy_service.domain.control import Join, RowFilter
from policy_service.domain.identifiers import AssetId
from policy_service.drafting.duties import Scope
from policy_service.drafting.duty_words import PERSON_WORDS
from policy_service.drafting.graph import TableGraph
from policy_service.drafting.relevance import RelevanceFinder, holds_personal
from policy_service.drafting.words import name_words, same_thing

_TAILS = frozenset({"id", "code", "no", "nr", "key", "name", "number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedTable:
    """What a scope means for one table: a filter, or why none is needed or possible."""

    row_filter: RowFilter | None
    granted: bool
    because: str


class RowScoper:
    """Finds the row filter of each table for one scope."""

    def __init__(
        self, *, catalog: Catalog, graph: TableGraph, finder: RelevanceFinder, scope: Scope
    ) -> None:
        self._graph = graph
        self._scope = scope
        self._columns = _scope_columns(catalog, scope.attribute)
        self._attribute = _attribute_name(self._columns)
        self._anchors = self._find_anchors(finder)

    def scope_table(self, table: Table) -> ScopedTable:
        """Say which rows of one table a holder may see."""
        if not holds_personal(table):
            return ScopedTable(row_filter=None, granted=True, because="no personal data")
        path = self._path(table.id)
        if path is None:
            return ScopedTable(
                row_filter=None,
                granted=False,
                because=f"no way from `{table.name}` to the own {self._scope.attribute}",
            )
        end = path[-1].references_table if path else table.id
        return ScopedTable(
            row_filter=RowFilter(
                table=table.id,
                column=self._columns[end],
                subject_attribute=self._attribute,
                path=path,
            ),
            granted=True,
            because=f"own {self._scope.attribute}",
        )

    def _find_anchors(self, finder: RelevanceFinder) -> frozenset[AssetId]:
        """Find the tables the scoped noun means and that carry the attribute themselves."""
        anchor = self._scope.anchor
        named = finder.tables_named([anchor]) if anchor else frozenset()
        if anchor in PERSON_WORDS and not named & set(self._columns):
            named = frozenset(finder.persons())
        return named & frozenset(self._columns)

    def _path(self, table: AssetId) -> tuple[Join, ...] | None:
        everywhere = frozenset(self._columns)
        for ends in (self._anchors, everywhere & {table}, everywhere):
            path = self._graph.path(table, ends.__contains__, through=self._may_pass)
            if path is not None:
                return path
        return None

    def _may_pass(self, table: AssetId) -> bool:
        # A lookup table joins rows that have nothing else in common: no path through one.
        return holds_personal(self._graph.table(table))


def _scope_columns(catalog: Catalog, attribute: str) -> dict[AssetId, str]:
    """Find the columns that hold the attribute: `district_id`, `district`, `branch_code`."""
    found: dict[AssetId, str] = {}
    for table in catalog.tables:
        if not holds_personal(table):
            continue
        for column in table.columns:
            words = name_words(column.name)
            meant = [word for word in words if word not in _TAILS]
            if len(meant) == 1 and same_thing(attribute, meant[0]):
                found.setdefault(table.id, column.name)
    return found


def _attribute_name(columns: dict[AssetId, str]) -> str:
    """Name the subject's attribute as most tables name the column."""
    counted = Counter(columns.values())
    return min(counted, key=lambda name: (-counted[name], name)) if counted else ""
