"""Decide: requests → audited decisions by the live policies, and table views for PEPs.

Fails closed: an answer is given only when its audit entry is on disk.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from policy_service.domain.audit import AuditEvent
from policy_service.domain.bundle import Directory, SignedBundle, TableView
from policy_service.domain.control import Control, Operator
from policy_service.domain.decision import (
    AccessRequest,
    Decision,
    DecisionRecord,
    DenyReason,
    Obligations,
)
from policy_service.domain.errors import AccessDeniedError, EnforcementError, PolicyServiceError
from policy_service.domain.identifiers import (
    AssetId,
    DecisionId,
    Revision,
    RuleId,
    Sha256Hex,
    asset_parts,
)
from policy_service.domain.parameters import Parameters
from policy_service.domain.plain import to_plain
from policy_service.enforcement.index import CompiledPolicy, compile_policy
from policy_service.enforcement.point import DecisionPointService, every_nth
from policy_service.engines.casbin import CasbinEngine
from policy_service.kit.canonical import content_sha256
from policy_service.kit.clock import rfc3339
from policy_service.publication.signing import verify_bundle
from policy_service.storage import bundles
from policy_service.workflows.people import load_directory
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    service: DecisionPointService
    revision: Revision
    directory_sha256: Sha256Hex


class DecisionDesk:
    """Decides for every source with a live bundle; loads what changed before each answer."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._loaded: dict[str, _Loaded] = {}
        self._lock = threading.Lock()

    def decide(self, request: AccessRequest) -> DecisionRecord:
        """Answer one request and record it. Never raises: any failure is a deny."""
        return self.decide_many((request,))[0]

    def decide_many(self, requests: Sequence[AccessRequest]) -> tuple[DecisionRecord, ...]:
        """Answer requests and record them together. Never raises: any failure is a deny."""
        now = rfc3339(self._platform.clock.now())
        records = tuple(
            DecisionRecord(
                id=DecisionId(self._platform.make_id("dec")),
                at=now,
                request=request,
                decision=self._decide(request),
            )
            for request in requests
        )
        try:
            self._record(records)
        except PolicyServiceError:
            return tuple(_unrecorded(record) for record in records)
        return records

    def explain(self, request: AccessRequest) -> tuple[str, ...]:
        """Say in words why the live policy answers `request` as it does."""
        try:
            return self._policy(request.resource).explain(request)
        except PolicyServiceError as error:
            return (error.message,)

    def view(self, subject: str, table: str, purpose: str, action: str = "read") -> TableView:
        """Say which rows and columns `subject` may read. Raises `EnforcementError`: a deny."""
        return self._service(table).view(subject, table, purpose, action)

    def revision(self, source: str) -> Revision:
        """Return the revision that decides for `source`; 0 where none does."""
        try:
            return self._service(source).revision
        except PolicyServiceError:
            return Revision(0)

    def record_reads(
        self, subject: str, purpose: str, views: Sequence[TableView], *, columns: Sequence[AssetId]
    ) -> tuple[DecisionRecord, ...]:
        """Record a query as one decision for each column it reads, before its rows are shown.

        A table of which only the rows count stands for itself. Raises `AccessDeniedError`
        (audit failure) where the records cannot be kept.
        """
        now = rfc3339(self._platform.clock.now())
        wanted = frozenset(columns)
        records = tuple(
            DecisionRecord(
                id=DecisionId(self._platform.make_id("dec")),
                at=now,
                request=AccessRequest(
                    subject=subject, resource=resource, action="read", purpose=purpose
                ),
                decision=Decision(
                    allow=True,
                    revision=view.revision,
                    rules=rules,
                    obligations=Obligations(control=control, row_filters=view.row_filters),
                ),
            )
            for view in views
            for resource, control, rules in _reads(view, wanted)
        )
        try:
            self._record(records)
        except PolicyServiceError as error:
            raise AccessDeniedError(
                "the decision could not be recorded, so nothing is shown",
                reason=DenyReason.AUDIT_FAILURE,
            ) from error
        return records

    def _decide(self, request: AccessRequest) -> Decision:
        try:
            return self._service(request.resource).decide(request)
        except EnforcementError as error:
            return _denied(error.reason)
        except PolicyServiceError:
            return _denied(DenyReason.INTERNAL_ERROR)

    def _policy(self, resource: str) -> CompiledPolicy:
        policy = self._service(resource).policy
        if policy is None:
            raise AccessDeniedError(
                f"no policy is in force for `{resource}`", reason=DenyReason.NO_BUNDLE
            )
        return policy

    def _service(self, resource: str) -> DecisionPointService:
        """Return the PDP of a resource's source, loaded anew if bundle or people changed."""
        source = asset_parts(AssetId(resource))[0]
        with self._lock, self._platform.database.read() as session:
            revision = bundles.live_revision(session, source)
            directory = load_directory(session)
            loaded = self._loaded.get(source)
            if loaded is not None and (loaded.revision, loaded.directory_sha256) == (
                revision,
                directory.sha256,
            ):
                return loaded.service
            signed = bundles.live_bundle(session, source)
        if signed is None:
            raise AccessDeniedError(
                f"no policy of `{source}` is live; publish one first", reason=DenyReason.NO_BUNDLE
            )
        return self._load(source, signed, directory)

    def _load(
        self, source: str, signed: SignedBundle, directory: Directory
    ) -> DecisionPointService:
        bundle = verify_bundle(
            signed, verifier=self._platform.verifier, now=self._platform.clock.now()
        )
        with self._lock:
            loaded = self._loaded.get(source)
            service = loaded.service if loaded else self._new_service()
            service.swap(
                compile_policy(bundle, directory),
                reference=CasbinEngine.from_bundle(bundle, directory),
            )
            self._loaded[source] = _Loaded(
                service=service,
                revision=bundle.revision,
                directory_sha256=directory.sha256,
            )
        return service

    def _new_service(self) -> DecisionPointService:
        return DecisionPointService(
            clock=self._platform.clock,
            sample=every_nth(self._platform.shadow_every),
            alarm=self._alarm,
        )

    def _alarm(self, reason: DenyReason, revision: Revision) -> None:
        record_event(
            self._platform,
            "alarm",
            actor="pdp",
            subject=f"revision {revision}",
            reason=reason.value,
        )

    def _record(self, records: Sequence[DecisionRecord]) -> None:
        with self._platform.database.write() as session:
            entries = self._platform.audit.append_many(
                tuple(decision_event(record) for record in records)
            )
            for record, entry in zip(records, entries, strict=True):
                bundles.add_decision(session, record, audit_index=entry.index)


def decision_event(record: DecisionRecord) -> AuditEvent:
    """Write a decision as an audit event: names and rule ids, and the record's hash."""
    decision = record.decision
    return AuditEvent(
        kind="decision",
        actor=record.request.subject,
        subject=record.id,
        details=Parameters(
            resource=record.request.resource,
            action=record.request.action,
            purpose=record.request.purpose,
            allow=decision.allow,
            control=decision.obligations.control.label if decision.allow else "deny",
            rules=decision.rules,
            revision=decision.revision,
            reason="" if decision.reason is None else decision.reason.value,
            record_sha256=content_sha256(to_plain(record)),
        ),
    )


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


def _denied(reason: DenyReason) -> Decision:
    return Decision(allow=False, revision=Revision(0), rules=(), reason=reason)


def _unrecorded(record: DecisionRecord) -> DecisionRecord:
    return replace(record, decision=_denied(DenyReason.AUDIT_FAILURE))
