"""Laws of retrieval, each a statement that holds for whatever is indexed and asked."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_service.domain.identifiers import ProvisionId, Sha256Hex
from policy_service.domain.provision import Provision
from policy_service.kit.hashing import sha256_text
from policy_service.retrieval import fusion
from policy_service.retrieval.index import open_index
from policy_service.retrieval.lexical import K1, B, LexicalIndex
from policy_service.retrieval.tokens import Tokeniser
from tests.oracles import bm25

WORDS = st.sampled_from(["data", "keys", "mask", "card", "erase", "audit", "the", "of"])
TEXTS = st.lists(st.lists(WORDS, max_size=8).map(" ".join), min_size=1, max_size=8)
QUESTIONS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class LetterEncoder:
    """Embeds a text as its counts of letters."""

    sha256 = "a" * 64

    def encode(self, texts):
        """Return one normalised row a text."""
        rows = np.array(
            [[1.0 + text.count(chr(97 + place)) for place in range(26)] for text in texts]
        )
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _provisions(texts):
    return [
        Provision(
            id=ProvisionId(f"law/{number}"),
            instrument=f"law-{number % 2}",
            section=str(number),
            title="",
            text=text,
            sha256=Sha256Hex(sha256_text(text)),
            version="1",
            version_date="2026-01-01",
            url="",
        )
        for number, text in enumerate(texts)
    ]


def _found(passages):
    return [(one.provision.id, one.score) for one in passages]


@FEW
@given(texts=TEXTS, question=QUESTIONS)
def test_lexical_scores_equal_the_formula(texts, question):
    """Scores of bm25s are those of the naive BM25 for any documents and question."""
    tokeniser = Tokeniser()
    documents = [tokeniser.stems(text) for text in texts]
    stems, _ = LexicalIndex.build(texts).scores(question)
    if any(documents):
        expected = bm25.scores(documents, tokeniser.stems(question), k1=K1, b=B)
        np.testing.assert_allclose(stems, expected, atol=1e-9)
    else:
        assert not stems.any()


@FEW
@given(values=st.lists(st.integers(0, 9).map(float), min_size=1, max_size=12))
def test_min_max_equals_the_formula(values):
    """Scaling all scores is the naive min-max."""
    np.testing.assert_allclose(fusion.min_max(np.array(values)), bm25.min_max(values), atol=1e-12)


@FEW
@given(texts=TEXTS, question=QUESTIONS, limit=st.integers(1, 9))
def test_answers_do_not_depend_on_order_history_or_company(texts, question, limit):
    """Order of provisions, an earlier index, and other questions change no answer."""
    provisions = _provisions(texts)
    encoder = LetterEncoder()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        fresh = open_index(folder=Path(one), provisions=provisions, encoder=encoder)
        open_index(folder=Path(other), provisions=provisions[:1], encoder=encoder)
        grown = open_index(folder=Path(other), provisions=provisions[::-1], encoder=encoder)
        expected = fresh.search(question, limit=limit)
        answer = grown.search_many(["audit", question, "keys"], limit=limit)[1]
    assert _found(answer) == _found(expected)
    assert len(expected) == min(limit, len(texts))
    ranks = [(-found.score, found.provision.id) for found in expected]
    assert ranks == sorted(ranks)


@FEW
@given(texts=TEXTS, question=QUESTIONS)
def test_filters_never_let_through_what_they_exclude(texts, question):
    """Every answer under a filter belongs to it, and all that belong are found."""
    provisions = _provisions(texts)
    with tempfile.TemporaryDirectory() as folder:
        index = open_index(folder=Path(folder), provisions=provisions, encoder=LetterEncoder())
        found = index.search(question, limit=20, instruments=frozenset({"law-1"}))
    wanted = {one.id for one in provisions if one.instrument == "law-1"}
    assert {one.provision.id for one in found} == wanted
