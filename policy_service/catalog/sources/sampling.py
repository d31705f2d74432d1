"""A bounded sample of one table that is the same each time the data is.

A small table gives its first rows in order of the primary key. In a large one these
are its oldest, which tell little of the rest, so the sample is spread:

- Along a key of whole numbers (the primary key, or the row number of SQLite and DuckDB):
  short runs of rows from twenty places, evenly apart. Each is one step down an index, and
  what is found depends on the data only.
- Without one, over pages that PostgreSQL picks with a fixed seed (`TABLESAMPLE SYSTEM …
  REPEATABLE`): blocks, not rows, so that little is read; the same until the table is rewritten.
- Where neither exists, or they give too little: the first rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from policy_service.catalog.sources.kind import LONGEST_TEXT, Kind
from policy_service.catalog.sources.structure import sql_table

_SPREAD_FROM = 100_000  # rows; smaller tables give their first rows
_PLACES = 20
_PAGES = 40  # at least, where whole pages are taken
_MOST_CELLS = 1_000_000  # of one sample
_MOST_CHARACTERS = 32_000_000  # of one sample: about 100 MB as Python holds them
_FETCH = 500

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to sample: `types` gives the columns in order, with their data types."""

    schema: str | None
    table: str
    types: dict[str, str]
    primary_key: tuple[str, ...]
    row_count: int
    most: int


def sample(connection: sa.Connection, kind: Kind, wanted: Wanted) -> list[Row]:
    """Read at most `wanted.most` rows; fewer where there are very many columns or long texts."""
    if not wanted.types:
        return []
    fitting = max(1, _MOST_CELLS // len(wanted.types))
    wanted = replace(wanted, most=min(wanted.most, fitting))
    if wanted.row_count > max(_SPREAD_FROM, 2 * wanted.most):
        rows = _along_key(connection, kind, wanted) or _over_pages(connection, kind, wanted)
        if 2 * len(rows) >= wanted.most:
            return rows
    return _first(connection, kind, wanted)


def _first(connection: sa.Connection, kind: Kind, wanted: Wanted) -> list[Row]:
    clause = _clause(wanted)
    query = _select(clause, kind, wanted).order_by(*(clause.c[key] for key in wanted.primary_key))
    return list(_bounded(connection, query.limit(wanted.most)))


def _along_key(connection: sa.Connection, kind: Kind, wanted: Wanted) -> list[Row]:
    """Read short runs from places evenly apart on a key of whole numbers."""
    name = _whole_number_key(wanted) or kind.row_key(connection, wanted.table)
    if name is None:
        return []
    clause = _clause(wanted, name)
    key = clause.c[name]
    span = connection.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
    if not all(isinstance(end, int) for end in span):
        return []  # SQLite lets a key of whole numbers hold anything
    low, high = int(span[0]), int(span[1])
    length = -(-wanted.most // _PLACES)
    query = _select(clause, kind, wanted).add_columns(key).order_by(key).limit(length)
    rows: list[Row] = []
    start = low
    for place in range(_PLACES):
        start = max(start, low + (high - low) * place // _PLACES)
        run = list(_bounded(connection, query.where(key >= start)))
        rows += [row[:-1] for row in run]
        if len(run) < length or len(rows) >= wanted.most:
            break
        start = int(str(run[-1][-1])) + 1
    return rows[: wanted.most]


def _over_pages(connection: sa.Connection, kind: Kind, wanted: Wanted) -> list[Row]:
    """Read the rows of pages taken by chance, thinned evenly to what is wanted."""
    clause = _clause(wanted)
    together = kind.rows_together(connection, wanted.schema, wanted.table)
    expected = max(3 * wanted.most, _PAGES * together)
    sampled = kind.sampled(clause, share=expected / wanted.row_count)
    if sampled is None:
        return []
    order = [sampled.c[key] for key in wanted.primary_key]
    query = _select(sampled, kind, wanted).order_by(*order).limit(2 * expected)
    rows = list(_bounded(connection, query))
    return rows[:: max(1, len(rows) // wanted.most)][: wanted.most]


def _whole_number_key(wanted: Wanted) -> str | None:
    if len(wanted.primary_key) == 1 and wanted.types.get(wanted.primary_key[0]) == "integer":
        return wanted.primary_key[0]
    return None


def _clause(wanted: Wanted, *more: str) -> sa.TableClause:
    names = dict.fromkeys((*wanted.types, *wanted.primary_key, *more))
    return sql_table(wanted.schema, wanted.table, list(names))


def _select(clause: sa.FromClause, kind: Kind, wanted: Wanted) -> sa.Select[tuple[object, ...]]:
    return sa.select(
        *(
            kind.readable(clause.c[column], data_type).label(f"c{place}")
            for place, (column, data_type) in enumerate(wanted.types.items())
        )
    ).select_from(clause)


def _bounded(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> Iterator[Row]:
    """Stream rows, cut long texts, keep equal values once, stop where it gets too much."""
    left = _MOST_CHARACTERS
    known: dict[object, object] = {}
    streamed = {"stream_results": True, "yield_per": _FETCH}
    with connection.execute(query, execution_options=streamed) as result:
        for found in result:
            row = tuple(map(_cut, found))
            left -= sum(len(value) for value in row if isinstance(value, str))
            yield tuple(
                known.setdefault(value, value) if isinstance(value, str) else value for value in row
            )
            if left < 0:
                return


def _cut(value: object) -> object:
    if isinstance(value, bytes):
        return b"1"
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
