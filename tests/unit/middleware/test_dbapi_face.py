"""PEP 249 in front of a guarded connection: nothing but rewritten statements goes through."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from policy_service.domain.errors import AccessDeniedError, StatementRefusedError, UsageError
from policy_service.middleware import dbapi
from policy_service.middleware.session import GuardedConnection
from tests.laws.sql_probe_bank import KEYS, Audit, Views, WriteViews, create, leak_bank

INSERT = "INSERT INTO movement (movement_id, account_id, amount, kind) VALUES (:id, 101, 5, 'card')"


@pytest.fixture
def inner() -> Iterator[sqlite3.Connection]:
    """The probe bank in SQLite."""
    with closing(sqlite3.connect(":memory:")) as made:
        for statement, rows in create(leak_bank()):
            if rows:
                made.executemany(statement, rows)
            elif not statement.startswith("INSERT"):
                made.execute(statement)
        made.commit()
        yield made


def face(inner: object, *, writes: bool = False) -> dbapi.Connection:
    """Put PEP 249 in front of a teller's connection."""
    tables = leak_bank()
    return dbapi.connect(
        GuardedConnection(
            inner,
            views=Views(tables),
            writes=WriteViews(tables) if writes else None,
            audit=Audit(),
            keys=KEYS,
            subject="teller-7",
            purpose="service",
            tables=[table.id for table in tables],
        )
    )


def test_the_module_says_what_pep_249_asks() -> None:
    """Level, threads, parameters and the tree of errors are there."""
    assert (dbapi.apilevel, dbapi.threadsafety, dbapi.paramstyle) == ("2.0", 1, "named")
    for error in (dbapi.InterfaceError, dbapi.DatabaseError):
        assert issubclass(error, dbapi.Error)
    for error in (dbapi.OperationalError, dbapi.ProgrammingError, dbapi.NotSupportedError):
        assert issubclass(error, dbapi.DatabaseError)


def test_rows_come_masked_and_in_steps(inner: sqlite3.Connection) -> None:
    """Rows are fetched one by one, in numbers, all, or by a loop."""
    with face(inner) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT client_id, salary FROM client ORDER BY joined")
        assert [one[0] for one in cursor.description or ()] == ["client_id", "salary"]
        assert cursor.rowcount == 6
        assert str((cursor.fetchone() or ())[1]).startswith("[73")
        assert len(cursor.fetchmany()) == 1
        cursor.arraysize = 2
        assert len(cursor.fetchmany()) == 2
        assert len(cursor.fetchall()) == 2
        assert cursor.fetchone() is None
        again = cursor.execute("SELECT segment FROM client WHERE segment = :s", {"s": "gold"})
        assert set(again) == {("gold",)}


def test_what_is_refused_stays_refused(inner: sqlite3.Connection) -> None:
    """Denied columns, writes and positional parameters are refused, also for many."""
    cursor = face(inner).cursor()
    assert (cursor.description, cursor.rowcount) == (None, -1)
    cursor.setinputsizes([1])
    cursor.setoutputsize(1)
    for statement in ("SELECT name FROM client", "DELETE FROM movement", "PRAGMA query_only"):
        with pytest.raises(StatementRefusedError):
            cursor.execute(statement)
    with pytest.raises(AccessDeniedError):
        cursor.execute("SELECT pin FROM vault")
    with pytest.raises(StatementRefusedError, match="must be named"):
        cursor.execute("SELECT 1", ("x",))  # type: ignore[arg-type]  # what PEP 249 calls qmark
    with pytest.raises(StatementRefusedError, match="only reads"):
        cursor.executemany(INSERT, [{"id": 1}])
    with pytest.raises(UsageError, match="run one first"):
        cursor.fetchall()


def test_writes_are_kept_by_commit_only(inner: sqlite3.Connection) -> None:
    """What is written is there after a commit, and gone after a rollback or a close."""
    count = "SELECT count(*) FROM movement WHERE movement_id > 90"
    connection = face(inner, writes=True)
    cursor = connection.cursor()
    cursor.executemany(INSERT, [{"id": 91}, {"id": 92}])
    assert (cursor.rowcount, cursor.description) == (2, None)
    connection.rollback()
    assert cursor.execute(count).fetchone() == (0,)
    assert cursor.execute(INSERT, {"id": 93}).rowcount == 1
    connection.commit()
    cursor.execute(INSERT, {"id": 94})
    connection.close()
    assert inner.execute(count).fetchone() == (1,)
    with face(inner, writes=True) as other:
        other.cursor().execute(INSERT, {"id": 95})
    assert inner.execute(count).fetchone() == (2,)


def test_an_error_takes_back_what_was_not_kept(inner: sqlite3.Connection) -> None:
    """Leaving the block by an error rolls back."""

    def both() -> None:
        with face(inner, writes=True) as connection:
            connection.cursor().execute(INSERT, {"id": 91})
            connection.cursor().execute("SELECT name FROM client")

    with pytest.raises(StatementRefusedError):
        both()
    count = "SELECT count(*) FROM movement WHERE movement_id > 90"
    assert inner.execute(count).fetchone() == (0,)


def test_nothing_runs_after_closing(inner: sqlite3.Connection) -> None:
    """A closed cursor or connection is told to be closed; closing twice does no harm."""
    connection = face(inner)
    cursor = connection.cursor()
    cursor.close()
    with pytest.raises(UsageError, match="cursor is closed"):
        cursor.execute("SELECT 1")
    with pytest.raises(StatementRefusedError, match="must be named"):
        connection.cursor().executemany("SELECT 1", [("x",)])  # type: ignore[list-item]  # qmark
    connection.close()
    connection.close()
    for use in (connection.cursor, connection.commit, connection.rollback):
        with pytest.raises(UsageError, match="connection is closed"):
            use()
    assert inner.execute("SELECT 1").fetchone() == (1,)
