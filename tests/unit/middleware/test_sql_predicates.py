"""Conditions on rows mean the same in every engine's SQL as they do in plain Python."""

import random
import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import duckdb
import psycopg
import pytest

from policy_service.domain.condition_truth import Truth, among, compare, either, every, negate
from policy_service.domain.errors import StatementRefusedError
from policy_service.domain.parameters import Scalar
from policy_service.domain.predicate import (
    AllOf,
    AnyOf,
    Comparator,
    Comparison,
    Membership,
    Negation,
    Predicate,
    Presence,
)
from policy_service.middleware.sql_predicates import predicate_sql

_MARKS = {"sqlite": ":{}", "duckdb": "${}", "postgresql": "%({})s"}
_TYPES = (
    "n integer, i bigint, f double precision, m decimal(20, 2), s varchar(20), b boolean, d date"
)
_VALUES: list[Scalar] = [
    True, False, 0, 1, -1, 5, 2**53 - 1, 0.1, 1.0, -0.5, 1e300, float("nan"),
    2**53 + 1, 2**63, 2.5, 10**40, -(10**400), float("-inf"),
    "", "a", "B", "5", "true", "é", "😀", "1.0", "it's",
]  # fmt: skip
_CELLS: dict[str, list[object]] = {
    "i": [None, 0, 1, 5, -1, 2**53 - 1, 2**53 + 1, 2**60],
    "f": [None, 0.1, 1.0, -0.5, float("nan"), float("inf"), 5.0, 2.0**53],
    "m": [None, "0.10", "0.50", "-0.50", "1.00", "5.00", "9007199254740993.00"],
    "s": [None, "", "a", "B", "5", "true", "é", "😀", "it's"],
    "b": [None, True, False],
    "d": [None, date(2020, 1, 1)],
}
Row = dict[str, object]


def truth(predicate: Predicate, row: Row) -> Truth:
    """Evaluate in plain Python."""
    match predicate:
        case Comparison():
            return compare(row[predicate.column], predicate.comparator, predicate.value)
        case Membership():
            return among(row[predicate.column], predicate.values)
        case Presence():
            return row[predicate.column] is not None
        case Negation():
            return negate(truth(predicate.part, row))
        case AllOf():
            return every(truth(one, row) for one in predicate.parts)
        case AnyOf():
            return either(truth(one, row) for one in predicate.alternatives)


def any_predicate(chance: random.Random, depth: int = 3) -> Predicate:
    """Draw a predicate of any shape, over columns and values of every kind."""
    column = chance.choice(list(_CELLS))
    kind = chance.randrange(7 if depth else 3)
    if kind == 0:
        comparator = chance.choice(list(Comparator))
        return Comparison(column=column, comparator=comparator, value=chance.choice(_VALUES))
    if kind == 1:
        return Membership(column=column, values=tuple(chance.sample(_VALUES, chance.randrange(4))))
    if kind == 2:
        return Presence(column=column)
    if kind in (3, 4):
        return Negation(part=any_predicate(chance, depth - 1))
    parts = tuple(any_predicate(chance, depth - 1) for _ in range(chance.randrange(3)))
    return AllOf(parts=parts) if kind == 5 else AnyOf(alternatives=parts)


def _agrees(connection: Any, dialect: str, count: int) -> None:
    chance = random.Random(7)  # noqa: S311 - a test
    mark = {"sqlite": "?", "duckdb": "?", "postgresql": "%s"}[dialect]
    connection.execute(f"CREATE TABLE t ({_TYPES})")
    rows = [{"n": n, **{name: chance.choice(_CELLS[name]) for name in _CELLS}} for n in range(30)]
    for row in rows:
        plain = [str(one) if isinstance(one, date) else one for one in row.values()]
        connection.execute(f"INSERT INTO t VALUES ({', '.join([mark] * 7)})", plain)
    stored = connection.execute("SELECT * FROM t ORDER BY n").fetchall()
    rows = [dict(zip(("n", *_CELLS), one, strict=True)) for one in stored]
    for _ in range(count):
        predicate = any_predicate(chance)
        given: dict[str, object] = {}

        def bind(value: object, given: dict[str, object] = given) -> str:
            given[f"p{len(given)}"] = value
            return _MARKS[dialect].format(f"p{len(given) - 1}")

        condition = predicate_sql(
            predicate, dialect=dialect, column=lambda name: f'ps_t."{name}"', bind=bind
        )
        sql = f"SELECT n FROM t AS ps_t WHERE {condition} ORDER BY n"
        found = [n for (n,) in connection.execute(sql, given).fetchall()]
        assert found == [row["n"] for row in rows if truth(predicate, row) is True], predicate


def test_sqlite_agrees() -> None:
    """SQLite shows the rows for which the condition is true, whatever its affinities would do."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _agrees(connection, "sqlite", 400)


def test_duckdb_agrees() -> None:
    """DuckDB shows the rows for which the condition is true, and no cast fails."""
    with closing(duckdb.connect()) as connection:
        _agrees(connection, "duckdb", 150)


@pytest.mark.postgresql
def test_postgresql_agrees(postgresql_url: str) -> None:
    """PostgreSQL shows the rows for which the condition is true, for columns of any type."""
    url = postgresql_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        _agrees(connection, "postgresql", 300)


def test_text_is_compared_by_code_points() -> None:
    """A column's own collation has no say, so `B` is not `b` and comes before `a`."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (s text COLLATE NOCASE)")
        connection.executemany("INSERT INTO t VALUES (?)", [("b",), ("B",)])
        condition = predicate_sql(
            Comparison(column="s", comparator=Comparator.LT, value="a"),
            dialect="sqlite",
            column=lambda name: f'"{name}"',
            bind=lambda value: f"'{value}'",
        )
        assert connection.execute(f"SELECT s FROM t WHERE {condition}").fetchall() == [("B",)]


def test_what_has_no_form_is_refused() -> None:
    """An unknown dialect and a condition that no database could read are refused."""
    deep: Predicate = Presence(column="s")
    for _ in range(100):
        deep = Negation(part=deep)
    with pytest.raises(StatementRefusedError, match="nested too deeply"):
        predicate_sql(deep, dialect="sqlite", column=str, bind=str)
    with pytest.raises(StatementRefusedError, match="dialect `oracle` has no form"):
        predicate_sql(deep, dialect="oracle", column=str, bind=str)
