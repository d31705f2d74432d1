"""Marks in the portal: at a rule's clauses, at what search found, and the versions learned."""

import pytest

from policy_service.domain.progress import Progress
from policy_service.domain.provision import Passage
from policy_service.portal.routes import corpus as corpus_pages
from policy_service.workflows.platform import Platform
from policy_service.workflows.relevance import list_marks
from tests.fixtures.web import Web, small_corpus
from tests.unit.api.test_api_relevance import register_retriever

CITED = "gdpr/art-5/1/c"


def _rule(web: Web) -> str:
    return f"/drafts/{web.draft.id}/rules/R-0001"


def test_a_reviewer_says_whether_a_clause_fits(web: Web) -> None:
    """The button sends the mark, and the page shows what was said last."""
    csrf = web.session("vera").csrf
    page = web.client.get(_rule(web)).text
    assert f'action="{_rule(web)}/marks"' in page
    assert 'aria-pressed="true"' not in page
    for said in ("yes", "no"):
        form = {"csrf": csrf, "provision": CITED, "fits": said}
        answer = web.client.post(f"{_rule(web)}/marks", data=form)
        assert answer.status_code == 303
        page = web.client.get(answer.headers["location"]).text
        assert "Noted." in page
        assert f'value="{said}" aria-pressed="true"' in page
    (kept,) = list_marks(web.platform)
    assert (kept.query, kept.relevant) == (web.draft.access[0].sentence, False)


def test_who_does_not_review_sees_no_buttons_and_may_not(web: Web) -> None:
    """An author reads the clauses and teaches nothing."""
    csrf = web.session("ann-author").csrf
    assert "/marks" not in web.client.get(_rule(web)).text
    form = {"csrf": csrf, "provision": CITED, "fits": "yes", "q": "keys"}
    for path in (f"{_rule(web)}/marks", "/corpus/marks"):
        assert web.client.post(path, data=form).status_code == 403
    assert list_marks(web.platform) == ()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"csrf": "stolen"}, 403),
        ({"provision": "gdpr/art-99"}, 404),
        ({"fits": "perhaps"}, 400),
    ],
)
def test_bad_forms_are_refused(web: Web, change: dict[str, str], status: int) -> None:
    """A form from elsewhere, for an unknown clause, or that says neither keeps nothing."""
    form = {"csrf": web.session("vera").csrf, "provision": CITED, "fits": "yes", **change}
    assert web.client.post(f"{_rule(web)}/marks", data=form).status_code == status
    assert list_marks(web.platform) == ()


def test_an_answer_of_search_is_marked_for_its_question(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What search found carries the question with its mark, and leads back to it."""

    def found(
        platform: Platform, query: str, *, limit: int, progress: Progress
    ) -> tuple[Passage, ...]:
        return tuple(
            Passage(provision=one, score=1.0)
            for one in small_corpus().provisions
            if limit and query
        )

    monkeypatch.setattr(corpus_pages, "search_corpus", found)
    csrf = web.session("sam").csrf
    page = web.client.get("/corpus", params={"q": "keys & locks"}).text
    assert 'name="q" value="keys &amp; locks"' in page
    form = {"csrf": csrf, "provision": CITED, "fits": "yes", "q": "keys & locks"}
    answer = web.client.post("/corpus/marks", data=form)
    assert answer.headers["location"] == "/corpus?q=keys%20%26%20locks&done=marked"
    assert 'value="yes" aria-pressed="true"' in web.client.get(answer.headers["location"]).text
    (kept,) = list_marks(web.platform)
    assert (kept.query, kept.reviewer) == ("keys & locks", "sam")


def test_the_models_page_shows_retrievers_with_their_gain(web: Web) -> None:
    """Each version stands with what it was judged by; an administrator starts the next."""
    csrf = web.session("ada").csrf
    assert "Nothing has been learned yet" in web.client.get("/models").text
    register_retriever(web.platform)
    page = web.client.get("/models").text
    assert "retriever-1" in page
    assert "40 %" in page
    answer = web.client.post("/models/refinements", data={"csrf": csrf, "model": "retriever"})
    assert answer.headers["location"] == "/models?done=refining"
