"""Run one query as somebody: the command line as a data service that embeds the middleware."""

from dataclasses import dataclass

from policy_service.catalog.sources.database import open_database
from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.control import Operator
from policy_service.domain.decision import DenyReason
from policy_service.domain.errors import AccessDeniedError
from policy_service.domain.identifiers import AssetId, DecisionId
from policy_service.middleware.session import GuardedConnection
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.platform import Platform
from policy_service.workflows.scan import find_catalog, source_url
from policy_service.workflows.unit_of_work import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedColumn:
    """A column the query read that was not shown in clear."""

    name: str
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRead:
    """What was read, and the id of the decision that allowed it."""

    resource: str
    decision: DecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the subject sees, and the ids under which it was recorded."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | bool | None, ...], ...]
    masked: tuple[MaskedColumn, ...]
    decisions: tuple[RecordedRead, ...]


class _Recorder:
    """Hands out views and records what was read before any row is shown."""

    def __init__(
        self, platform: Platform, desk: DecisionDesk, *, subject: str, purpose: str
    ) -> None:
        self._platform = platform
        self._desk = desk
        self._subject = subject
        self._purpose = purpose
        self.views: dict[AssetId, TableView] = {}
        self.decisions: tuple[RecordedRead, ...] = ()

    def view(self, subject: str, table: AssetId, purpose: str) -> TableView:
        """Ask the PDP and remember the answer."""
        found = self._desk.view(subject, table, purpose)
        self.views[table] = found
        return found

    def record(self, event: AuditEvent) -> None:
        """Record a query as one decision for each column; a refusal as it is."""
        if event.kind != "query":
            record_event(
                self._platform,
                event.kind,
                actor=event.actor,
                subject=event.subject,
                **dict(event.details),
            )
            return
        records = self._desk.record_reads(
            self._subject,
            self._purpose,
            [self.views[AssetId(table)] for table in event.details.texts("tables")],
            columns=[AssetId(column) for column in event.details.texts("columns")],
        )
        self.decisions = tuple(
            RecordedRead(resource=record.request.resource, decision=record.id) for record in records
        )


def run_query(
    platform: Platform,
    desk: DecisionDesk,
    *,
    subject: str,
    purpose: str,
    source: str,
    statement: str,
) -> Answer:
    """Run `statement` as `subject` for `purpose`.

    Raises `StatementRefusedError` or `AccessDeniedError` with the reason; then
    nothing was read.
    """
    catalog = find_catalog(platform, source)
    if desk.revision(source) == 0:
        raise AccessDeniedError(
            f"no policy of `{source}` is live; publish one first", reason=DenyReason.NO_BUNDLE
        )
    recorder = _Recorder(platform, desk, subject=subject, purpose=purpose)
    with open_database(source_url(platform, source), catalog.tables[0].schema) as opened:
        opened.connection.rollback()  # a scan's transaction; the statement has one of its own
        guarded = GuardedConnection(
            opened.connection,
            views=recorder,
            audit=recorder,
            keys=platform.masking_keys,
            subject=subject,
            purpose=purpose,
            tables=[table.id for table in catalog.tables],
            default_schema=opened.shown_schema,
        )
        shown = guarded.query(statement)
    return Answer(
        columns=shown.columns,
        rows=tuple(tuple(_cell(cell) for cell in row) for row in shown.rows),
        masked=_masked(recorder, frozenset(shown.columns)),
        decisions=recorder.decisions,
    )


def _masked(recorder: _Recorder, names: frozenset[str]) -> tuple[MaskedColumn, ...]:
    return tuple(
        MaskedColumn(name=name, control=column.control.label)
        for view in recorder.views.values()
        for column in view.columns
        if (name := column.column.rpartition(".")[2]) in names
        and column.control.operator not in (Operator.CLEAR, Operator.DENY)
    )


def _cell(value: object) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
