"""The question side, untrained, reads a question exactly as the plain encoder does."""

import numpy as np

from policy_service.engines.retriever_head import QuestionEncoder, untrained
from tests.unit.retrieval.learned_corpus import TinyEncoder

QUESTION = "Who may see a payroll record?"
RARITY = np.full(30_522, 0.5, dtype=np.float32)


def test_without_training_the_vector_is_the_encoders() -> None:
    """Nothing learned changes nothing: vector and token states are the plain encoder's."""
    encoder = TinyEncoder.make()
    basis = np.eye(encoder.dimensions, dtype=np.float32)
    asked = QuestionEncoder(encoder=encoder, parameters=untrained(basis))
    found = asked.encode(QUESTION, rarity=RARITY)
    plain = encoder.encode_tokens([QUESTION])
    own = plain.states[1:-1]
    np.testing.assert_allclose(found.vector, plain.vectors[0], atol=1e-5)
    np.testing.assert_allclose(
        found.states, own / np.linalg.norm(own, axis=1, keepdims=True), atol=1e-5
    )
    assert abs(float(found.weights.sum()) - 1) < 1e-5


def test_additions_change_the_reading_and_not_the_encoder() -> None:
    """Low-rank additions act on a copy: the plain encoder gives the same bytes afterwards."""
    encoder = TinyEncoder.make()
    before = encoder.encode([QUESTION]).tobytes()
    rng = np.random.default_rng(1)
    added = untrained(np.eye(encoder.dimensions, dtype=np.float32))
    added["0.query.down"] = rng.standard_normal((2, 32)).astype(np.float32)
    added["0.query.up"] = rng.standard_normal((32, 2)).astype(np.float32)
    changed = QuestionEncoder(encoder=encoder, parameters=added)
    plain = encoder.encode([QUESTION])[0]
    assert not np.allclose(changed.encode(QUESTION, rarity=RARITY).vector, plain, atol=1e-4)
    assert encoder.encode([QUESTION]).tobytes() == before
