"""Domain values as the API's shapes, where `shown` alone is not enough."""

from policy_service.api.draft_schemas import DraftShown, DraftSummaryShown, RuleShown
from policy_service.api.schemas import (
    BundleSummary,
    ClauseShown,
    DecisionShown,
    JobShown,
    TracedRuleShown,
    TraceShown,
    shown,
)
from policy_service.domain.bundle import SignedBundle
from policy_service.domain.decision import DecisionRecord
from policy_service.domain.draft import (
    AccessRule,
    EncryptionRule,
    RetentionRule,
    Rule,
    SeparationRule,
)
from policy_service.domain.plain import to_plain
from policy_service.domain.review import DraftState
from policy_service.kit.canonical import Json
from policy_service.workflows.reading import DraftReading, DraftSummary, Job, RuleStatus
from policy_service.workflows.trace import CitedClause, Trace, TracedRule

_KINDS = {
    AccessRule: "access",
    EncryptionRule: "encryption",
    RetentionRule: "retention",
    SeparationRule: "separation",
}
_SETTINGS: dict[type, tuple[str, ...]] = {
    EncryptionRule: (
        "table",
        "category",
        "columns",
        "algorithm",
        "key_bits",
        "rotation_days",
        "key_scope",
    ),
    RetentionRule: ("table", "max_days", "basis", "action"),
    SeparationRule: ("roles",),
}


def plain_object(value: object) -> dict[str, Json]:
    """Turn a domain dataclass into a JSON object."""
    plain = to_plain(value)
    if not isinstance(plain, dict):
        raise TypeError("only a dataclass becomes an object")
    return plain


def rule_kind(rule: Rule) -> str:
    """Name the kind of a rule: access, encryption, retention, separation."""
    return _KINDS[type(rule)]


def show_job(job: Job) -> JobShown:
    """Show a job."""
    return shown(JobShown, job)


def show_summary(summary: DraftSummary) -> DraftSummaryShown:
    """Show one line of the inbox."""
    return DraftSummaryShown.model_validate({**plain_object(summary), **plain_object(summary.row)})


def show_draft(reading: DraftReading) -> DraftShown:
    """Show a draft without its rules."""
    draft, row = reading.view.draft, reading.view.row
    return DraftShown.model_validate(
        {
            **plain_object(draft),
            "author": row.author,
            "state": row.state.value,
            "rules": len(draft.rules),
        }
    )


def show_rule(rule: Rule, status: RuleStatus) -> RuleShown:
    """Show a rule and where its review stands."""
    plain = plain_object(rule)
    return RuleShown.model_validate(
        {
            **plain,
            "kind": rule_kind(rule),
            "settings": {name: plain[name] for name in _SETTINGS.get(type(rule), ())},
            "state": status.state.value,
            "approved_by": list(status.approved_by),
            "approvals_needed": status.needed,
            "sha256": status.sha256,
        }
    )


def show_bundle(signed: SignedBundle, state: DraftState) -> BundleSummary:
    """Summarise a bundle."""
    return BundleSummary(
        revision=signed.bundle.revision,
        source=signed.bundle.source,
        draft=signed.bundle.draft,
        draft_sha256=signed.bundle.draft_sha256,
        issued_at=signed.bundle.issued_at,
        expires_at=signed.bundle.expires_at,
        state=state.value,
        sha256=signed.sha256,
        key_id=signed.key_id,
        rules=len(signed.bundle.rows),
    )


def show_decision(record: DecisionRecord) -> DecisionShown:
    """Show a recorded decision."""
    request, decision = record.request, record.decision
    return DecisionShown(
        id=record.id,
        at=record.at,
        subject=request.subject,
        resource=request.resource,
        action=request.action,
        purpose=request.purpose,
        allow=decision.allow,
        control=decision.obligations.control.label if decision.allow else "deny",
        rules=list(decision.rules),
        revision=decision.revision,
        reason=None if decision.reason is None else decision.reason.value,
    )


def show_trace(trace: Trace) -> TraceShown:
    """Show the way from a decision back to the law."""
    return TraceShown.model_validate(
        {
            **plain_object(trace),
            "decision": show_decision(trace.record).model_dump(),
            "rules": [_traced_rule(one).model_dump() for one in trace.rules],
        }
    )


def _traced_rule(traced: TracedRule) -> TracedRuleShown:
    return TracedRuleShown.model_validate(
        {
            "rule": traced.rule.id,
            "sentence": traced.rule.sentence,
            "sha256": traced.sha256,
            "approvals": [plain_object(one) for one in traced.approvals],
            "clauses": [_clause(one).model_dump() for one in traced.clauses],
        }
    )


def _clause(cited: CitedClause) -> ClauseShown:
    return ClauseShown.model_validate(
        {
            **plain_object(cited.citation),
            "url": "" if cited.provision is None else cited.provision.url,
        }
    )
