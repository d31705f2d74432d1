"""Rewritten statements on DuckDB, beside the embedder's connection: a cursor of its own.

A DuckDB cursor is a further connection to the same database, so reads run in read-only
transactions of their own and see what is committed. duckdb is the embedder's and not
imported here. An instance may shut itself off from files and networks altogether
(`enable_external_access = false`), which is its owner's to set.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import (
    Answer,
    ReadLimits,
    Runnable,
    WithoutValues,
    answer_of,
)
from policy_service.middleware.duckdb_functions import register_duckdb_masks


class DuckdbDatabase:
    """A connection of DuckDB's own driver."""

    dialect = "duckdb"
    paramstyle = "named"

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - duckdb's
        *,
        keys: MaskingKeys,
        limits: ReadLimits,
    ) -> None:
        self._limits = limits
        self._writing = False
        # By the embedder's connection: DuckDB forgets functions with the one that made them.
        register_duckdb_masks(connection, keys=keys)
        with WithoutValues(limits):
            self._connection = connection.duplicate()
            # A name in FROM must never mean a variable of the embedder's program.
            self._connection.execute("SET python_enable_replacements = false")
            self._connection.execute("SET TimeZone = 'UTC'")

    def read(self, statement: Runnable) -> Answer:
        """Run it in a read-only transaction, or in the one that a write has begun."""
        with WithoutValues(self._limits):
            if self._writing:
                return self._run(statement)
            self._connection.execute("BEGIN TRANSACTION READ ONLY")
            try:
                return self._run(statement)
            finally:
                self._connection.execute("ROLLBACK")

    def write(self, statement: Runnable) -> Answer:
        """Run it in a transaction that `commit` ends; an error takes the transaction back."""
        with WithoutValues(self._limits):
            if not self._writing:
                self._connection.execute("BEGIN TRANSACTION")
                self._writing = True
            try:
                return self._run(statement)
            except BaseException:
                self._end("ROLLBACK")  # DuckDB has no savepoints
                raise

    def commit(self) -> None:
        """Keep what was written since the last commit."""
        with WithoutValues(self._limits):
            self._end("COMMIT")

    def rollback(self) -> None:
        """Take back what was written since the last commit."""
        with WithoutValues(self._limits):
            self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        if self._writing:
            self._writing = False
            self._connection.execute(how)

    def _run(self, statement: Runnable) -> Answer:
        with self._in_time():
            self._connection.execute(statement.sql, dict(statement.parameters))
            rows = self._connection.fetchmany(self._limits.max_rows + 1)
        if statement.returns_rows:
            return answer_of(self._connection.description, rows, limits=self._limits)
        return Answer(count=int(rows[0][0]) if rows else -1)  # DuckDB answers with the count

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        timer = threading.Timer(self._limits.timeout_s, self._connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
