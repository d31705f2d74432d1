"""The fleet as stored: PostgreSQL tells who listens, and what cannot be read is named."""

import threading
from collections.abc import Iterator

import pytest

from policy_service.domain.errors import StorageError
from policy_service.middleware.bundles.events import PostgresListener
from policy_service.storage import fleet, sources
from policy_service.storage.database import Database
from policy_service.storage.fleet_tables import keysets
from policy_service.storage.sessions import WriteSession
from tests.builders import ANALYST, make_person
from tests.fixtures.bad_service import make_keyset
from tests.fixtures.fleet import wait_until


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """A migrated, empty state in PostgreSQL."""
    opened = Database(postgresql_url)
    opened.migrate()
    yield opened
    opened.close()


def _replace_and_fail(session: WriteSession) -> None:
    sources.replace_people(session, ())
    raise StorageError("it was not to be")


@pytest.mark.postgresql
def test_postgresql_wakes_an_agent_at_commit(postgresql: Database, postgresql_url: str) -> None:
    """People, keys: each commit is one notification without content; a rolled back one is none."""
    import psycopg

    woken: list[int] = []
    stopped = threading.Event()

    def connect() -> psycopg.Connection:
        return psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True)

    listener = PostgresListener(connect)
    thread = threading.Thread(target=listener.listen, args=(lambda: woken.append(1), stopped))
    thread.start()
    wait_until(lambda: len(woken) == 1)
    with postgresql.write() as session:
        sources.replace_people(session, (make_person("analyst-1", ANALYST),))
    wait_until(lambda: len(woken) == 2)
    with pytest.raises(StorageError), postgresql.write() as session:
        _replace_and_fail(session)
    with postgresql.write() as session:
        fleet.add_keyset(session, 1, make_keyset(), at="2026-03-02T12:00:00.000000Z")
    wait_until(lambda: len(woken) == 3)
    stopped.set()
    thread.join()
    assert len(woken) == 3


def test_a_document_that_cannot_be_read_is_named(tmp_path) -> None:
    """A stored key set of another make is a storage error, and hands on nothing."""
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    database.migrate()
    with database.write() as session:
        session.write(keysets.insert().values(version=1, issued_at="", body="{}"))
    with database.read() as session, pytest.raises(StorageError, match="stored keyset"):
        fleet.list_keysets(session)
    with database.read() as session:
        assert fleet.find_bundle(session, 1) is None
        assert fleet.bundle_text(session, 1) is None
        assert fleet.revision_source(session, 1) is None
    database.close()
