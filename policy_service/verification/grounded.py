"""Law 1, grounded or silent: every rule quotes stored clauses letter for letter."""

from collections.abc import Iterator

from policy_service.domain.draft import Rule
from policy_service.domain.finding import Finding
from policy_service.domain.provision import Citation
from policy_service.kit.hashing import sha256_text
from policy_service.verification.subject import Subject, error

CHECK = "ungrounded"


def check_grounded(subject: Subject) -> Iterator[Finding]:
    """Find rules without a citation, and citations that do not hold."""
    for rule in subject.draft.rules:
        if not rule.citations:
            yield error(CHECK, "the rule cites no provision; cite one or drop the rule", rule.id)
        for citation in rule.citations:
            yield from _check_citation(subject, rule, citation)


def _check_citation(subject: Subject, rule: Rule, citation: Citation) -> Iterator[Finding]:
    provision = subject.provisions.get(citation.provision)
    if provision is None:
        yield error(CHECK, f"`{citation.provision}` is not in the corpus; cite another", rule.id)
        return
    if sha256_text(provision.text) != provision.sha256:
        yield error(
            CHECK, f"the text of `{provision.id}` does not fit its hash; load it anew", rule.id
        )
    if citation.provision_sha256 != provision.sha256:
        yield error(CHECK, f"`{provision.id}` has changed since it was cited; draft anew", rule.id)
    if not citation.quote.strip() or citation.quote not in provision.text:
        yield error(
            CHECK, f"the quote is not in the text of `{provision.id}`; quote it exactly", rule.id
        )
