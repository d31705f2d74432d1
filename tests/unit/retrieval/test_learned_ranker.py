"""A retriever trained on a small corpus: what it learns, what it refuses, what it keeps."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from policy_service.domain.errors import RetrievalError
from policy_service.retrieval.learned.features import features_of
from policy_service.retrieval.learned.fit import (
    EXAMPLES_AT_LEAST,
    Example,
    fit,
)
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import passage_table
from policy_service.retrieval.learned.ranker import LearnedRanker
from policy_service.retrieval.learned.reading import QuestionReader
from policy_service.retrieval.lexical import LexicalIndex
from tests.unit.retrieval.learned_corpus import TinyEncoder, examples, passages, trained

QUESTION = "How do we mask a vendor record?"


def ranker() -> LearnedRanker:
    """Serve what was trained."""
    encoder, held, weights, _ = trained()
    return LearnedRanker(passages=held, weights=weights, encoder=encoder)


def ranked(text: str, *, limit: int = 5, allowed: list[int] | None = None) -> list[str]:
    """Name the best passages for a question."""
    encoder, held, _, _ = trained()
    places = list(range(len(held.ids))) if allowed is None else allowed
    found = ranker().rank(text, encoder.encode([text])[0], allowed=places, limit=limit)
    return [held.ids[place] for place, _ in found]


def test_what_was_marked_is_found_first() -> None:
    """Most of the questions it was trained on have their paragraph among the first two."""
    found = [one.relevant <= set(ranked(one.question, limit=2)) for one in examples()]
    assert sum(found) >= 0.9 * len(found)


def test_only_allowed_passages_are_ranked() -> None:
    """A filter leaves its passages and no others, however well others score."""
    _, held, _, _ = trained()
    allowed = [3, 8, 20]
    names = ranked(QUESTION, limit=10, allowed=allowed)
    assert sorted(names) == sorted(held.ids[place] for place in allowed)


def test_nothing_allowed_finds_nothing() -> None:
    """An empty filter is answered with nothing, not with an error."""
    assert ranked(QUESTION, allowed=[]) == []


def test_any_limit_is_met() -> None:
    """A limit above the candidates is filled with the passages that were none."""
    _, held, _, _ = trained()
    assert sorted(ranked(QUESTION, limit=len(held.ids))) == sorted(held.ids)


def test_scores_fall_within_zero_and_one() -> None:
    """Scores lie in 0-1 and never rise down the list."""
    encoder, held, _, _ = trained()
    found = ranker().rank(
        QUESTION, encoder.encode([QUESTION])[0], allowed=range(len(held.ids)), limit=20
    )
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert scores[-1] >= 0.0


def test_a_question_without_known_words_is_answered() -> None:
    """Signs and unknown words rank something rather than fail."""
    assert len(ranked("?? §§ żółć", limit=3)) == 3


def test_threads_get_the_same_ranking() -> None:
    """Eight threads asking at once all get what one gets."""
    served = ranker()
    encoder, held, _, _ = trained()
    vector = encoder.encode([QUESTION])[0]

    def ask(_: int) -> list[tuple[int, float]]:
        return served.rank(QUESTION, vector, allowed=range(len(held.ids)), limit=10)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    assert all(answer == answers[0] for answer in answers)


def test_the_same_marks_give_the_same_weights() -> None:
    """Training again on the same examples in another order gives the same bytes."""
    encoder, held, weights, _ = trained()
    again = fit(examples=examples()[::-1], index=held, encoder=encoder)
    assert again.to_bytes() == weights.to_bytes()
    assert again.sha256 == weights.sha256


def test_weights_survive_their_bytes() -> None:
    """What is read back ranks as what was trained, score for score."""
    encoder, held, weights, _ = trained()
    again = RetrieverWeights.from_bytes(weights.to_bytes())
    assert again.to_bytes() == weights.to_bytes()
    served = LearnedRanker(passages=held, weights=again, encoder=encoder)
    vector = encoder.encode([QUESTION])[0]
    asked = {"allowed": range(len(held.ids)), "limit": 10}
    assert served.rank(QUESTION, vector, **asked) == ranker().rank(QUESTION, vector, **asked)


@pytest.mark.parametrize("damage", [b"", b"pickle", b"\x00" * 64])
def test_damaged_weights_are_refused(damage: bytes) -> None:
    """Bytes that are no retriever are refused in one line that says what to do."""
    with pytest.raises(RetrievalError, match="cannot be read; train or register it again"):
        RetrieverWeights.from_bytes(damage)


def test_weights_with_a_number_that_is_none_are_refused() -> None:
    """A weight that is not a number never reaches a ranking."""
    _, _, weights, _ = trained()
    broken = dict(weights.parameters)
    broken["bias"] = np.array(np.nan, dtype=np.float32)
    data = dataclasses.replace(weights, parameters=broken).to_bytes()
    with pytest.raises(RetrievalError, match="cannot be read"):
        RetrieverWeights.from_bytes(data)


def test_too_few_marks_are_refused() -> None:
    """Below forty usable questions nothing is trained, and the count is named."""
    encoder, held, _, _ = trained()
    unknown = Example(question="What else?", relevant=frozenset({"rules/99"}))
    few = [*examples()[: EXAMPLES_AT_LEAST - 1], unknown]
    with pytest.raises(RetrievalError, match=r"`39` marked questions are too few.*mark 40 or more"):
        fit(examples=few, index=held, encoder=encoder)


def test_another_encoder_is_refused() -> None:
    """Weights trained over one encoder are not served over another."""
    _, held, weights, _ = trained()
    with pytest.raises(RetrievalError, match="trained on another encoder"):
        LearnedRanker(passages=held, weights=weights, encoder=TinyEncoder.make(seed=4))


def test_token_states_in_another_basis_are_refused() -> None:
    """An index whose tokens lie in another basis must be built again."""
    encoder, held, weights, _ = trained()
    turned = dataclasses.replace(weights, basis=-weights.basis)
    with pytest.raises(RetrievalError, match="another basis; build it again"):
        LearnedRanker(passages=held, weights=turned, encoder=encoder)


def test_trees_of_other_features_are_refused() -> None:
    """Weights whose feature names do not fit the trees are refused at once."""
    encoder, held, weights, _ = trained()
    fewer = dataclasses.replace(weights, features=weights.features[1:])
    with pytest.raises(RetrievalError, match="other features"):
        LearnedRanker(passages=held, weights=fewer, encoder=encoder)


def test_features_renamed_since_training_are_refused() -> None:
    """Features are told apart by name, so that an older training never reads newer columns."""
    encoder, held, weights, _ = trained()
    renamed = dataclasses.replace(weights, features=weights.features[::-1])
    served = LearnedRanker(passages=held, weights=renamed, encoder=encoder)
    with pytest.raises(RetrievalError, match="other features"):
        served.rank(QUESTION, encoder.encode([QUESTION])[0], allowed=[0, 1], limit=1)


def test_an_index_of_other_passages_is_refused() -> None:
    """Token states must be of the passages that stand beside them."""
    _, held, _, _ = trained()
    arrays = {
        "token_states": held.tokens.states,
        "token_ends": held.tokens.ends[:-1],
        "token_scale": held.tokens.scale,
        "token_basis": held.tokens.basis,
        "token_documents": held.tokens.counts,
    }
    with pytest.raises(RetrievalError, match="of other passages"):
        passage_table(
            ids=held.ids,
            texts=held.texts,
            vectors=held.vectors,
            lexical=LexicalIndex.build(held.texts),
            extras=arrays,
        )


def test_weights_that_lack_a_part_are_refused() -> None:
    """A question side without its token map says what it lacks."""
    encoder, held, weights, _ = trained()
    part = {name: one for name, one in weights.parameters.items() if name != "tokens"}
    with pytest.raises(RetrievalError, match="lack `tokens`"):
        QuestionReader(passages=held, parameters=part, encoder=encoder)


def test_training_rows_are_scored_by_a_model_that_did_not_see_them() -> None:
    """Each question's rows come from the fold's own model, which differs from the last one."""
    encoder, held, weights, rows = trained()
    reader = QuestionReader(passages=held, parameters=weights.parameters, encoder=encoder)
    at = int(np.flatnonzero(rows.questions.folds == 0)[0])
    found = reader.read(
        rows.questions.texts[at],
        rows.questions.vectors[at],
        allowed=np.arange(len(held.ids)),
    )
    seen = features_of(found, held.known)[1]
    unseen = rows.features[: rows.groups[0]]
    assert sum(rows.groups) == len(rows.features) == rows.relevant.size
    assert seen.shape[1] == unseen.shape[1]
    assert not np.array_equal(seen, unseen)


def test_the_corpus_of_these_tests_has_a_question_a_paragraph() -> None:
    """Each invented question points to a passage that exists."""
    assert all(one.relevant <= set(passages()) for one in examples())
