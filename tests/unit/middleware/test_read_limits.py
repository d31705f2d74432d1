"""A guarded connection reads no more rows and for no longer than its limits, on both engines."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row

from policy_service.domain.errors import StatementRefusedError, UsageError
from policy_service.middleware.session import GuardedConnection
from tests.laws.sql_probe_bank import KEYS, Audit, Views, bank, create

# Never ends in a test's time: 12 visible accounts to the power of 12.
ENDLESS = "SELECT count(*) AS n FROM " + ", ".join(f"account a{n}" for n in range(12))
RECURSIVE = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t"


@pytest.fixture(
    params=["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def connection(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The probe bank on each engine; rows are dictionaries where the driver knows such."""
    if request.param == "duckdb":
        with closing(duckdb.connect()) as made:
            _fill(made, "?")
            yield made
        return
    if request.param == "sqlite":
        with closing(sqlite3.connect(":memory:")) as made:
            _fill(made.cursor(), "?")
            made.commit()
            made.row_factory = sqlite3.Row
            yield made
        return
    url = request.getfixturevalue("postgresql_url").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as made:
        _fill(made.cursor(), "%s")
        yield made


def _fill(cursor: Any, mark: str) -> None:
    for statement, rows in create(bank()):
        if rows:
            cursor.executemany(statement.replace("?", mark), rows)
        elif not statement.startswith("INSERT"):
            cursor.execute(statement)


def guard(connection: object, **limits: Any) -> GuardedConnection:
    """Bind a connection to a teller, with limits."""
    tables = bank(schema="main" if isinstance(connection, duckdb.DuckDBPyConnection) else "public")
    return GuardedConnection(
        connection,
        views=Views(tables),
        audit=Audit(),
        keys=KEYS,
        subject="teller-7",
        purpose="service",
        tables=[table.id for table in tables],
        **limits,
    )


def test_exactly_the_most_rows_are_answered(connection: Any) -> None:
    """As many rows as allowed come back whole; one more is refused with what to do."""
    seen = len(guard(connection).query("SELECT account_id FROM account").rows)
    exact = guard(connection, max_rows=seen)
    assert len(exact.query("SELECT account_id FROM account").rows) == seen
    fewer = guard(connection, max_rows=seen - 1)
    with pytest.raises(StatementRefusedError, match=f"more than `{seen - 1}` rows; add a limit"):
        fewer.query("SELECT account_id FROM account")
    limited = fewer.query(f"SELECT account_id FROM account LIMIT {seen - 1}")
    assert len(limited.rows) == seen - 1


def test_rows_are_tuples_whatever_the_embedder_set(connection: Any) -> None:
    """A row factory of the embedder's connection changes no answer."""
    rows = guard(connection).query('SELECT "A1" AS a, "A2" AS b FROM district').rows
    assert sorted(rows) == [(1, "Praha"), (18, "Brno")]


def test_a_statement_over_time_is_refused(connection: Any) -> None:
    """The database stops a statement that takes too long, and serves the next one."""
    guarded = guard(connection, timeout_s=0.05)
    with pytest.raises(StatementRefusedError, match=r"longer than `0\.05` seconds; narrow it"):
        guarded.query(ENDLESS)
    connection.execute("INSERT INTO vault VALUES ('x')")
    assert guard(connection).query('SELECT "A1" FROM district').rows


def test_rows_that_come_slowly_are_refused_too(connection: Any) -> None:
    """The time for fetching counts: a first row at once does not keep a statement alive."""
    never = " WHERE a0.iban || a11.iban = 'x'"
    slow = ENDLESS.replace("count(*) AS n", "a0.account_id") + never
    with pytest.raises(StatementRefusedError, match="narrow it"):
        guard(connection, timeout_s=0.05).query(slow)


@pytest.mark.postgresql
def test_a_shorter_limit_of_the_database_stays(postgresql_url: str) -> None:
    """PostgreSQL's own limit is never lengthened, and ours is gone after the read."""
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        _fill(connection.cursor(), "%s")
        guard(connection, timeout_s=9).query('SELECT "A1" FROM district')
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
        connection.execute("SET statement_timeout = '50ms'")
        with pytest.raises(StatementRefusedError, match="narrow it"):
            guard(connection, timeout_s=3600).query(ENDLESS)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("50ms",)


def test_recursion_without_an_end_is_stopped(connection: Any) -> None:
    """A recursive query that never ends is refused by the limit on rows, or that on time."""
    with pytest.raises(StatementRefusedError, match=r"more than `50` rows|narrow it"):
        guard(connection, max_rows=50, timeout_s=0.2).query(RECURSIVE)
    counted = RECURSIVE.replace("SELECT n FROM t", "SELECT count(*) FROM t")
    with pytest.raises(StatementRefusedError, match="narrow it"):
        guard(connection, timeout_s=0.05).query(counted)


def test_statements_of_too_many_parts_are_refused(connection: Any) -> None:
    """A statement that would take seconds to resolve is refused at once."""
    with pytest.raises(StatementRefusedError, match="more than `20000` parts"):
        guard(connection).query("SELECT 1" + " + 1" * 10_000)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_rows": 0},
        {"max_rows": -1},
        {"timeout_s": 0},
        {"timeout_s": -1.0},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
    ],
)
def test_limits_that_are_none_are_refused(limits: dict[str, float]) -> None:
    """A limit that would let everything or nothing through is told at once."""
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(UsageError, match=next(iter(limits))),
    ):
        guard(connection, **limits)
