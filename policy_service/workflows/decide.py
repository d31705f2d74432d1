"""Decide: requests → audited decisions by the live policies, and table views for PEPs.

Fails closed: an answer is given only when its audit entry is on disk. Requests that wait
together share one reading of the state and one entry; see `decision_batches`.
"""

from collections.abc import Sequence

from policy_service.domain.audit import AuditEntry, AuditEvent
from policy_service.domain.bundle import TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import (
    AccessRequest,
    Decision,
    DecisionRecord,
    DenyReason,
    Obligations,
)
from policy_service.domain.errors import AccessDeniedError, EnforcementError, PolicyServiceError
from policy_service.domain.identifiers import AssetId, Revision, RuleId
from policy_service.domain.parameters import Parameters
from policy_service.enforcement.authzen import Unreadable
from policy_service.enforcement.search import SearchPage, SearchQuery, search
from policy_service.kit.clock import rfc3339
from policy_service.workflows.decision_batches import Answer, Ask, DecisionQueue, denied
from policy_service.workflows.decision_lines import DecisionLines, DecisionPlace
from policy_service.workflows.live_policies import LivePolicies, Moment
from policy_service.workflows.platform import Platform
from policy_service.workflows.recorded_decisions import GROUP_KIND
from policy_service.workflows.unit_of_work import record_event

_ACTOR = "pdp"
_DIGEST_KEY = "audit.request-facts"  # its own purpose: no mask's key is used for it


class DecisionDesk:
    """Decides for every source with a live bundle; threads may share it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._policies = LivePolicies(platform, alarm=self._alarm)
        self._lines = DecisionLines(lambda: platform.keyring.key(_DIGEST_KEY))
        self._queue = DecisionQueue(self._answer_group)

    def decide(self, request: AccessRequest, *, pep: str = "") -> DecisionRecord:
        """Answer one request and record it. Never raises: any failure is a deny."""
        return self.decide_many((request,), pep=pep)[0]

    def decide_many(
        self, requests: Sequence[AccessRequest], *, pep: str = ""
    ) -> tuple[DecisionRecord, ...]:
        """Answer requests and record them together. Never raises: any failure is a deny."""
        items = tuple(requests)
        if not items:
            return ()
        try:
            (answer,) = self._queue.ask((Ask(items=items, pep=pep),))
        except PolicyServiceError:  # overloaded
            answer = self._unrecorded(Ask(items=items), DenyReason.INTERNAL_ERROR)
        return answer.records(items)

    def answer(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Answer what several callers ask, in one group where it fits.

        Raises `OverloadedError` where too much waits; every other failure is a deny.
        """
        return self._queue.ask(asks)

    def explain(self, request: AccessRequest) -> tuple[str, ...]:
        """Say in words why the live policy answers `request` as it does."""
        try:
            service = self._policies.now().service(request.resource, request.resource_type)
            policy = service.policy
        except PolicyServiceError as error:
            return (error.message,)
        if policy is None:
            return (f"no policy is in force for `{request.resource}`",)
        return policy.explain(request, self._platform.clock.now())

    def view(self, subject: str, table: str, purpose: str, action: str = "read") -> TableView:
        """Say which rows and columns `subject` may read. Raises `EnforcementError`: a deny."""
        return self._policies.now().service(table).view(subject, table, purpose, action)

    def revision(self, source: str) -> Revision:
        """Return the revision that decides for `source`; 0 where none does."""
        try:
            return self._policies.now().service(source).revision
        except PolicyServiceError:
            return Revision(0)

    def search(self, query: SearchQuery, *, pep: str = "") -> SearchPage:
        """Find who may, what of, or which actions; the search is recorded before it is answered.

        Raises `UsageError` for a page of another search or state, `StorageError` where the
        state cannot be read, `AuditError` where the search cannot be recorded.
        """
        moment = self._policies.now()
        page = search(
            query,
            candidates=moment.candidates(query),
            permits=lambda request: _decide(moment, request).allow,
            version=moment.version,
        )
        record_event(
            self._platform,
            "search",
            actor=pep or _ACTOR,
            subject=query.kind.value,
            found=len(page.found),
            revisions=tuple(str(one) for one in sorted(moment.stamps.live.values())),
        )
        return page

    def record_reads(
        self, subject: str, purpose: str, views: Sequence[TableView], *, columns: Sequence[AssetId]
    ) -> tuple[DecisionRecord, ...]:
        """Record a query as one decision for each column it reads, before its rows are shown.

        A table of which only the rows count stands for itself. Raises `AccessDeniedError`
        (audit failure) where the records cannot be kept.
        """
        wanted = frozenset(columns)
        made = tuple(
            (
                AccessRequest(subject=subject, resource=resource, action="read", purpose=purpose),
                Decision(
                    allow=True,
                    revision=view.revision,
                    rules=rules,
                    obligations=Obligations(control=control, row_filters=view.row_filters),
                ),
            )
            for view in views
            for resource, control, rules in _reads(view, wanted)
        )
        if not made:
            return ()
        try:
            lines = [self._lines.write(request, decision, "") for request, decision in made]
            entry = self._record(lines, allowed=len(made))
        except PolicyServiceError as error:
            raise AccessDeniedError(
                "the decision could not be recorded, so nothing is shown",
                reason=DenyReason.AUDIT_FAILURE,
            ) from error
        return tuple(
            DecisionRecord(
                id=DecisionPlace(group=entry.event.subject, entry=entry.index, line=line).id,
                at=entry.at,
                request=request,
                decision=decision,
            )
            for line, (request, decision) in enumerate(made)
        )

    def close(self) -> None:
        """Let go of the state; deciding again opens it anew."""
        self._policies.close()

    def _answer_group(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """Decide and record a group. Never raises: any failure is a deny for all of it."""
        try:
            return self._decide_and_record(asks)
        except PolicyServiceError:
            return [self._unrecorded(ask, DenyReason.AUDIT_FAILURE) for ask in asks]
        except Exception:  # fail closed, whatever it was
            self._alarm_quietly(DenyReason.INTERNAL_ERROR)
            return [self._unrecorded(ask, DenyReason.INTERNAL_ERROR) for ask in asks]

    def _decide_and_record(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        moment = self._moment()
        lines: list[bytes] = []
        worked: list[tuple[int, tuple[Decision | Unreadable, ...]]] = []
        allowed = 0
        for ask in asks:
            first = len(lines)
            decisions: list[Decision | Unreadable] = []
            for item in ask.items:
                decision = item if isinstance(item, Unreadable) else _decide(moment, item)
                if isinstance(decision, Decision) and isinstance(item, AccessRequest):
                    lines.append(self._lines.write(item, decision, ask.pep))
                    allowed += decision.allow
                decisions.append(decision)
                if ask.ends_after(decision):
                    break
            worked.append((first, tuple(decisions)))
        if not lines:  # nothing that could be read was asked
            return [self._undecided(decisions) for _, decisions in worked]
        entry = self._record(lines, allowed=allowed)
        return [
            Answer(
                decisions=decisions,
                group=entry.event.subject,
                at=entry.at,
                entry=entry.index,
                first_line=first,
            )
            for first, decisions in worked
        ]

    def _moment(self) -> Moment | None:
        try:
            return self._policies.now()
        except PolicyServiceError:
            return None

    def _record(self, lines: Sequence[bytes], *, allowed: int) -> AuditEntry:
        event = AuditEvent(
            kind=GROUP_KIND,
            actor=_ACTOR,
            subject=self._platform.make_id("dec"),
            details=Parameters(allowed=allowed, denied=len(lines) - allowed),
        )
        return self._platform.audit.append_group(event, lines)

    def _undecided(self, decisions: tuple[Decision | Unreadable, ...]) -> Answer:
        now = rfc3339(self._platform.clock.now())
        return Answer(decisions=decisions, group=self._platform.make_id("dec"), at=now)

    def _unrecorded(self, ask: Ask, reason: DenyReason) -> Answer:
        decisions = (item if isinstance(item, Unreadable) else denied(reason) for item in ask.items)
        return self._undecided(tuple(decisions))

    def _alarm(self, reason: DenyReason, revision: Revision) -> None:
        record_event(
            self._platform,
            "alarm",
            actor=_ACTOR,
            subject=f"revision {revision}",
            reason=reason.value,
        )

    def _alarm_quietly(self, reason: DenyReason) -> None:
        try:
            self._alarm(reason, Revision(0))
        except PolicyServiceError:
            return  # a broken alarm must not open the door


def _decide(moment: Moment | None, request: AccessRequest) -> Decision:
    if moment is None:
        return denied(DenyReason.INTERNAL_ERROR)
    try:
        return moment.service(request.resource, request.resource_type).decide(request)
    except EnforcementError as error:
        return denied(error.reason)
    except Exception:  # one source's broken policy denies for that source alone
        return denied(DenyReason.INTERNAL_ERROR)


def _reads(
    view: TableView, wanted: frozenset[AssetId]
) -> tuple[tuple[AssetId, Control, tuple[RuleId, ...]], ...]:
    """List what is read of a view: its wanted columns, or the table where there is none."""
    read = tuple(
        (one.column, one.control, one.rules) for one in view.columns if one.column in wanted
    )
    if read:
        return read
    rules = {
        rule
        for one in view.columns
        if one.control.operator is not Operator.DENY
        for rule in one.rules
    }
    # Of the table itself nothing but the number of rows is shown.
    return ((view.table, Control(operator=Operator.REDACT), tuple(sorted(rules))),)
