"""PEP 249 in front of a guarded connection, for libraries that speak DB-API.

Every statement goes through the guarded connection: there is no other cursor, no way
to the inner connection among the public names, and no statement that it runs unseen.
Types are those of the driver below. Source: PEP 249 (Python Database API 2.0).
"""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import NoReturn

from policy_service.domain.errors import (
    AccessDeniedError,
    EnforcementError,
    PolicyServiceError,
    StatementRefusedError,
    UsageError,
)
from policy_service.middleware.session import GuardedConnection, GuardedRows

apilevel = "2.0"
threadsafety = 1  # threads may share the module, not connections
paramstyle = "named"

# PEP 249 asks for these names: the product's own errors stand behind them.
Error = PolicyServiceError
InterfaceError = UsageError
DatabaseError = EnforcementError
OperationalError = AccessDeniedError
ProgrammingError = StatementRefusedError
NotSupportedError = StatementRefusedError

Description = tuple[str, object, None, None, None, None, None]
Row = tuple[object, ...]


def connect(guarded: GuardedConnection) -> "Connection":
    """Put PEP 249 in front of `guarded`. Closing it leaves the inner connection open."""
    return Connection(guarded)


class Connection:
    """A connection whose cursors run nothing but rewritten statements."""

    def __init__(self, guarded: GuardedConnection) -> None:
        self._guarded: GuardedConnection | None = guarded

    def cursor(self) -> "Cursor":
        """Open a cursor. Raises `UsageError` after `close`."""
        return Cursor(self._opened())

    def commit(self) -> None:
        """Keep what was written through this connection."""
        self._opened().commit()

    def rollback(self) -> None:
        """Take back what was written through this connection and not kept."""
        self._opened().rollback()

    def close(self) -> None:
        """Take back what was not kept; cursors opened before keep the rows they have fetched."""
        if self._guarded is not None:
            self._guarded.rollback()
            self._guarded = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.commit()
        self.close()

    def _opened(self) -> GuardedConnection:
        if self._guarded is None:
            raise UsageError("the connection is closed; open another")
        return self._guarded


class Cursor:
    """Runs one statement at a time and hands out the rows it answered."""

    def __init__(self, guarded: GuardedConnection) -> None:
        self._guarded: GuardedConnection | None = guarded
        self._answer: GuardedRows | None = None
        self._next = 0
        self.arraysize = 1
        self.lastrowid: int | None = None  # ask for it by RETURNING

    @property
    def description(self) -> tuple[Description, ...] | None:
        """Name the columns with the driver's type codes; None where no rows were asked for."""
        if self._answer is None or not self._answer.columns:
            return None
        types = self._answer.type_codes
        return tuple(
            (name, types[place], None, None, None, None, None)
            for place, name in enumerate(self._answer.columns)
        )

    @property
    def rowcount(self) -> int:
        """Count the rows that the last statement answered or wrote; -1 before one was run."""
        if self._answer is None:
            return -1
        return self._answer.written if self._answer.written >= 0 else len(self._answer.rows)

    def execute(self, operation: str, parameters: Mapping[str, object] | None = None) -> "Cursor":
        """Run one statement; parameters are named, as `:name`. Raises as the session does."""
        guarded = self._opened()
        self._answer, self._next = None, 0
        if parameters and not isinstance(parameters, Mapping):
            _positional()
        self._answer = guarded.run(operation, parameters or None)
        return self

    def executemany(
        self, operation: str, seq_of_parameters: Sequence[Mapping[str, object]]
    ) -> "Cursor":
        """Run a writing statement once for each of the parameters; a query is refused."""
        guarded = self._opened()
        self._answer, self._next = None, 0
        written = 0
        for parameters in seq_of_parameters:
            if not isinstance(parameters, Mapping):
                _positional()
            answer = guarded.write(operation, parameters)
            written += max(answer.written, 0)
            self._answer = GuardedRows(
                columns=(), rows=(), revision=answer.revision, written=written
            )
        return self

    def fetchone(self) -> Row | None:
        """Return the next row; None after the last."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """Return the next rows, as many as `arraysize` where no size is given."""
        begin = self._next
        rows = self._rows()[begin : begin + max(self.arraysize if size is None else size, 0)]
        self._next = begin + len(rows)
        return list(rows)

    def fetchall(self) -> list[Row]:
        """Return the rows that are left."""
        return self.fetchmany(len(self._rows()))

    def close(self) -> None:
        """Let go of the rows."""
        self._guarded = self._answer = None

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Do nothing, as PEP 249 allows."""

    def __iter__(self) -> Iterator[Row]:
        while (row := self.fetchone()) is not None:
            yield row

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> GuardedConnection:
        if self._guarded is None:
            raise UsageError("the cursor is closed; open another")
        return self._guarded

    def _rows(self) -> tuple[Row, ...]:
        if self._answer is None:
            raise UsageError("no statement has been run on this cursor; run one first")
        return self._answer.rows


def _positional() -> NoReturn:
    raise StatementRefusedError("parameters must be named, as `:name`, and given as a mapping")
