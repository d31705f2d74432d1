"""State stamps: what decisions depend on, in one statement, so that nobody acts on old state.

A stamp says whether something changed, not what it is now. Who changes the directory
stamps it in the same transaction; live revisions are their own stamp.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, String, cast, insert, literal, select, update
from sqlalchemy.exc import SQLAlchemyError

from policy_service.domain.errors import StorageError
from policy_service.domain.identifiers import Revision
from policy_service.domain.review import DraftState
from policy_service.kit.hashing import sha256_text
from policy_service.storage import tables
from policy_service.storage.database import Database
from policy_service.storage.decision_tables import state_stamps
from policy_service.storage.sessions import WriteSession

PEOPLE = "people"
_LIVE, _STAMP = "live", "stamp"
_QUERY = (
    select(literal(_LIVE), tables.bundles.c.source, cast(tables.bundles.c.revision, String))
    .where(tables.bundles.c.state == DraftState.PUBLISHED.value)
    .union_all(select(literal(_STAMP), state_stamps.c.name, state_stamps.c.value))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """The state as one moment's reading has it."""

    people: str  # changes whenever the directory does
    live: Mapping[str, Revision]  # source → the revision that decides for it


def stamp(session: WriteSession, name: str, content: str) -> None:
    """Note that what `name` stands for is `content` now; the hash alone is kept."""
    value = sha256_text(content)
    known = update(state_stamps).where(state_stamps.c.name == name)
    if session.write(known.values(value=value)) == 0:
        session.write(insert(state_stamps).values(name=name, value=value))


class StampReader:
    """Reads the stamps over one standing connection; threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._connection: Connection | None = None
        self._file: tuple[int, int] | None = None
        self._statement = str(
            _QUERY.compile(
                dialect=database.sqlalchemy_dialect, compile_kwargs={"literal_binds": True}
            )
        )

    def read(self) -> Stamps:
        """Read the stamps as they are now. Raises `StorageError` where the state is gone."""
        with self._lock:
            try:
                rows = self._rows()
            except StorageError:  # a server that was restarted: a fresh connection is good
                self._disconnect()
                rows = self._rows()
        live = {name: Revision(int(value)) for kind, name, value in rows if kind == _LIVE}
        stamped = {name: value for kind, name, value in rows if kind == _STAMP}
        return Stamps(people=stamped.get(PEOPLE, ""), live=live)

    def close(self) -> None:
        """Give the connection back; reading again opens another."""
        with self._lock:
            self._disconnect()

    def _rows(self) -> list[tuple[str, str, str]]:
        try:
            connection = self._connected()
            with connection.begin():
                found = connection.exec_driver_sql(self._statement).all()
        except SQLAlchemyError as error:
            raise StorageError(
                f"state cannot be read ({type(error).__name__}); check the database"
            ) from error
        return [(str(kind), str(name), str(value)) for kind, name, value in found]

    def _connected(self) -> Connection:
        file = _identity(self._database.file)
        if self._connection is None or file != self._file:
            self._disconnect()
            self._connection, self._file = self._database.connect(), file
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Tell one file from another of the same name: an open one outlives its removal."""
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError as error:
        raise StorageError(
            f"the state database `{file.name}` is gone; restore it from a copy"
        ) from error
    return found.st_dev, found.st_ino
