"""Row filters as conditions of row-level security: the rows of whoever opened the session.

A subject's attributes stand in a table of our own, by login. `session_user` is who signed in:
`SET ROLE` does not change it, and nobody but a superuser can. Every comparison is total, so
that no row makes it fail.
"""

# ruff: noqa: S608 - this file's work is writing SQL; names are quoted, values are literals

from collections.abc import Mapping
from dataclasses import dataclass

from policy_service.domain.control import RowFilter
from policy_service.domain.errors import PublicationError
from policy_service.domain.identifiers import AssetId
from policy_service.kit.hashing import sha256_text
from policy_service.publication.postgresql.model import FoundTable
from policy_service.publication.postgresql.names import literal, place, quoted

_WHOLE = ("int2", "int4", "int8")
_NUMBERS = ("numeric", "float4", "float8")
_TEXTS = ("text", "varchar", "bpchar")
_WRITTEN = ("date", "timestamp", "uuid")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A row filter in SQL. With a path, `view_sql` lists the values of `column` that pass."""

    column: str  # of the filtered table
    condition: str  # without a path: over that column
    view: str = ""  # the name of the view that the path is read through
    view_sql: str = ""
    reads: tuple[tuple[AssetId, str], ...] = ()  # columns that the view reads


def row_rule(row_filter: RowFilter, *, base: str, tables: Mapping[AssetId, FoundTable]) -> RowRule:
    """Write a row filter.

    Raises `PublicationError` where a table or a column is missing or of a type that cannot
    be compared.
    """
    if not row_filter.path:
        kind = _type(row_filter.table, row_filter.column, tables)
        condition = _equals(quoted(row_filter.column), kind, row_filter.subject_attribute, base)
        return RowRule(column=row_filter.column, condition=condition)
    sql, reads = _path_view(row_filter, base, tables)
    name = f"rows_{sha256_text(sql)[:12]}"
    column = row_filter.path[0].column
    _type(row_filter.table, column, tables)
    passing = f"SELECT r.passing FROM {quoted(base)}.{quoted(name)} AS r"
    return RowRule(
        column=column,
        condition=f"{quoted(column)} IN ({passing})",
        view=name,
        view_sql=sql,
        reads=reads,
    )


def _path_view(
    row_filter: RowFilter, base: str, tables: Mapping[AssetId, FoundTable]
) -> tuple[str, tuple[tuple[AssetId, str], ...]]:
    last = len(row_filter.path) - 1
    end = row_filter.path[last].references_table
    kind = _type(end, row_filter.column, tables)
    condition = _equals(
        f"j{last}.{quoted(row_filter.column)}", kind, row_filter.subject_attribute, base
    )
    reads = [(end, row_filter.column)]
    for step in range(last, -1, -1):
        join = row_filter.path[step]
        _type(join.references_table, join.references_column, tables)
        reads.append((join.references_table, join.references_column))
        name = f"j{step}.{quoted(join.references_column)}"
        sql = f"SELECT {name} AS passing FROM {place(join.references_table)} AS j{step} "
        sql += f"WHERE {condition}"
        if step:
            before = row_filter.path[step - 1].references_table
            _type(before, join.column, tables)
            reads.append((before, join.column))
            condition = f"j{step - 1}.{quoted(join.column)} IN ({sql})"
    return sql, tuple(sorted(set(reads)))


def _type(table: AssetId, column: str, tables: Mapping[AssetId, FoundTable]) -> str:
    found = tables.get(table)
    if found is None or column not in found.columns:
        raise PublicationError(f"a row filter needs `{table}.{column}`, which is not there")
    return found.columns[column]


def _equals(column: str, kind: str, attribute: str, base: str) -> str:
    def own(field: str) -> str:
        return (
            f"(SELECT a.{field} FROM {quoted(base)}.attribute AS a "
            f"WHERE a.login = session_user AND a.name = {literal(attribute)})"
        )

    if kind in _WHOLE:
        return f"{column} = {own('whole')}"
    if kind in _NUMBERS:
        return f"({column} = {own('whole')} OR {column} = {own('fraction')})"
    if kind in _TEXTS:
        return f"{column} = {own('words')}"
    if kind == "bool":
        return f"{column} = {own('truth')}"
    if kind in _WRITTEN:
        return f"to_jsonb({column}) #>> '{{}}' = {own('words')}"
    raise PublicationError(f"a row filter cannot compare a column of type `{kind}`")
