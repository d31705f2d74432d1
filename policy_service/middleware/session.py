"""A connection that only runs what one subject may see or change for one purpose.

Takes the embedder's connection (sqlite3, psycopg, duckdb, or SQLAlchemy over one of
them) and runs rewritten statements on it. Use a connection of its own for it: whoever
has the inner connection has the data. `middleware.dbapi` puts PEP 249 in front of this,
and `middleware.sqlalchemy_sessions` an engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from policy_service.domain.identifiers import AssetId, Revision
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import Answer, ReadLimits
from policy_service.middleware.database_open import open_async_database, open_database
from policy_service.middleware.session_binding import Binding, Prepared
from policy_service.middleware.views import ActionViewProvider, AuditSink, ViewProvider

if TYPE_CHECKING:
    import polars as pl

_MAX_ROWS = 100_000
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRows:
    """The answer: masked rows, and which revision of the policy masked them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    revision: Revision
    type_codes: tuple[object, ...] = ()  # the driver's (PEP 249)
    written: int = -1  # rows that the statement wrote; -1 for a query

    def frame(self) -> "pl.DataFrame":
        """Return the rows as a polars table."""
        import polars as pl

        return pl.DataFrame(
            [list(row) for row in self.rows],
            schema=list(self.columns),
            orient="row",
            infer_schema_length=None,
            strict=False,
        )


class GuardedConnection:
    """A database connection bound to a subject and a purpose."""

    def __init__(
        self,
        connection: object,
        *,
        views: ViewProvider,
        audit: AuditSink,
        keys: MaskingKeys,
        subject: str,
        purpose: str,
        tables: Sequence[AssetId],
        default_schema: str | None = None,
        writes: ActionViewProvider | None = None,
        max_rows: int = _MAX_ROWS,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """Bind `connection`; `tables` are the tables of the catalogue that it holds.

        Without `writes` it only reads. A statement with more than `max_rows` rows, or that
        runs for more than `timeout_s`, is refused whole. SQLite's progress handler is taken
        for that. Raises `UsageError` for limits out of range, `StatementRefusedError` for
        tables of more than one source or a connection that is not supported.
        """
        self._binding = Binding(
            views=views,
            audit=audit,
            keys=keys,
            subject=subject,
            purpose=purpose,
            tables=tables,
            default_schema=default_schema,
            writes=writes,
        )
        limits = ReadLimits(max_rows=max_rows, timeout_s=timeout_s)
        self._database = open_database(cast("Any", connection), keys=keys, limits=limits)

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Run one SELECT and return its masked rows; parameters are named, as `:name`.

        Raises `StatementRefusedError` for a statement that cannot be guarded, that
        the database refuses or that goes over a limit, `AccessDeniedError` where the policy or the
        audit log says no. No message holds a value of the database.
        """
        database = self._database
        prepared = self._binding.reads(
            sql, params, dialect=database.dialect, paramstyle=database.paramstyle
        )
        return _shown(database.read(prepared.runnable), prepared)

    def write(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Run one INSERT, UPDATE or DELETE, whole or not at all; `commit` keeps it.

        Returns what its RETURNING shows. On a psycopg connection in autocommit mode it is
        kept at once. Raises like `query`.
        """
        database = self._database
        prepared = self._binding.writing(
            sql, params, dialect=database.dialect, paramstyle=database.paramstyle
        )
        return _shown(database.write(prepared.runnable), prepared)

    def run(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Query or write, whichever the statement does and the session may. Raises like both."""
        writes = self._binding.writes is not None and self._binding.write_target(
            sql, dialect=self._database.dialect
        )
        return self.write(sql, params) if writes else self.query(sql, params)

    def commit(self) -> None:
        """Keep what was written through this connection."""
        if self._binding.writes is not None:
            self._database.commit()

    def rollback(self) -> None:
        """Take back what was written through this connection and not kept."""
        if self._binding.writes is not None:
            self._database.rollback()


class AsyncGuardedConnection:
    """`GuardedConnection` over a psycopg or aiosqlite connection that is awaited."""

    def __init__(
        self,
        connection: object,
        *,
        views: ViewProvider,
        audit: AuditSink,
        keys: MaskingKeys,
        subject: str,
        purpose: str,
        tables: Sequence[AssetId],
        default_schema: str | None = None,
        writes: ActionViewProvider | None = None,
        max_rows: int = _MAX_ROWS,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        """Bind `connection` as `GuardedConnection` does; views and audit are asked plainly."""
        self._binding = Binding(
            views=views,
            audit=audit,
            keys=keys,
            subject=subject,
            purpose=purpose,
            tables=tables,
            default_schema=default_schema,
            writes=writes,
        )
        limits = ReadLimits(max_rows=max_rows, timeout_s=timeout_s)
        self._database = open_async_database(cast("Any", connection), keys=keys, limits=limits)

    async def query(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Run one SELECT as `GuardedConnection.query` does."""
        database = self._database
        prepared = self._binding.reads(
            sql, params, dialect=database.dialect, paramstyle=database.paramstyle
        )
        return _shown(await database.read(prepared.runnable), prepared)

    async def write(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Run one INSERT, UPDATE or DELETE as `GuardedConnection.write` does."""
        database = self._database
        prepared = self._binding.writing(
            sql, params, dialect=database.dialect, paramstyle=database.paramstyle
        )
        return _shown(await database.write(prepared.runnable), prepared)

    async def commit(self) -> None:
        """Keep what was written through this connection."""
        if self._binding.writes is not None:
            await self._database.commit()

    async def rollback(self) -> None:
        """Take back what was written through this connection and not kept."""
        if self._binding.writes is not None:
            await self._database.rollback()


def _shown(answer: Answer, prepared: Prepared) -> GuardedRows:
    return GuardedRows(
        columns=answer.columns,
        rows=answer.rows,
        revision=prepared.revision,
        type_codes=answer.type_codes,
        written=answer.count if prepared.writes else -1,
    )
