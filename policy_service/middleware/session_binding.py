"""Who reads for which purpose: rewrites a statement for them and has it recorded before it runs.

Shared by every face of a guarded connection. Runs nothing itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError, EnforcementError, StatementRefusedError
from policy_service.domain.identifiers import AssetId, Revision, asset_parts
from policy_service.domain.parameters import Parameters
from policy_service.kit.hashing import sha256_text
from policy_service.masking.keys import MaskingKeys
from policy_service.middleware.database import Runnable
from policy_service.middleware.sql import (
    RewrittenStatement,
    WriteTarget,
    referenced_tables,
    rewrite,
    rewrite_write,
    write_target,
)
from policy_service.middleware.views import ActionViewProvider, AuditSink, ViewProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A statement that may be run, as it stands in the audit log already."""

    runnable: Runnable
    revision: Revision
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A subject and a purpose over the tables of one source.

    `writes` answers for the actions create, update and delete; without it nothing is
    written. Raises `StatementRefusedError` for tables of more than one source.
    """

    views: ViewProvider
    audit: AuditSink
    keys: MaskingKeys
    subject: str
    purpose: str
    tables: Sequence[AssetId]
    default_schema: str | None = None
    writes: ActionViewProvider | None = None

    def __post_init__(self) -> None:
        if len({asset_parts(table)[0] for table in self.tables}) > 1:
            raise StatementRefusedError("a connection holds one source; give the tables of one")
        object.__setattr__(self, "tables", tuple(sorted(self.tables)))

    def reads(
        self, sql: str, params: Mapping[str, object] | None, *, dialect: str, paramstyle: str
    ) -> Prepared:
        """Rewrite one query and record it.

        Raises `StatementRefusedError` for what cannot be guarded, `AccessDeniedError`
        where the policy or the audit log says no.
        """

        def rewritten() -> RewrittenStatement:
            return rewrite(
                sql,
                dialect=dialect,
                views=self._views(sql, dialect),
                keys=self.keys,
                default_schema=self.default_schema,
                paramstyle=paramstyle,
            )

        return self._prepared(sql, params, rewritten, kind="query")

    def writing(
        self, sql: str, params: Mapping[str, object] | None, *, dialect: str, paramstyle: str
    ) -> Prepared:
        """Rewrite one INSERT, UPDATE or DELETE and record it. Raises like `reads`."""

        def rewritten() -> RewrittenStatement:
            target = self.write_target(sql, dialect=dialect)
            if target is None:
                raise StatementRefusedError("the statement writes nothing; run it as a query")
            return rewrite_write(
                sql,
                dialect=dialect,
                views=self._views(sql, dialect),
                write_views={target.action: {target.table: self._write_view(target)}},
                keys=self.keys,
                default_schema=self.default_schema,
                paramstyle=paramstyle,
            )

        return self._prepared(sql, params, rewritten, kind="write")

    def write_target(self, sql: str, *, dialect: str) -> WriteTarget | None:
        """Tell what a statement writes to; None for a query. Raises for what cannot be read."""
        return write_target(
            sql, dialect=dialect, tables=self.tables, default_schema=self.default_schema
        )

    def _prepared(
        self,
        sql: str,
        params: Mapping[str, object] | None,
        rewritten: Callable[[], RewrittenStatement],
        *,
        kind: str,
    ) -> Prepared:
        try:
            made = rewritten()
            parameters = _merged(made, dict(params or {}))
        except EnforcementError as error:
            self._record("statement_refused", {"reason": error.reason.value}, sql)
            raise
        except Exception as error:
            self._record("statement_refused", {"reason": DenyReason.INTERNAL_ERROR.value}, sql)
            raise AccessDeniedError(
                "the policy cannot be applied to the statement; nothing was run",
                reason=DenyReason.INTERNAL_ERROR,
            ) from error
        self._record(kind, _details(made), sql)
        return Prepared(
            runnable=Runnable(
                sql=made.sql,
                parameters=parameters,
                secrets=made.secrets,
                returns_rows=made.returns_rows,
            ),
            revision=made.revision,
            writes=kind == "write",
        )

    def _views(self, sql: str, dialect: str) -> dict[AssetId, TableView]:
        wanted = referenced_tables(
            sql, dialect=dialect, tables=self.tables, default_schema=self.default_schema
        )
        return {
            table: self._checked(table, self.views.view(self.subject, table, self.purpose))
            for table in wanted
        }

    def _write_view(self, target: WriteTarget) -> TableView:
        if self.writes is None:
            raise StatementRefusedError(
                f"this session only reads; `{target.action}` needs one that was opened for writing"
            )
        view = self.writes.view(self.subject, target.table, self.purpose, target.action)
        return self._checked(target.table, view)

    def _checked(self, table: AssetId, view: TableView) -> TableView:
        if view.table != table or view.purpose != self.purpose:
            raise AccessDeniedError(
                f"the decision point answered for another table than `{table}`",
                reason=DenyReason.INTERNAL_ERROR,
            )
        return view

    def _record(self, kind: str, details: Mapping[str, object], sql: str) -> None:
        event = AuditEvent(
            kind=kind,
            actor=self.subject,
            subject=f"statement:{sha256_text(sql)}",
            details=Parameters(details, purpose=self.purpose),
        )
        try:
            self.audit.record(event)
        except Exception as error:
            raise AccessDeniedError(
                "the audit log does not take the entry; nothing was run",
                reason=DenyReason.AUDIT_FAILURE,
            ) from error


def _merged(made: RewrittenStatement, given: Mapping[str, object]) -> dict[str, object]:
    if set(given) != made.statement_parameters:
        raise StatementRefusedError("the parameters given are not those that the statement names")
    return {**given, **made.parameters}


def _details(made: RewrittenStatement) -> dict[str, object]:
    details: dict[str, object] = {
        "tables": made.tables,
        "columns": made.columns,
        "masked": made.masked,
        "rules": made.rules,
        "revision": made.revision,
    }
    return details if made.action == "read" else {**details, "action": made.action}
