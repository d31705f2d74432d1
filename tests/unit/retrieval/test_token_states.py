"""Late interaction over stored token states equals its definition."""

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_service.domain.errors import RetrievalError
from policy_service.retrieval.token_gatherer import TokenGatherer, build_extras
from policy_service.retrieval.token_states import NAMES, QuestionTokens, TokenTable
from tests.unit.retrieval.learned_corpus import TinyEncoder, passages

TEXTS = list(passages().values())[:9]


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalise each row."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_nearest_token_is_found_for_each_question_token() -> None:
    """Stored in one byte a dimension, similarities stay within .03 of the exact ones."""
    encoder = TinyEncoder.make()
    table = TokenTable.of(build_extras(TEXTS, encoder=encoder))
    asked = unit(encoder.encode_tokens(["Who reports a payroll record?"]).states)
    places = np.array([2, 5, 7])
    question = QuestionTokens(
        states=asked @ table.basis, weights=np.full(len(asked), 1 / len(asked), np.float32)
    )
    found = table.nearest(question, places)
    for row, place in enumerate(places):
        exact = unit(encoder.encode_tokens([TEXTS[place]]).states)
        np.testing.assert_allclose(found[row], (asked @ exact.T).max(axis=1), atol=0.03)


def test_an_index_built_text_by_text_is_the_same() -> None:
    """What passes by while an index is built gives the bytes of one pass over all."""
    encoder = TinyEncoder.make()
    whole = build_extras(TEXTS, encoder=encoder)
    gatherer = TokenGatherer.over(TEXTS, encoder=encoder)
    for text in reversed(TEXTS[:4]):
        gatherer.encode([text])
    pieces = gatherer.arrays(TEXTS)
    assert sorted(whole) == sorted(NAMES)
    for name in NAMES:
        np.testing.assert_allclose(pieces[name], whole[name], atol=1)


def test_vectors_are_those_of_the_plain_encoder() -> None:
    """Keeping token states changes no bit of a passage's vector."""
    encoder = TinyEncoder.make()
    gatherer = TokenGatherer.over(TEXTS, encoder=encoder)
    assert gatherer.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()
    assert gatherer.sha256 == encoder.sha256


def test_a_basis_names_its_arrays() -> None:
    """Arrays in another basis bear another name, and the same basis the same."""
    encoder = TinyEncoder.make()
    one = TokenGatherer.over(TEXTS, encoder=encoder)
    arrays = one.arrays(TEXTS)
    same = TokenGatherer(encoder=encoder, basis=arrays["token_basis"], scale=arrays["token_scale"])
    other = TokenGatherer.over(TEXTS[:3], encoder=encoder)
    assert one.name == same.name
    assert one.name != other.name


def test_missing_arrays_are_named() -> None:
    """An index without token states says which array it lacks."""
    with pytest.raises(RetrievalError, match="`token_states`; build it again"):
        TokenTable.of({})


def test_no_text_has_no_directions() -> None:
    """A basis cannot be found in an empty corpus."""
    with pytest.raises(RetrievalError, match="no passage to read"):
        TokenGatherer.over([], encoder=TinyEncoder.make())
