"""Search over HTTP: every filter reaches the index, neighbours travel with a hit."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from policy_service.api.application import create_api
from policy_service.domain.identifiers import ProvisionId
from policy_service.domain.provision import Standing
from policy_service.retrieval.index import open_index
from policy_service.workflows.decide import DecisionDesk
from policy_service.workflows.jobs import JobRunner
from tests.builders import make_provisions
from tests.fixtures.web import Web, small_corpus
from tests.unit.retrieval.conftest import WordEncoder

SEARCH = "/api/v1/corpus/search"
QUESTION = {"q": "processed personal data"}


class _Searching:
    """The platform with a search index of its own."""

    def __init__(self, platform, index):
        self._platform = platform
        self._index = index

    def index(self, _progress):
        return self._index

    def __getattr__(self, name):
        return getattr(self._platform, name)


@pytest.fixture
def search(web: Web, tmp_path: Path) -> Iterator:
    """Ask the API's search; its index holds the small corpus and an unreviewed import."""
    provisions = list(make_provisions().values())
    first = provisions[0]
    imported = replace(
        first, id=ProvisionId(f"{first.id}/x"), standing=Standing.UNREVIEWED, obligations=()
    )
    index = open_index(
        folder=tmp_path / "index",
        provisions=[*provisions, imported],
        instruments=small_corpus().instruments,
        encoder=WordEncoder(),
    )
    platform = _Searching(web.platform, index)
    api = create_api(
        platform, jobs=JobRunner(web.platform), desk=DecisionDesk(web.platform), https=False
    )
    headers = web.token("vera")
    with TestClient(api) as client:
        yield lambda **asked: client.get(SEARCH, params={**QUESTION, **asked}, headers=headers)


def _ids(answer):
    assert answer.status_code == 200, answer.text
    return {one["provision"]["id"] for one in answer.json()}


def test_a_hit_shows_where_it_stands(search) -> None:
    """A hit comes with its standing, heading and the provisions before and after it."""
    hits = search(limit=50, standing="digest").json()
    assert all(one["provision"]["standing"] == "digest" for one in hits)
    neighbours = [(one["before"], one["after"]) for one in hits]
    assert sum(before is None for before, _ in neighbours) == 1
    beside = next(after for _, after in neighbours if after)
    assert set(beside) == {"id", "section", "text"}


def test_each_filter_reaches_the_index(search) -> None:
    """Every filter of the address narrows what is found."""
    everything = _ids(search(limit=50))
    assert len(_ids(search(limit=50, standing=["digest", "approved"]))) == len(everything) - 1
    assert _ids(search(limit=50, instrument="gdpr")) == everything
    assert _ids(search(limit=50, jurisdiction="EU-DE")) == everything
    assert _ids(search(limit=50, jurisdiction="US")) == set()
    assert _ids(search(limit=50, sector="health")) == everything
    assert _ids(search(limit=50, in_force="2010-01-01")) == set()
    assert _ids(search(limit=50, kind="masking")) < everything
    assert _ids(search(limit=50, category="user.contact.email")) < everything


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"instrument": "gdqr"}, 400, "nearest `gdpr`"),
        ({"category": "user.mail"}, 400, "unknown data category `user.mail`"),
        ({"q": "  "}, 422, "q"),
        ({"in_force": "soon"}, 422, "in_force"),
        ({"kind": "magic"}, 422, "kind"),
        ({"jurisdiction": "Germany"}, 422, "jurisdiction"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_a_wrong_filter_is_the_askers_error(search, asked, status, said) -> None:
    """A filter that cannot be right is answered with what is wrong, never with all or nothing."""
    answer = search(**asked)
    assert answer.status_code == status
    assert said in answer.text
