"""Read and write sessions: two types, so that a reader cannot write by mistake.

Neither can commit: that is the unit of work's alone (`database.Database`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Delete, Insert, Row, Select, Update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from policy_service.domain.errors import ConflictError, StorageError

T = TypeVar("T")


class ReadSession:
    """A connection that only selects, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Run a query and return all its rows."""
        try:
            return self._connection.execute(query).all()
        except SQLAlchemyError as error:
            raise StorageError(f"state cannot be read: {_kind(error)}") from error

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """Run a query and return its first row, if there is one."""
        found = self.rows(query.limit(1))
        return found[0] if found else None

    def value(self, query: Select[tuple[T]]) -> T | None:
        """Run a query of one column and return the first row's value, if there is one."""
        row = self.first(query)
        return None if row is None else cast("T", row[0])


class WriteSession(ReadSession):
    """A connection that may also change state; everything in it holds or nothing does."""

    def write(
        self,
        statement: Insert | Update | Delete,
        rows: Sequence[Mapping[str, object]] | None = None,
    ) -> int:
        """Run a statement, once or for each of `rows`; return how many rows it touched.

        Raises `ConflictError` when a unique or foreign key forbids it.
        """
        try:
            if rows is None:
                return self._connection.execute(statement).rowcount
            if not rows:
                return 0
            return self._connection.execute(statement, [dict(row) for row in rows]).rowcount
        except IntegrityError as error:
            raise ConflictError(
                "somebody else has just stored the same; read the state again and retry"
            ) from error
        except SQLAlchemyError as error:
            raise StorageError(f"state cannot be written: {_kind(error)}") from error


def _kind(error: SQLAlchemyError) -> str:
    """Name the failure without its statement and values, which may be personal."""
    cause = getattr(error, "orig", None)
    return type(cause or error).__name__
