"""Guarded sessions that write, in each engine, and those whose drivers are awaited."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import aiosqlite
import duckdb
import psycopg
import pytest

from policy_service.domain.errors import AccessDeniedError, StatementRefusedError, UsageError
from policy_service.middleware.session import AsyncGuardedConnection, GuardedConnection
from tests.laws.sql_probe_bank import KEYS, Audit, Views, WriteViews, create, leak_bank

INSERT = "INSERT INTO movement (movement_id, account_id, amount, kind) VALUES (:id, 101, 5, 'card')"
COUNT = "SELECT count(*) AS n FROM movement WHERE movement_id > 90"
SETTINGS = "SELECT current_setting('search_path'), current_setting('timezone')"


def bound(schema: str = "public", *, writes: bool = True, **limits: Any) -> dict[str, Any]:
    """Everything that binds a connection to a teller."""
    tables = leak_bank(schema=schema)
    return {
        "views": Views(tables),
        "writes": WriteViews(tables) if writes else None,
        "audit": Audit(),
        "keys": KEYS,
        "subject": "teller-7",
        "purpose": "service",
        "tables": [table.id for table in tables],
        **limits,
    }


def fill(connection: Any, mark: str = "?") -> None:
    """Put the bank into a database."""
    cursor = connection.cursor()
    for statement, rows in create(leak_bank()):
        if rows:
            cursor.executemany(statement.replace("?", mark), rows)
        elif not statement.startswith("INSERT"):
            cursor.execute(statement)
    connection.commit()


@pytest.fixture(
    params=["sqlite", "duckdb", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def inner(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The probe bank in each engine."""
    if request.param == "sqlite":
        made: Any = sqlite3.connect(":memory:")
    elif request.param == "duckdb":
        made = duckdb.connect()
    else:
        made = psycopg.connect(request.getfixturevalue("postgresql_url").replace("+psycopg", ""))
    with closing(made):
        fill(made, "%s" if request.param == "postgresql" else "?")
        yield made


def guard(inner: Any, **more: Any) -> GuardedConnection:
    """Bind a connection, whatever its engine."""
    schema = "main" if isinstance(inner, duckdb.DuckDBPyConnection) else "public"
    return GuardedConnection(inner, **bound(schema, **more))


def test_writes_are_kept_or_taken_back(inner: Any) -> None:
    """A write counts its rows, is seen by the session, and is kept by commit alone."""
    guarded = guard(inner)
    assert guarded.write(INSERT, {"id": 91}).written == 1
    assert guarded.query(COUNT).rows == ((1,),)
    guarded.rollback()
    assert guarded.query(COUNT).rows == ((0,),)
    changed = guarded.write("UPDATE movement SET account_id = 101 WHERE amount > -100")
    assert changed.written > 1
    guarded.commit()
    guarded.write(INSERT, {"id": 92})
    guarded.commit()
    deleted = guarded.write("DELETE FROM movement WHERE movement_id = 92 RETURNING kind")
    assert deleted.rows == (("card",),)
    guarded.commit()
    assert guarded.query(COUNT).rows == ((0,),)


def test_a_row_that_could_not_be_seen_is_not_written(inner: Any) -> None:
    """Writing past the row filter is refused whole, and the session goes on."""
    guarded = guard(inner)
    # SQLite tells no more than that a function of the connection has failed.
    said = "refused" if isinstance(inner, sqlite3.Connection) else "the row would not be one that"
    with pytest.raises(StatementRefusedError, match=said):
        guarded.write(INSERT.replace("5, 'card'", "5000, 'card'"), {"id": 91})
    guarded.write(INSERT, {"id": 93})
    guarded.commit()
    assert guarded.query(COUNT).rows == ((1,),)


def test_a_reading_session_writes_nothing(inner: Any) -> None:
    """Without views for writing every write is refused, and so is one as a query."""
    reading = guard(inner, writes=False)
    with pytest.raises(StatementRefusedError, match="this session only reads"):
        reading.write(INSERT, {"id": 91})
    with pytest.raises(StatementRefusedError, match="`INSERT` is refused"):
        reading.query(INSERT, {"id": 91})
    reading.commit()
    reading.rollback()
    with pytest.raises(StatementRefusedError, match="writes nothing"):
        guard(inner).write(COUNT)
    with pytest.raises(AccessDeniedError, match="not allowed for this purpose"):
        guard(inner).write("DELETE FROM district")


def test_more_rows_returned_than_allowed_are_not_written(inner: Any) -> None:
    """Where RETURNING answers too many rows the write is taken back."""
    guarded = guard(inner, max_rows=2)
    with pytest.raises(StatementRefusedError, match="add a limit"):
        guarded.write("DELETE FROM movement RETURNING movement_id")
    guarded.commit()
    assert guarded.query("SELECT count(*) AS n FROM movement").rows == ((12,),)


def test_a_write_is_audited_with_its_action() -> None:
    """The entry of a write names the action, its table and the revision."""
    with closing(sqlite3.connect(":memory:")) as connection:
        fill(connection)
        parts = bound()
        GuardedConnection(connection, **parts).write(INSERT, {"id": 91})
        (event,) = parts["audit"].events
    assert (event.kind, event.details["action"]) == ("write", "create")
    assert event.details["tables"] == ("bank.public.movement",)


@pytest.mark.postgresql
def test_settings_of_a_transaction_are_as_before(postgresql_url: str) -> None:
    """Reads and writes inside the embedder's transaction leave its settings alone."""
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        fill(connection, "%s")
        connection.execute("SET LOCAL TimeZone TO 'Asia/Tokyo'")
        before = connection.execute(SETTINGS).fetchone()
        guarded = GuardedConnection(connection, **bound())
        guarded.query("SELECT client_id FROM client")
        guarded.write(INSERT, {"id": 91})
        with pytest.raises(StatementRefusedError):
            guarded.write(INSERT.replace("5, 'card'", "5000, 'card'"), {"id": 92})
        assert connection.execute(SETTINGS).fetchone() == before
        connection.rollback()
        connection.autocommit = True
        guarded.write(INSERT, {"id": 93})
        with pytest.raises(StatementRefusedError):
            guarded.write(INSERT.replace("5, 'card'", "5000, 'card'"), {"id": 94})
        assert guarded.query(COUNT).rows == ((1,),)
        assert connection.info.transaction_status.name == "IDLE"


@pytest.mark.postgresql
def test_a_broken_transaction_refuses_and_stays_the_embedders(postgresql_url: str) -> None:
    """In a failed transaction a read is refused by its code, until somebody rolls back."""
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        fill(connection, "%s")
        guarded = GuardedConnection(connection, **bound())
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")
        with pytest.raises(StatementRefusedError, match="25P02"):
            guarded.query(COUNT)
        connection.rollback()
        assert guarded.query(COUNT).rows == ((0,),)


def test_other_keys_on_one_duckdb_database_are_refused() -> None:
    """DuckDB shares functions between connections, so other keys are told and not mixed."""

    class Others:
        def key(self, name: str) -> bytes:
            return b"x" * 32

    with closing(duckdb.connect()) as connection:
        fill(connection)
        guard(connection).query("SELECT client_id FROM client")
        with pytest.raises(UsageError, match="other keys"):
            GuardedConnection(connection, **{**bound("main"), "keys": Others()})


def _awaited(make: Callable[[], Any], mark: str) -> None:
    async def run() -> None:
        connection = await make()
        async with connection:
            for statement, rows in create(leak_bank()):
                if rows:
                    async with connection.cursor() as cursor:
                        await cursor.executemany(statement.replace("?", mark), rows)
                elif not statement.startswith("INSERT"):
                    await connection.execute(statement)
            await connection.commit()
            await _used(AsyncGuardedConnection(connection, **bound()))
            reading = AsyncGuardedConnection(connection, **bound(writes=False, max_rows=1))
            with pytest.raises(StatementRefusedError, match="add a limit"):
                await reading.query("SELECT segment FROM client")
            with pytest.raises(StatementRefusedError, match="only reads"):
                await reading.write(INSERT, {"id": 1})
            await reading.commit()
            await reading.rollback()

    asyncio.run(run())


async def _used(guarded: AsyncGuardedConnection) -> None:
    shown = await guarded.query("SELECT client_id, salary FROM client ORDER BY joined LIMIT 1")
    assert str(shown.rows[0][0]).startswith("p_")
    with pytest.raises(StatementRefusedError, match="`name` of `client`"):
        await guarded.query("SELECT name FROM client")
    assert (await guarded.write(INSERT, {"id": 91})).written == 1
    await guarded.rollback()
    assert (await guarded.query(COUNT)).rows == ((0,),)
    await guarded.write(INSERT, {"id": 92})
    await guarded.commit()
    with pytest.raises(StatementRefusedError):
        await guarded.write(INSERT.replace("5, 'card'", "5000, 'card'"), {"id": 93})
    assert (await guarded.query(COUNT)).rows == ((1,),)


def test_aiosqlite_is_guarded() -> None:
    """A connection of aiosqlite reads masked values and writes what it may."""

    async def make() -> Any:
        return aiosqlite.connect(":memory:")

    _awaited(make, "?")


@pytest.mark.postgresql
def test_psycopgs_async_connection_is_guarded(postgresql_url: str) -> None:
    """An awaited connection of psycopg reads masked values and writes what it may."""
    url = postgresql_url.replace("+psycopg", "")
    _awaited(lambda: psycopg.AsyncConnection.connect(url), "%s")


def test_connections_of_the_other_kind_are_refused() -> None:
    """A plain connection is not awaited, and nothing unknown is."""
    with (
        closing(sqlite3.connect(":memory:")) as plain,
        pytest.raises(StatementRefusedError, match="AsyncConnection or aiosqlite"),
    ):
        AsyncGuardedConnection(plain, **bound())
