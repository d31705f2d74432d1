"""Tokens, lexical scores and fusion, against their formulas."""

import numpy as np
import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.retrieval import fusion, lexical
from policy_service.retrieval.lexical import K1, B, LexicalIndex
from policy_service.retrieval.tokens import STOP_WORDS, Tokeniser, bigrams
from tests.oracles import bm25

TEXTS = [
    "Encrypt personal data at rest and encrypt backups",
    "Personal data of customers",
    "",
    "Keys are rotated every year; rotated keys are destroyed",
]


def test_words_are_lowered_stemmed_and_stopped():
    """Stop words go, stems stay in order, question words and section numbers are kept."""
    stems = Tokeniser().stems("How should the Keys of Section 3.4.1 be ENCRYPTED? Über")
    assert stems == ["how", "should", "key", "section", "3.4.1", "encrypt", "über"]
    assert {"how", "what", "should", "must", "not"}.isdisjoint(STOP_WORDS)


def test_bigrams_pair_neighbours():
    """Each stem is paired with the next; one stem has no pair."""
    assert bigrams(["a", "b", "c"]) == ["a b", "b c"]
    assert bigrams(["a"]) == []


@pytest.mark.parametrize("question", ["encrypt data", "rotated keys of customers", "data data"])
def test_lexical_scores_are_bm25(question):
    """Stem scores and stem-pair scores are those of the formula."""
    tokeniser = Tokeniser()
    documents = [tokeniser.stems(text) for text in TEXTS]
    asked = tokeniser.stems(question)
    stems, pairs = LexicalIndex.build(TEXTS).scores(question)
    np.testing.assert_allclose(stems, bm25.scores(documents, asked, k1=K1, b=B), atol=1e-9)
    expected = bm25.scores([bigrams(one) for one in documents], bigrams(asked), k1=K1, b=B)
    np.testing.assert_allclose(pairs, expected, atol=1e-9)


def test_unknown_words_score_nothing():
    """A question whose words occur nowhere scores 0 everywhere."""
    stems, pairs = LexicalIndex.build(TEXTS).scores("zebra giraffe")
    assert not stems.any()
    assert not pairs.any()


def test_texts_without_words_can_be_indexed():
    """An index over empty texts answers zeros."""
    stems, _ = LexicalIndex.build(["", "of the"]).scores("keys")
    assert stems.tolist() == [0.0, 0.0]


def test_more_than_can_be_numbered_is_refused(monkeypatch):
    """Past the numbers of one sort key the index says so instead of mixing pairs up."""
    monkeypatch.setattr(lexical, "_SORTED_BITS", 8)
    with pytest.raises(RetrievalError, match="4 passages are too many for the embedded index"):
        LexicalIndex.build(TEXTS)


def test_a_saved_lexical_index_scores_alike(tmp_path):
    """Saving and loading keeps every score."""
    built = LexicalIndex.build(TEXTS)
    built.save(tmp_path)
    loaded = LexicalIndex.load(tmp_path, size=len(TEXTS))
    for one, other in zip(
        built.scores("personal data"), loaded.scores("personal data"), strict=True
    ):
        assert one.tolist() == other.tolist()


def test_min_max_scales_the_best_and_drops_the_rest():
    """The best `depth` scores span 0-1 and everything below is 0."""
    scaled = fusion.min_max(np.array([1.0, 5.0, 3.0, 2.0]), depth=3)
    np.testing.assert_allclose(scaled, [0.0, 1.0, 1 / 3, 0.0])


def test_equal_scores_are_one_or_nothing():
    """Equal positive scores are all best; equal zeros are no match."""
    assert fusion.min_max(np.array([2.0, 2.0])).tolist() == [1.0, 1.0]
    assert fusion.min_max(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert fusion.min_max(np.zeros(0)).tolist() == []


def test_fusion_weighs_its_parts():
    """Fused scores are the weighted mean of scaled scores."""
    fused = fusion.fuse([(0.6, np.array([0.0, 1.0])), (0.4, np.array([2.0, 1.0]))])
    assert fused.tolist() == [0.4, 0.6]


def test_ties_go_by_id_also_at_the_limit():
    """Of equal scores the smaller id wins, even where the limit cuts through them."""
    scores = np.array([1.0, 1.0, 2.0, 1.0])
    assert fusion.best(scores, ids=["d", "a", "c", "b"], limit=3) == [2, 1, 3]
    assert fusion.best(scores, ids=["d", "a", "c", "b"], limit=9) == [2, 1, 3, 0]
