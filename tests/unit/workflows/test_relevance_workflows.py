"""Marks of reviewers: who may give them, what is kept, and that nothing else changes."""

from dataclasses import replace

import pytest

from policy_service.domain.errors import ForbiddenError, NotFoundError, UsageError
from policy_service.kit.hashing import sha256_text
from policy_service.workflows.audit import list_entries
from policy_service.workflows.platform import Platform
from policy_service.workflows.relevance import (
    list_marks,
    mark_citation,
    mark_relevance,
    marks_of,
)
from tests.fixtures.web import web_draft, web_home, web_platform

__all__ = ["web_home", "web_platform"]
KEYS = "gdpr/art-32/1/a"


def mark(platform: Platform, *, query: str = "what about keys?", provision: str = KEYS) -> None:
    """Mark a provision as vera."""
    mark_relevance(platform, query=query, provision=provision, relevant=True, reviewer="vera")


def test_a_mark_is_kept_and_audited(web_platform: Platform) -> None:
    """A mark stands in the state and, without the question's words, in the audit log."""
    mark(web_platform, query="  what about\n keys? ")
    (kept,) = list_marks(web_platform)
    assert (kept.query, kept.provision, kept.reviewer) == ("what about keys?", KEYS, "vera")
    assert marks_of(web_platform, "what  about keys?", reviewer="vera") == {KEYS: True}
    assert marks_of(web_platform, "what about keys?", reviewer="sam") == {}
    (entry,) = list_entries(web_platform, kind="relevance_mark")
    assert entry.event.subject == KEYS
    assert entry.event.details.text("query_sha256") == sha256_text("what about keys?")
    assert "what about keys?" not in str(entry)


@pytest.mark.parametrize("who", ["ann-author", "ada", "ole"])
def test_only_reviewers_mark(web_platform: Platform, who: str) -> None:
    """An account of another role may not, and nothing is kept."""
    with pytest.raises(ForbiddenError, match="is not a reviewer"):
        mark_relevance(web_platform, query="q", provision=KEYS, relevant=True, reviewer=who)
    assert list_marks(web_platform) == ()


def test_the_local_command_line_vouches_for_names(web_platform: Platform) -> None:
    """Where it may register reviewers a name needs no account; elsewhere it does."""
    with pytest.raises(NotFoundError, match="no account `nobody`"):
        mark_relevance(web_platform, query="q", provision=KEYS, relevant=True, reviewer="nobody")
    local = replace(web_platform, registers_reviewers=True)
    mark_relevance(local, query="q", provision=KEYS, relevant=True, reviewer="nobody")
    assert [one.reviewer for one in list_marks(local)] == ["nobody"]


@pytest.mark.parametrize("query", ["", " \n ", "x" * 1001])
def test_a_question_without_words_or_end_is_refused(web_platform: Platform, query: str) -> None:
    """An empty question, or a page of one, is not kept."""
    with pytest.raises(UsageError, match="write the question in 1 to 1000 characters"):
        mark(web_platform, query=query)
    assert list_marks(web_platform) == ()


def test_an_unknown_provision_is_named(web_platform: Platform) -> None:
    """A provision nobody holds cannot be marked; the nearest are named."""
    with pytest.raises(NotFoundError, match="no provision `gdpr/art-32/9` in the corpus: nearest"):
        mark(web_platform, provision="gdpr/art-32/9")
    assert list_marks(web_platform) == ()


def test_a_citation_is_marked_for_its_rules_sentence(web_platform: Platform) -> None:
    """While reviewing, the question is the rule's plain sentence, whatever a form says."""
    draft = web_draft()
    rule = draft.access[0]
    cited = rule.citations[0].provision
    mark_citation(web_platform, draft.id, rule.id, provision=cited, relevant=False, reviewer="vera")
    (kept,) = list_marks(web_platform)
    assert (kept.query, kept.provision, kept.relevant) == (rule.sentence, cited, False)


@pytest.mark.parametrize(("rule", "provision"), [("R-0001", KEYS), ("R-9999", "gdpr/art-5/1/c")])
def test_only_what_a_rule_cites_is_marked_there(
    web_platform: Platform, rule: str, provision: str
) -> None:
    """A clause the rule does not cite, or a rule that is not there, is not found."""
    with pytest.raises(NotFoundError, match="that cites"):
        mark_citation(
            web_platform,
            web_draft().id,
            rule,
            provision=provision,
            relevant=True,
            reviewer="vera",
        )
    assert list_marks(web_platform) == ()
