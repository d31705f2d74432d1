"""One table in Parquet files, of any size: counts from the footers, a sample spread over them.

Files may differ in their columns (a column that a file lacks is null there) and in their
types (the widest is named). Fields of structs become columns with dotted names, lists stay
one column of type `other`. No statistics of the footers are used: they hold values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from policy_service.catalog.file_sources.discovery import FoundTable, Part
from policy_service.catalog.file_sources.partitions import PartitionKeys
from policy_service.catalog.file_sources.spread import even_blocks
from policy_service.catalog.file_sources.tables import (
    LONGEST_TEXT,
    MOST_ELEMENTS,
    RUN_ROWS,
    FileSample,
    as_type,
    check_names,
    readable,
    widest_type,
)
from policy_service.catalog.observation import ObservedColumn

_BLOCKS = 20
_DEEPEST = 8  # levels of structs that become columns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """One column as a scan sees it, and how one file yields it."""

    kind: str
    expression: pl.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    part: Part
    rows: int
    leaves: Mapping[str, _Leaf]


class ParquetTable:
    """A table of Parquet files. Requires at least one part."""

    def __init__(self, found: FoundTable) -> None:
        self.name = found.name
        self._found = found
        self._keys = PartitionKeys(found.parts)

    @cached_property
    def _files(self) -> tuple[_File, ...]:
        return tuple(map(_read_footer, self._found.parts))

    @cached_property
    def _types(self) -> dict[str, str]:
        """Name every column and its type: in order of the first file, partition keys last."""
        kinds: dict[str, list[str]] = {}
        for file in self._files:
            for name, leaf in file.leaves.items():
                kinds.setdefault(name, []).append(leaf.kind)
        types = {name: widest_type(several) for name, several in kinds.items()}
        # A file may repeat its partition key as a column: what the folder says then holds.
        return types | self._keys.types

    def sample(self, rows: int) -> FileSample:
        """Count the rows and read at most `rows`, in blocks spread over the files."""
        types = self._types
        check_names(list(types), self.name)
        held = self.rows(types, rows)
        return FileSample(
            row_count=sum(file.rows for file in self._files),
            columns=tuple(
                ObservedColumn(name=name, data_type=kind, values=tuple(row[place] for row in held))
                for place, (name, kind) in enumerate(types.items())
            ),
        )

    def rows(self, columns: Mapping[str, str], most: int) -> list[tuple[object, ...]]:
        """Read at most `most` rows of some columns, in blocks spread over the files."""
        found: list[tuple[object, ...]] = []
        total = sum(file.rows for file in self._files)
        for file, offset, length in self._runs(even_blocks(total, most, _BLOCKS)):
            found += self._read(file, columns, offset, length)
        return found

    def different(self, column: str, kind: str) -> Iterator[set[object]]:
        """Yield the different values of a column of type `kind`, null left out, run by run."""
        if column in self._keys.types:
            yield {self._keys.values(part)[column] for part in self._found.parts} - {None}
            return
        for file in self._files:
            leaf = file.leaves.get(column)
            if leaf is None:
                continue
            for start in range(0, file.rows, RUN_ROWS):
                run = _scan(file.part).slice(start, RUN_ROWS).select(leaf.expression.alias("one"))
                values = run.unique().collect()["one"].drop_nulls()
                yield {as_type(readable(value), kind) for value in values}

    def _runs(self, blocks: Sequence[tuple[int, int]]) -> Iterator[tuple[_File, int, int]]:
        """Turn runs of rows of the whole table into runs of rows of its files."""
        start = 0
        files = iter(self._files)
        file = next(files)
        for first, count in blocks:
            offset, length = first, count
            while length:
                while offset >= start + file.rows:
                    start += file.rows
                    file = next(files)
                taken = min(length, start + file.rows - offset)
                yield file, offset - start, taken
                offset, length = offset + taken, length - taken

    def _read(
        self, file: _File, columns: Mapping[str, str], offset: int, length: int
    ) -> list[tuple[object, ...]]:
        told = self._keys.values(file.part)
        inside = {name: file.leaves[name] for name in columns if name in file.leaves.keys() - told}
        chosen = [leaf.expression.alias(f"c{n}") for n, leaf in enumerate(inside.values())]
        frame = _scan(file.part).slice(offset, length).select(chosen).collect()
        held: dict[str, Sequence[object]] = {
            name: [as_type(readable(one), columns[name]) for one in frame[f"c{n}"].to_list()]
            for n, name in enumerate(inside)
        }
        held |= {key: [value] * length for key, value in told.items()}
        nothing = [None] * length
        return list(zip(*(held.get(name, nothing) for name in columns), strict=True))


def _scan(part: Part) -> pl.LazyFrame:
    return pl.scan_parquet(part.path, hive_partitioning=False, glob=False)


def _read_footer(part: Part) -> _File:
    scanned = _scan(part)
    leaves: dict[str, _Leaf] = {}
    for name, kind in scanned.collect_schema().items():
        for dotted, leaf in _leaves(name, kind, pl.col(name), 1):
            if dotted in leaves:
                check_names([dotted, dotted], part.path.name)
            leaves[dotted] = leaf
    return _File(part=part, rows=scanned.select(pl.len()).collect().item(), leaves=leaves)


def _leaves(
    name: str, kind: pl.DataType, expression: pl.Expr, depth: int
) -> Iterator[tuple[str, _Leaf]]:
    if isinstance(kind, pl.Struct) and kind.fields and depth < _DEEPEST:
        for field in kind.fields:
            inner = expression.struct.field(field.name)
            dtype = field.dtype() if isinstance(field.dtype, type) else field.dtype
            yield from _leaves(f"{name}.{field.name}", dtype, inner, depth + 1)
    else:
        yield name, _Leaf(kind=_data_type(kind), expression=_bounded(kind, expression))


def _bounded(kind: pl.DataType, expression: pl.Expr) -> pl.Expr:
    """Cut inside the file reader what would be cut anyway: long texts, lists, binary values."""
    if isinstance(kind, pl.String):
        return expression.str.head(LONGEST_TEXT)
    if isinstance(kind, pl.List):
        return expression.list.head(MOST_ELEMENTS)
    if isinstance(kind, pl.Binary):
        return pl.when(expression.is_not_null()).then(pl.lit(b"1"))
    return expression


def _data_type(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "integer"
    if kind.is_float() or kind.is_decimal():
        return "decimal"
    if isinstance(kind, (pl.String, pl.Categorical, pl.Enum, pl.Null)):
        return "text" if not isinstance(kind, pl.Null) else ""
    simple: tuple[tuple[str, type[pl.DataType]], ...] = (
        ("boolean", pl.Boolean),
        ("date", pl.Date),
        ("timestamp", pl.Datetime),
        ("binary", pl.Binary),
    )
    return next((name for name, known in simple if isinstance(kind, known)), "other")
