"""A connection that only reads what one subject may see for one purpose.

Takes the embedder's connection (sqlite3, psycopg, or SQLAlchemy over either) and
runs rewritten statements on it, read-only. Use a connection of its own for it:
whoever has the inner connection has the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from policy_service.domain.audit import AuditEvent
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import (
    AccessDeniedError,
    EnforcementError,
    StatementRefusedError,
)
from policy_service.domain.identifiers import AssetId, Revision, asset_parts
from policy_service.domain.parameters import Parameters
from policy_service.kit.hashing import sha256_text
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import Database, ReadLimits, open_database
from policy_service.middleware.sql import RewrittenStatement, referenced_tables, rewrite
from policy_service.middleware.views import AuditSink, ViewProvider

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRows:
    """The answer: masked rows, and which revision of the policy masked them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    revision: Revision

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
        default_schema: str = "public",
        max_rows: int = 100_000,
        timeout_s: float = 30.0,
    ) -> None:
        """Bind `connection`; `tables` are the tables of the catalogue that it holds.

        A statement with more than `max_rows` rows, or that runs for more than
        `timeout_s`, is refused whole. SQLite's progress handler is taken for that.
        Raises `UsageError` for limits out of range.
        """
        self._database: Database = open_database(
            cast("Any", connection),
            keys=keys,
            limits=ReadLimits(max_rows=max_rows, timeout_s=timeout_s),
        )
        self._views = views
        self._audit = audit
        self._keys = keys
        self._subject = subject
        self._purpose = purpose
        self._tables = _one_source(tables)
        self._default_schema = default_schema

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> GuardedRows:
        """Run one SELECT and return its masked rows; parameters are named, as `:name`.

        Raises `StatementRefusedError` for a statement that cannot be guarded, that
        the database refuses or that goes over a limit, `AccessDeniedError` where the policy or the
        audit log says no. No message holds a value of the database.
        """
        rewritten = self._rewritten(sql)
        given = dict(params or {})
        if set(given) != rewritten.statement_parameters:
            raise StatementRefusedError(
                "the parameters given are not those that the statement names"
            )
        self._record("query", _details(rewritten), sql)
        columns, rows = self._database.read(rewritten.sql, {**given, **rewritten.parameters})
        return GuardedRows(columns=columns, rows=rows, revision=rewritten.revision)

    def _rewritten(self, sql: str) -> RewrittenStatement:
        try:
            return self._rewrite(sql)
        except EnforcementError as error:
            self._record("statement_refused", {"reason": error.reason.value}, sql)
            raise
        except Exception as error:
            self._record("statement_refused", {"reason": DenyReason.INTERNAL_ERROR.value}, sql)
            raise AccessDeniedError(
                "the policy cannot be applied to the statement; nothing was run",
                reason=DenyReason.INTERNAL_ERROR,
            ) from error

    def _rewrite(self, sql: str) -> RewrittenStatement:
        dialect = self._database.dialect
        wanted = referenced_tables(
            sql, dialect=dialect, tables=self._tables, default_schema=self._default_schema
        )
        views = {table: self._views.view(self._subject, table, self._purpose) for table in wanted}
        for table, view in views.items():
            if view.table != table or view.purpose != self._purpose:
                raise AccessDeniedError(
                    f"the decision point answered for another table than `{table}`",
                    reason=DenyReason.INTERNAL_ERROR,
                )
        return rewrite(
            sql,
            dialect=dialect,
            views=views,
            keys=self._keys,
            default_schema=self._default_schema,
            paramstyle=self._database.paramstyle,
        )

    def _record(self, kind: str, details: Mapping[str, object], sql: str) -> None:
        event = AuditEvent(
            kind=kind,
            actor=self._subject,
            subject=f"statement:{sha256_text(sql)}",
            details=Parameters(details, purpose=self._purpose),
        )
        try:
            self._audit.record(event)
        except Exception as error:
            raise AccessDeniedError(
                "the audit log does not take the entry; nothing was run",
                reason=DenyReason.AUDIT_FAILURE,
            ) from error


def _details(rewritten: RewrittenStatement) -> dict[str, object]:
    return {
        "tables": rewritten.tables,
        "columns": rewritten.columns,
        "masked": rewritten.masked,
        "rules": rewritten.rules,
        "revision": rewritten.revision,
    }


def _one_source(tables: Sequence[AssetId]) -> tuple[AssetId, ...]:
    if len({asset_parts(table)[0] for table in tables}) > 1:
        raise StatementRefusedError("a connection holds one source; give the tables of one")
    return tuple(sorted(tables))
