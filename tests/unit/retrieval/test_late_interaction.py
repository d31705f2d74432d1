"""Late interaction ranks without training, over token states that are kept and reused."""

from dataclasses import replace

import numpy as np
import pytest

from policy_service.retrieval import late_interaction, store
from policy_service.retrieval.late_interaction import (
    QuestionReader,
    gatherer_of,
    open_late_index,
)
from policy_service.retrieval.token_states import NAMES
from tests.unit.retrieval.conftest import make_provision
from tests.unit.retrieval.learned_corpus import TinyEncoder, passages

PROVISIONS = [make_provision(name, text) for name, text in passages().items()]


class CountingEncoder(TinyEncoder):
    """Counts the texts whose states were computed."""

    def encode_tokens(self, texts):
        """Count and encode."""
        self.__dict__.setdefault("read", []).extend(texts)
        return super().encode_tokens(texts)


@pytest.fixture
def encoder():
    """A tiny BERT that counts."""
    return CountingEncoder.make()


def test_a_question_in_the_words_of_a_passage_finds_it(tmp_path, encoder):
    """Where every token has its like, the passage is first, with a score of 1."""
    index = open_late_index(folder=tmp_path, provisions=PROVISIONS, encoder=encoder)
    wanted = PROVISIONS[9]
    found = index.search(wanted.text, limit=3)
    assert found[0].provision.id == wanted.id
    assert found[0].score == pytest.approx(1.0, abs=0.05)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_only_what_changed_is_read_again(tmp_path, encoder):
    """A second opening reads nothing; a changed provision costs itself alone."""
    open_late_index(folder=tmp_path, provisions=PROVISIONS, encoder=encoder).close()
    encoder.read.clear()
    open_late_index(folder=tmp_path, provisions=PROVISIONS, encoder=encoder).close()
    assert encoder.read == []

    changed = make_provision(PROVISIONS[3].id, "A payroll record is nobody's business.")
    after = [*PROVISIONS[:3], changed, *PROVISIONS[4:]]
    index = open_late_index(folder=tmp_path, provisions=after, encoder=encoder)
    assert [text for text in encoder.read if "nobody" not in text] == []
    assert index.search("nobody's business", limit=1)[0].provision.id == changed.id


def test_adopted_states_are_those_that_were_made(tmp_path, encoder):
    """An index that reuses another's states holds the same bytes as one built alone."""
    shipped, alone, reused = tmp_path / "shipped", tmp_path / "alone", tmp_path / "reused"
    open_late_index(folder=shipped, provisions=PROVISIONS, encoder=encoder).close()
    fewer = PROVISIONS[5:20]
    first = gatherer_of(shipped, None, PROVISIONS, encoder=encoder)
    made = first.arrays([late_interaction.indexed_text(one).dense for one in fewer])
    encoder.read.clear()
    index = open_late_index(folder=reused, provisions=fewer, encoder=encoder, shipped=shipped)
    assert encoder.read == []
    assert index.parts is not None
    kept = index.parts.stored.extras
    assert sorted(kept) == sorted(NAMES)
    order = np.argsort([one.id for one in fewer])
    assert order.tolist() == list(range(len(fewer)))
    for name in NAMES:
        np.testing.assert_array_equal(kept[name], made[name])
    assert not alone.exists()


def test_states_in_other_directions_are_not_mixed(tmp_path, encoder):
    """What was made in another basis is made again, not taken over."""
    other = tmp_path / "other"
    open_late_index(folder=other, provisions=PROVISIONS[:4], encoder=encoder).close()
    gatherer = gatherer_of(tmp_path / "new", None, PROVISIONS, encoder=encoder)
    known = store.known_arrays(other, encoder=encoder.sha256)
    assert known is not None
    assert known.name != gatherer.name


def test_damaged_states_are_absent(tmp_path, encoder):
    """A flipped byte in the states makes them unknown, so that they are made again."""
    open_late_index(folder=tmp_path, provisions=PROVISIONS, encoder=encoder).close()
    (path,) = tmp_path.glob("generation-*/extras/token_states.npy")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    assert store.known_arrays(tmp_path, encoder=encoder.sha256) is None
    assert store.known_arrays(tmp_path / "nowhere", encoder=encoder.sha256) is None


def test_a_large_corpus_is_ranked_by_its_candidates(tmp_path, encoder, monkeypatch):
    """Past the small size only candidates are read again, and the best is still found."""
    monkeypatch.setattr(late_interaction, "SMALL_CORPUS", 10)
    monkeypatch.setattr(late_interaction, "OF_EACH", 6)
    index = open_late_index(folder=tmp_path, provisions=PROVISIONS, encoder=encoder)
    wanted = PROVISIONS[30]
    found = index.search(wanted.text, limit=len(PROVISIONS))
    assert found[0].provision.id == wanted.id
    assert len(found) == len(PROVISIONS)


def test_filters_leave_only_what_is_allowed(tmp_path, encoder):
    """An instrument nobody asked for is not ranked, and a filter may leave nothing."""
    provisions = [replace(one, instrument=one.id.split("/")[0]) for one in PROVISIONS]
    index = open_late_index(folder=tmp_path, provisions=provisions, encoder=encoder)
    assert index.search("payroll", instruments=frozenset({"elsewhere"})) == ()


def test_a_question_is_read_once(encoder):
    """Embedding keeps the states; a question that was not embedded is read when ranked."""
    reader = QuestionReader(encoder)
    vector = reader.encode(["Who may see a ledger?"])
    states, numbers = reader.tokens("Who may see a ledger?")
    assert encoder.read == ["Who may see a ledger?"]
    assert len(states) == len(numbers) > 2
    np.testing.assert_array_equal(vector, encoder.encode(["Who may see a ledger?"]))
    assert len(reader.tokens("Another question")[1]) == 2
    assert len(reader.tokens("")[1]) == 2  # of nothing the special tokens are kept
    assert reader.sha256 == encoder.sha256


def test_old_questions_are_forgotten(encoder, monkeypatch):
    """The reader holds the states of the newest questions only."""
    monkeypatch.setattr(late_interaction, "_REMEMBERED", 2)
    reader = QuestionReader(encoder)
    reader.encode(["one", "two", "three"])
    encoder.read.clear()
    reader.tokens("three")
    assert encoder.read == []
    reader.tokens("one")
    assert encoder.read == ["one"]
