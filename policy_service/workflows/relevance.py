"""Relevance: reviewers say of a provision whether it answers a question; stored and audited.

A mark changes no draft and no answer by itself: it is a lesson for the next version of the
retriever, and what it teaches passes that version's gates.
"""

from collections.abc import Mapping

from policy_service.domain.errors import CorpusError, NotFoundError, UsageError
from policy_service.domain.identifiers import ProvisionId, SubjectId
from policy_service.domain.learning import RelevanceMark
from policy_service.kit.hashing import sha256_text
from policy_service.storage import relevance
from policy_service.workflows.acting import acting_person
from policy_service.workflows.draft import find_draft
from policy_service.workflows.platform import Platform
from policy_service.workflows.unit_of_work import unit_of_work

_LENGTH = 1000  # characters of a question; a rule's sentence is one


def mark_relevance(
    platform: Platform, *, query: str, provision: str, relevant: bool, reviewer: str
) -> RelevanceMark:
    """Keep a reviewer's mark; it takes the place of their earlier one on the same pair.

    Raises `UsageError`, `NotFoundError` for an unknown provision, `ForbiddenError`.
    """
    question = " ".join(query.split())
    if not question or len(question) > _LENGTH:
        raise UsageError(f"write the question in 1 to {_LENGTH} characters")
    try:
        known = platform.corpus.texts(provision)[0].id
    except CorpusError as error:
        raise NotFoundError(error.message) from error
    with unit_of_work(platform) as work:
        mark = RelevanceMark(
            query=question,
            provision=known,
            relevant=relevant,
            reviewer=acting_person(platform, work.session, reviewer, reviewer=True),
            at=work.at,
        )
        relevance.save_mark(work.session, mark)
        work.record(
            "relevance_mark",
            actor=mark.reviewer,
            subject=mark.provision,
            query_sha256=sha256_text(mark.query),  # a question may name a person
            relevant=mark.relevant,
        )
    return mark


def mark_citation(
    platform: Platform,
    draft_id: str,
    rule_id: str,
    *,
    provision: str,
    relevant: bool,
    reviewer: str,
) -> RelevanceMark:
    """Keep whether a cited clause fits its rule; the question is the rule's plain sentence.

    Raises `NotFoundError` for an unknown draft or rule, or a clause it does not cite.
    """
    rule = next(
        (one for one in find_draft(platform, draft_id).draft.rules if one.id == rule_id), None
    )
    if rule is None or provision not in {one.provision for one in rule.citations}:
        raise NotFoundError(f"draft `{draft_id}` has no rule `{rule_id}` that cites `{provision}`")
    return mark_relevance(
        platform, query=rule.sentence, provision=provision, relevant=relevant, reviewer=reviewer
    )


def list_marks(platform: Platform) -> tuple[RelevanceMark, ...]:
    """List every reviewer's marks, in the order they were given."""
    with platform.database.read() as session:
        return relevance.list_marks(session)


def marks_of(platform: Platform, query: str, *, reviewer: str) -> Mapping[ProvisionId, bool]:
    """Return what a reviewer said of the answers to one question, by provision."""
    with platform.database.read() as session:
        found = relevance.marks_on(session, " ".join(query.split()), SubjectId(reviewer))
    return {mark.provision: mark.relevant for mark in found}
