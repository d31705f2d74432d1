"""Marks over HTTP, both kinds of models in one list, and refining either."""

import pytest

from policy_service.domain.draft import UNLEARNED
from policy_service.domain.identifiers import ModelVersion, Sha256Hex
from policy_service.domain.learning import RetrievalFigures, RetrieverCard
from policy_service.kit.hashing import sha256_hex
from policy_service.workflows.platform import Platform
from tests.fixtures.web import Web

MARKS = "/api/v1/corpus/marks"
KEYS = {"query": "what about keys?", "provision": "gdpr/art-32/1/a", "relevant": True}


def register_retriever(platform: Platform, *, promoted: bool = True) -> RetrieverCard:
    """Register a version whose weights nothing can rank by."""
    figures = RetrievalFigures(
        questions=30, recall_at_5=0.5, recall_at_10=0.6, map_at_10=0.4, mrr=0.7
    )
    weights = b"no weights"
    card = RetrieverCard(
        version=ModelVersion(""),
        parent=UNLEARNED,
        created_at="2026-03-02T12:00:00.000000Z",
        weights_sha256=Sha256Hex(sha256_hex(weights)),
        encoder_sha256=Sha256Hex("e" * 64),
        seed=7,
        promoted=promoted,
        note="" if promoted else "no gain",
        examples=100,
        marks=12,
        examples_sha256=Sha256Hex("1" * 64),
        corpus_sha256=Sha256Hex("2" * 64),
        marked_before=figures,
        marked_after=figures,
        made_before=figures,
        made_after=figures,
        floors_lost=0,
    )
    return platform.retrievers.register(card, weights)


def test_a_reviewer_marks_and_everybody_reads(web: Web) -> None:
    """The mark is answered as it is kept, and listed."""
    answer = web.client.post(MARKS, json=KEYS, headers=web.token("vera"))
    assert answer.status_code == 201
    assert answer.json() == {**KEYS, "reviewer": "vera", "at": answer.json()["at"]}
    assert web.client.get(MARKS, headers=web.token("ole")).json() == [answer.json()]


@pytest.mark.parametrize("who", ["ann-author", "ada", "ole"])
def test_only_reviewers_mark(web: Web, who: str) -> None:
    """Who does not review does not teach."""
    assert web.client.post(MARKS, json=KEYS, headers=web.token(who)).status_code == 403
    assert web.client.get(MARKS, headers=web.token(who)).json() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"provision": "gdpr/none"}, 404),
        ({"query": " "}, 422),
        ({"relevant": "perhaps"}, 422),
        ({"reviewer": "sam"}, 422),
    ],
)
def test_bad_marks_are_refused(web: Web, change: dict[str, object], status: int) -> None:
    """What is unknown or malformed is refused, and nothing is kept."""
    headers = web.token("vera")
    assert web.client.post(MARKS, json=KEYS | change, headers=headers).status_code == status
    assert web.client.get(MARKS, headers=headers).json() == []


def test_both_kinds_of_models_are_listed(web: Web) -> None:
    """Each version says which model it is one of, with the figures of its gates."""
    register_retriever(web.platform, promoted=False)
    (found,) = web.client.get("/api/v1/models", headers=web.token("vera")).json()
    assert (found["model"], found["version"], found["note"]) == (
        "retriever",
        "retriever-1",
        "no gain",
    )
    assert found["made_after"]["map_at_10"] == 0.4


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, "refine"),
        ({}, "refine"),
        ({"model": "drafting"}, "refine"),
        ({"model": "retriever"}, "refine-retriever"),
    ],
)
def test_either_model_can_learn(web: Web, body: dict[str, str] | None, kind: str) -> None:
    """A refinement is a job of its own kind; without a body it is the drafting model's."""
    path = "/api/v1/models/refinements"
    answer = web.client.post(path, json=body, headers=web.token("ada"))
    assert answer.status_code == 202
    assert answer.json()["kind"] == kind
    wrong = web.client.post(path, json={"model": "both"}, headers=web.token("ada"))
    assert wrong.status_code == 422


def test_a_drafts_lineage_names_the_retriever(web: Web) -> None:
    """What found the clauses is part of what a draft was made from."""
    answer = web.client.get(f"/api/v1/drafts/{web.draft.id}", headers=web.token("vera")).json()
    assert answer["lineage"]["retriever"] == "fused-0"
