"""Trace: a decision → its rules → their approvals → the draft → the clauses; with its proof.

Law 6: every cell somebody saw, or did not see, leads back to the text it stands on.
"""

from base64 import b64encode
from dataclasses import dataclass

from policy_service.audit.merkle import verify_inclusion
from policy_service.domain.audit import AuditEntry
from policy_service.domain.bundle import Bundle
from policy_service.domain.decision import DecisionRecord
from policy_service.domain.draft import Draft, Rule
from policy_service.domain.errors import AuditError
from policy_service.domain.hashes import rule_sha256
from policy_service.domain.identifiers import Sha256Hex
from policy_service.domain.plain import to_plain
from policy_service.domain.provision import Citation, Provision
from policy_service.domain.review import Verdict, VerdictKind
from policy_service.kit.canonical import content_sha256
from policy_service.publication.application import ApplicationRule
from policy_service.storage import applications, bundles, drafts
from policy_service.storage.sessions import ReadSession
from policy_service.workflows.applications import approvals_of, load_application
from policy_service.workflows.platform import Platform
from policy_service.workflows.recorded_decisions import find_recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedClause:
    """A citation and the provision it quotes, if the corpus still holds that text."""

    citation: Citation
    provision: Provision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRule:
    """One deciding rule with the approvals of exactly this content, and its clauses."""

    rule: Rule | ApplicationRule
    sha256: str
    approvals: tuple[Verdict, ...]
    clauses: tuple[CitedClause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProof:
    """The decision's place in the audit log; `root` is base64 of the tree head it is proven in."""

    index: int
    entry_sha256: str
    tree_size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The whole way from a decision back to the law. `draft` is empty where nothing was live."""

    record: DecisionRecord
    draft: str
    draft_sha256: str
    model_version: str
    retriever: str
    corpus_sha256: str
    rules: tuple[TracedRule, ...]
    proof: AuditProof


def trace(platform: Platform, decision_id: str) -> Trace:
    """Trace a recorded decision. Raises `NotFoundError`; `AuditError` where its entry differs."""
    recorded = find_recorded(platform, decision_id)
    record = recorded.record
    with platform.database.read() as session:
        bundle = _bundle(session, record)
        content: Draft | None = None
        verdicts: tuple[Verdict, ...] = ()
        authored: tuple[TracedRule, ...] = ()
        if bundle is not None:
            content = drafts.content_by_sha256(session, bundle.draft, bundle.draft_sha256)
            verdicts = drafts.list_verdicts(session, bundle.draft)
            if content is None:
                authored = _authored(platform, session, record, bundle.draft)
    return Trace(
        record=record,
        draft="" if bundle is None else bundle.draft,
        draft_sha256="" if bundle is None else bundle.draft_sha256,
        model_version="" if content is None else content.lineage.model_version,
        retriever="" if content is None else content.lineage.retriever,
        corpus_sha256="" if content is None else content.lineage.corpus_sha256,
        rules=authored if content is None else _rules(platform, record, content, verdicts),
        proof=_prove(platform, recorded.entry),
    )


def _bundle(session: ReadSession, record: DecisionRecord) -> Bundle | None:
    return next(
        (
            stored.signed.bundle
            for stored in bundles.list_bundles(session)
            if stored.signed.bundle.revision == record.decision.revision
        ),
        None,
    )


def _rules(
    platform: Platform, record: DecisionRecord, draft: Draft, verdicts: tuple[Verdict, ...]
) -> tuple[TracedRule, ...]:
    corpus = platform.corpus
    traced = []
    for rule_id in record.decision.rules:
        rule = draft.rule(rule_id)
        if rule is None:
            continue
        sha256 = rule_sha256(rule)
        traced.append(
            TracedRule(
                rule=rule,
                sha256=sha256,
                approvals=tuple(
                    verdict
                    for verdict in verdicts
                    if verdict.rule == rule_id
                    and verdict.kind is VerdictKind.APPROVE
                    and verdict.rule_sha256 == sha256
                ),
                clauses=tuple(
                    CitedClause(citation=one, provision=corpus.cited(one)) for one in rule.citations
                ),
            )
        )
    return tuple(traced)


def _authored(
    platform: Platform, session: ReadSession, record: DecisionRecord, submission: str
) -> tuple[TracedRule, ...]:
    """Trace the rules of an application's policy: the file as approved, and what it cites."""
    if applications.find_application(session, submission) is None:
        return ()
    view = load_application(session, submission)
    cited = {one.rule: one.citations for one in view.row.cited}
    corpus = platform.corpus
    return tuple(
        TracedRule(
            rule=rule,
            sha256=sha256,
            approvals=approvals_of(view.row, rule.id, sha256),
            clauses=tuple(
                CitedClause(citation=one, provision=corpus.cited(one)) for one in cited[rule.id]
            ),
        )
        for rule, sha256 in (
            (rule, Sha256Hex(content_sha256(to_plain(rule))))
            for rule in view.policy.rules
            if rule.id in record.decision.rules
        )
    )


def _prove(platform: Platform, entry: AuditEntry) -> AuditProof:
    """Prove the entry that holds the decision's record, or stands for it."""
    proof = platform.audit.inclusion_proof(entry.index)
    root = platform.audit.root(proof.size)
    if not verify_inclusion(proof, root=root):
        raise AuditError(
            f"entry {entry.index} cannot be proven in the log; `policy-service audit verify`"
        )
    return AuditProof(
        index=entry.index,
        entry_sha256=entry.sha256,
        tree_size=proof.size,
        root=b64encode(root).decode(),
    )
