"""The state database: migrations, the unit of work, read and write sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from policy_service.domain.errors import ConflictError, StorageError
from policy_service.domain.identifiers import SubjectId
from policy_service.domain.review import Account, AccountRole
from policy_service.storage import accounts, tables
from policy_service.storage.database import Database

AT = "2026-03-02T12:00:00.000000Z"
ADMIN = Account(name=SubjectId("admin"), role=AccountRole.ADMINISTRATOR)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty state in each engine."""
    url = f"sqlite:///{tmp_path / 'state.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()


def add(database: Database, account: Account = ADMIN) -> None:
    """Store an account in a unit of work of its own."""
    with database.write() as session:
        accounts.add_account(session, account, password_hash=None, at=AT)


def names(database: Database) -> list[str]:
    """The names of the stored accounts."""
    with database.read() as session:
        return [account.name for account in accounts.list_accounts(session)]


def test_migrations_run_down_and_up_again(database: Database) -> None:
    """Every migration can be taken back, and what it makes is what the code declares."""
    database.migrate("base")
    with pytest.raises(StorageError):
        names(database)
    database.migrate()
    with database._engine.connect() as connection:
        made = set(inspect(connection).get_table_names())
    assert made == {*tables.metadata.tables, "alembic_version"}
    for name, table in tables.metadata.tables.items():
        with database._engine.connect() as connection:
            found = {column["name"] for column in inspect(connection).get_columns(name)}
        assert found == set(table.columns.keys())


def test_a_unit_of_work_keeps_nothing_when_it_fails(database: Database) -> None:
    """An exception takes back everything that was written before it."""

    def fail_half_way() -> None:
        with database.write() as session:
            accounts.add_account(session, ADMIN, password_hash=None, at=AT)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert names(database) == []


def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(database: Database) -> None:
    """A unique key speaks in our words, and the first stays."""
    add(database)
    with pytest.raises(ConflictError, match="somebody else has just stored"):
        add(database)
    assert names(database) == ["admin"]


def test_writing_no_rows_is_no_statement(database: Database) -> None:
    """An empty list of rows writes nothing."""
    with database.write() as session:
        assert session.write(tables.people.insert(), []) == 0


def test_a_failed_statement_does_not_tell_its_values(database: Database) -> None:
    """Storage errors name the failure, not the statement and what was in it."""
    statement = tables.people.insert().values(subject="secret-subject", body=None)
    with (
        pytest.raises(ConflictError) as caught,
        database.write() as session,
    ):
        session.write(statement)
    assert "secret-subject" not in caught.value.message


def test_first_and_value_of_nothing_are_none(database: Database) -> None:
    """A query without rows gives none, not an error."""
    with database.read() as session:
        assert session.first(select(tables.people)) is None
        assert session.value(select(tables.people.c.body)) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "not a SQLAlchemy URL"),
        ("mysql://host/state", "`mysql` is not supported"),
    ],
)
def test_a_wrong_address_is_one_clear_line(url: str, said: str) -> None:
    """A state address that cannot work says so before anything is opened."""
    with pytest.raises(StorageError, match=said):
        Database(url)


def test_a_database_that_does_not_answer_is_one_clear_line() -> None:
    """An unreachable server names the failure and the next step, not the password."""
    database = Database("postgresql+psycopg://user:hunter2@127.0.0.1:1/state")
    with pytest.raises(StorageError, match="check its address") as caught:
        database.migrate()
    assert "hunter2" not in str(caught.value)
    database.close()


def test_readers_see_one_state_while_a_writer_works(tmp_path: Path) -> None:
    """In SQLite a reader is not kept waiting by a writer, and sees what was committed."""
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    database.migrate()
    with database.write() as session:
        accounts.add_account(session, ADMIN, password_hash=None, at=AT)
        assert names(database) == []
    assert names(database) == ["admin"]
    database.close()


def test_an_unreadable_body_is_a_storage_error(database: Database) -> None:
    """State of another shape is refused whole, never read by halves."""
    add(database)
    with database.write() as session:
        session.write(tables.accounts.update().values(body='{"name": "admin"}'))
    with pytest.raises(StorageError, match="another version"):
        names(database)
