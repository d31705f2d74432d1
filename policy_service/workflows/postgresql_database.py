"""A database that native mode manages: what stands there, and one transaction to change it.

Knows how to read and to run; what is wanted comes from `publication.postgresql`. Errors tell
the server's code and never its message, which may hold a value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from policy_service.domain.errors import ConflictError, PublicationError, SourceUnreachableError
from policy_service.domain.identifiers import AssetId, asset_parts
from policy_service.publication.postgresql import state
from policy_service.publication.postgresql.difference import Key
from policy_service.publication.postgresql.model import (
    FoundTable,
    ManagedObject,
    ObjectKind,
    Statement,
    Surroundings,
)
from policy_service.publication.postgresql.names import base_name, quoted
from policy_service.publication.postgresql.objects import mark

if TYPE_CHECKING:
    import psycopg

_CONNECT_TIMEOUT_S = 10
_SETTINGS = (
    "SET LOCAL search_path TO pg_catalog",  # functions in views are the database's own
    "SET LOCAL TimeZone TO 'UTC'",
    "SET LOCAL standard_conforming_strings TO on",
    "SET LOCAL lock_timeout TO '10s'",
)


class NativeDatabase:
    """One transaction in the database of one source."""

    def __init__(self, connection: "psycopg.Connection[Any]", *, source: str) -> None:
        self._connection = connection
        self._source = source
        self._base = base_name(source)

    def managed(self) -> tuple[ManagedObject, ...]:
        """List what earlier runs made.

        Raises `ConflictError` where a schema of our name is somebody else's.
        """
        found = self._all(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s",
            (self._base,),
        )
        if not found:
            return ()
        if found[0][0] != mark(self._source, self._name()):
            raise ConflictError(
                f"there is a schema `{self._base}` that native mode did not make; rename it"
            )
        rows = self._all(
            f"SELECT kind, identity, sha256, fingerprint, before FROM {quoted(self._base)}.managed"  # noqa: S608 - a name of our own, quoted
        )
        return tuple(
            ManagedObject(
                kind=ObjectKind(kind),
                identity=tuple(identity),
                sha256=sha256,
                fingerprint=fingerprint,
                before=before,
            )
            for kind, identity, sha256, fingerprint, before in rows
        )

    def surroundings(
        self, tables: Sequence[AssetId], logins: Sequence[str], managed: Sequence[ManagedObject]
    ) -> Surroundings:
        """Read what rendering must know, as it was before native mode changed anything."""
        version = self._all("SELECT current_setting('server_version_num')::int")[0][0]
        return Surroundings(
            server_version=version,
            database=self._name(),
            tables=self._tables(tables, managed),
            logins=dict(self._all(state.LOGINS, {"a": list(logins)})),
        )

    def looks(self, keys: Sequence[Key]) -> dict[Key, str | None]:
        """Tell how each object looks now; None where there is none."""
        found: dict[Key, str | None] = {}
        kinds = list(ObjectKind)
        for kind in kinds:
            wanted = [key for key in keys if key[0] == kind.rank]
            if kind is ObjectKind.CONTENT:
                found.update({key: self._content(*key[1]) for key in wanted})
            elif wanted:
                query = state.look_query(kind)
                answers = self._all(query, _arrays([key[1] for key in wanted]))
                found.update({wanted[place - 1]: text for place, text in answers})
        return found

    def run(self, statements: Sequence[Statement]) -> None:
        """Run statements in the transaction. Raises `PublicationError`; then all is undone."""
        for one in statements:
            self._execute(one)

    def keep(self, managed: Sequence[ManagedObject]) -> None:
        """Keep the list of what is managed now."""
        own = f"{quoted(self._base)}.managed"
        self.run([Statement(sql=f"DELETE FROM {own}")])  # noqa: S608 - a name of our own, quoted
        with self._connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {own} VALUES (%s, %s, %s, %s, %s)",  # noqa: S608 - as above
                [
                    (one.kind.value, list(one.identity), one.sha256, one.fingerprint, one.before)
                    for one in managed
                ],
            )

    def _tables(
        self, tables: Sequence[AssetId], managed: Sequence[ManagedObject]
    ) -> dict[AssetId, FoundTable]:
        places = [asset_parts(table)[1:3] for table in tables]
        arrays = _arrays(places)
        columns: dict[int, dict[str, str]] = {}
        for place, name, kind in self._all(state.COLUMNS, arrays):
            columns.setdefault(place, {})[name] = kind
        before = {(one.kind, one.identity): one.before for one in managed}
        public = dict(self._all(state.look_query(ObjectKind.PUBLIC), arrays))
        secured = dict(self._all(state.look_query(ObjectKind.ROW_SECURITY), arrays))
        found = {}
        for number, (table, at) in enumerate(zip(tables, places, strict=True), start=1):
            if number in columns:
                was_public = before.get((ObjectKind.PUBLIC, at), public[number])
                was_secured = before.get((ObjectKind.ROW_SECURITY, at), secured[number])
                found[table] = FoundTable(
                    columns=columns[number],
                    row_security=was_secured == "true",
                    public=bool(json.loads(was_public or "[]")),
                )
        return found

    def _content(self, base: str, name: str) -> str | None:
        known = self.looks([(ObjectKind.TABLE.rank, (base, name))])
        if not any(known.values()):
            return None
        return str(self._all(state.content_query(base, name))[0][0])

    def _name(self) -> str:
        return str(self._all("SELECT current_database()")[0][0])

    def _all(
        self, sql: str, parameters: Mapping[str, object] | tuple[object, ...] | None = None
    ) -> list[tuple[Any, ...]]:
        with _told("a query of the catalogue"):
            return self._connection.execute(sql, parameters).fetchall()

    def _execute(self, one: Statement) -> None:
        with _told(one.sql):
            self._connection.execute(one.sql, one.parameters or None)


@contextmanager
def open_native(url: str, *, source: str) -> Iterator[NativeDatabase]:
    """Open a transaction that ends whole or not at all.

    Raises `SourceUnreachableError`, `PublicationError` where the database refuses something.
    """
    with connect(url) as connection, connection.transaction():
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"policy-service {source}",)
        )
        yield NativeDatabase(connection, source=source)


@contextmanager
def connect(url: str) -> "Iterator[psycopg.Connection[Any]]":
    """Connect to a PostgreSQL database. Raises `SourceUnreachableError` without its address."""
    import psycopg

    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    if not plain.startswith(("postgresql://", "postgres://")):
        raise SourceUnreachableError(
            "native mode needs PostgreSQL; write `--url postgresql://user@host/database`"
        )
    try:
        connection = psycopg.connect(plain, connect_timeout=_CONNECT_TIMEOUT_S)
    except psycopg.Error:
        raise SourceUnreachableError(
            "the PostgreSQL database does not let us in; check the address and the account"
        ) from None  # the driver's own text repeats parts of the address
    with connection:
        yield connection


@contextmanager
def _told(sql: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        code = error.sqlstate or type(error).__name__
    else:
        return
    raise PublicationError(
        f"postgresql refused `{_first_words(sql)}` (`{code}`); nothing was changed"
    )


def _first_words(sql: str) -> str:
    words = " ".join(sql.split()[:6])
    return words.replace("`", "")[:80]


def _arrays(identities: Sequence[tuple[str, ...]]) -> dict[str, object]:
    padded = [(*one, "", "", "")[:3] for one in identities]
    return {name: [one[place] for one in padded] for place, name in enumerate("abc")}
