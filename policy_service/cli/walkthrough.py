"""The walkthrough: a verified draft becomes an enforced, audited, traced policy, in a terminal."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.rule import Rule as Line

from policy_service.cli.access import print_trace
from policy_service.cli.guarded_query import Answer, run_query
from policy_service.cli.output import console, table
from policy_service.domain.decision import AccessRequest
from policy_service.domain.draft import EncryptionRule
from policy_service.domain.errors import AccessDeniedError, EnforcementError, PolicyServiceError
from policy_service.domain.identifiers import DecisionId, asset_parts
from policy_service.domain.progress import silent
from policy_service.domain.review import DraftState
from policy_service.encryption.columns import decrypt_column, encrypt_column
from policy_service.encryption.rules import rule_cipher
from policy_service.workflows import publish, review
from policy_service.workflows.audit import checkpoint_audit, verify_audit
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.draft import find_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.trace import trace

REVIEWERS = ("reviewer-1", "reviewer-2")
STATEMENT = "select customer_id, national_id, district_id from customers order by 1 limit 3"
VIEWERS = (
    ("fraud-1", "essential.fraud_detection", "clear, and every look is recorded"),
    ("teller-7", "essential.service", "own district only, masked where the job does not need it"),
    ("scientist-1", "analytics", "stable pseudonyms that still join"),
    ("cards-1", "marketing", "a purpose the job does not have: denied"),
)


def walk_through(platform: Platform, draft_id: str, *, source: str, bank: Path) -> None:
    """Review, publish, query as four people, read an encrypted column, verify, trace."""
    _heading("Two reviewers approve, the bundle is signed")
    _publish(platform, draft_id)
    desk = DecisionDesk(platform)
    _heading("The same query, as four people see it")
    console.print(f"[dim]{STATEMENT}[/]\n")
    answers = list(_ask(platform, desk, source))
    _heading("One encrypted column, read with and without the right")
    _read_encrypted(platform, desk, draft_id, bank)
    _heading("The audit log")
    _verify_log(platform)
    _heading("One cell, back to its clauses")
    print_trace(trace(platform, _pseudonymised_cell(answers)))


def _heading(text: str) -> None:
    console.print()
    console.print(Line(text, align="left", style="dim"))


def _publish(platform: Platform, draft_id: str) -> None:
    if find_draft(platform, draft_id).row.state is DraftState.PUBLISHED:
        console.print("this draft is live already")
        return
    for name in REVIEWERS:
        outcome = review.approve_all(platform, draft_id, reviewer=name)
        console.print(f"{name}: {len(outcome.verdicts)} approvals, draft {outcome.state}")
    signed = publish.publish(platform, draft_id, actor="quickstart", progress=silent)
    console.print(
        f"published revision [bold]{signed.bundle.revision}[/]: {len(signed.bundle.rows)} rows, "
        f"sha256 {signed.sha256[:16]}…, signed by key {signed.key_id}"
    )


def _ask(platform: Platform, desk: DecisionDesk, source: str) -> Iterator[Answer]:
    for subject, purpose, meaning in VIEWERS:
        console.print(f"[bold]{subject}[/] for {purpose} [dim]({meaning})[/]")
        try:
            answer = run_query(
                platform,
                desk,
                subject=subject,
                purpose=purpose,
                source=source,
                statement=STATEMENT,
            )
        except EnforcementError as error:
            console.print(f"  [red]denied[/]: {error.message}\n")
            continue
        shown = table(*(f"  {name}" for name in answer.columns))
        for row in answer.rows:
            shown.add_row(*(f"  {cell}" for cell in row))
        console.print(shown)
        console.print()
        yield answer


def _pseudonymised_cell(answers: list[Answer]) -> DecisionId:
    """Return the decision behind the scientist's national ids, who asked last and was answered."""
    return next(
        one.decision for one in answers[-1].decisions if one.resource.endswith(".national_id")
    )


def _read_encrypted(platform: Platform, desk: DecisionDesk, draft_id: str, bank: Path) -> None:
    """Encrypt a column of a copy in memory as the policy says, and decrypt it after a decision."""
    rule = _national_id_rule(find_draft(platform, draft_id).draft.encryption)
    column = rule.columns[0]
    _, _, table_name, name = asset_parts(column)
    with closing(sqlite3.connect(f"file:{bank}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            f'SELECT rowid, "{name}" FROM "{table_name}" ORDER BY rowid LIMIT 3'  # noqa: S608 - ours
        ).fetchall()
    keys = [str(key) for key, _ in rows]
    cipher = rule_cipher(rule, column, provider=platform.keyring)
    tokens = encrypt_column([value for _, value in rows], keys, cipher=cipher)
    console.print(f"{rule.sentence}\n[dim]at rest: {(tokens[0] or '')[:48]}…[/]")
    for subject, purpose in (("fraud-1", "essential.fraud_detection"), ("cards-1", "marketing")):
        record = desk.decide(
            AccessRequest(subject=subject, resource=column, action="read", purpose=purpose)
        )
        if record.decision.allow and record.decision.obligations.control.label == "clear":
            values = decrypt_column(tokens, keys, cipher=cipher)
            console.print(f"  {subject} for {purpose}: [green]{values[0]}[/]")
        else:
            console.print(f"  {subject} for {purpose}: [red]not decrypted[/]")


def _national_id_rule(rules: tuple[EncryptionRule, ...]) -> EncryptionRule:
    for rule in rules:
        if "customers" in rule.table and "government_id" in rule.category:
            return rule
    raise AccessDeniedError("the draft does not encrypt the customers' national ids")


def _verify_log(platform: Platform) -> None:
    made = checkpoint_audit(platform)
    report = verify_audit(platform)
    if not report.whole:
        raise PolicyServiceError(f"the audit log is not whole: {report.problems[0]}")
    console.print(
        f"{report.entries} entries, {report.checkpoints} checkpoint: [green]whole[/]; "
        f"root {made.root[:24]}… signed by key {made.key_id}"
    )
