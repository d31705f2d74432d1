"""The index of provisions: what it finds, how it is kept, and what it refuses."""

import json
import sys
import threading
from pathlib import Path

import pytest

from policy_service.domain.errors import Cancelled, RetrievalError
from policy_service.domain.provision import ControlKind
from policy_service.retrieval.index import open_index


def _ids(passages):
    return [passage.provision.id for passage in passages]


def _generations(folder: Path) -> list[Path]:
    return sorted(folder.glob("generation-*"))


def test_the_provision_that_answers_comes_first(tmp_path, provisions, word_encoder):
    """A question in the words of a provision finds that provision first."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    found = index.search("mask the card number on display", limit=3)
    assert found[0].provision.id == "pci/3.4.1"
    assert len(found) == 3
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0.0 <= one.score <= 1.0 for one in found)


def test_answers_come_through_a_llama_index_retriever(
    tmp_path, provisions, word_encoder, monkeypatch
):
    """Every question of the product passes LlamaIndex's own `BaseRetriever.retrieve`."""
    from policy_service.engines.llama_index import BaseRetriever

    asked = []
    original = BaseRetriever.retrieve

    def watched(self, bundle):
        asked.append(bundle.query_str)
        return original(self, bundle)

    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    monkeypatch.setattr(BaseRetriever, "retrieve", watched)
    index.search_many(["erase data", "rotate keys"])
    assert asked == ["erase data", "rotate keys"]


def test_no_language_model_or_download_is_loaded(tmp_path, provisions, word_encoder):
    """Retrieval loads no OpenAI client, no tiktoken and no nltk, and opens no socket."""
    before = set(sys.modules)
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    index.search("keys")
    assert {"openai", "tiktoken", "nltk"}.isdisjoint(set(sys.modules) - before)


def test_filters_keep_instruments_and_kinds(tmp_path, provisions, word_encoder):
    """Filters keep what they name, together, and an empty filter keeps nothing."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert set(_ids(index.search("data", instruments=frozenset({"pci"})))) == {
        "pci/3.4.1",
        "pci/3.7",
    }
    masking = frozenset({ControlKind.MASKING})
    assert set(_ids(index.search("data", kinds=masking))) == {"gdpr/art-87", "pci/3.4.1"}
    both = index.search("data", instruments=frozenset({"gdpr"}), kinds=masking)
    assert _ids(both) == ["gdpr/art-87"]
    assert index.search("data", instruments=frozenset()) == ()
    assert index.search("data", kinds=frozenset()) == ()
    assert index.search("data", instruments=frozenset({"unknown"})) == ()


def test_many_questions_are_answered_as_one_by_one(tmp_path, provisions, word_encoder):
    """`search_many` answers as `search` does and asks equal questions once."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    questions = ["rotate keys", "erase data", "rotate keys"]
    word_encoder.encoded.clear()
    answers = index.search_many(questions, limit=2)
    assert word_encoder.encoded == ["rotate keys", "erase data"]
    assert answers == tuple(index.search(question, limit=2) for question in questions)


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_is_refused(tmp_path, provisions, word_encoder, question):
    """An empty question raises and says what to do."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    with pytest.raises(RetrievalError, match="the question is empty; write what to look for"):
        index.search(question)


def test_a_limit_below_one_is_refused(tmp_path, provisions, word_encoder):
    """A limit of 0 raises."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    with pytest.raises(RetrievalError, match="limit `0` is too small"):
        index.search("keys", limit=0)


def test_a_question_without_known_words_is_still_answered(tmp_path, provisions, word_encoder):
    """Stop words and unknown words alone give answers by the embedding, without an error."""
    index = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert len(index.search("the of zzzz", limit=6)) == 6


def test_nothing_to_index_is_refused(tmp_path, word_encoder):
    """An empty corpus raises instead of making an index that finds nothing."""
    with pytest.raises(RetrievalError, match="no provision to index"):
        open_index(folder=tmp_path, provisions=[], encoder=word_encoder)


def test_a_repeated_id_is_refused(tmp_path, provisions, word_encoder):
    """Two provisions of one id raise, naming it."""
    with pytest.raises(RetrievalError, match="`gdpr/art-17` is there twice"):
        open_index(folder=tmp_path, provisions=[*provisions, provisions[2]], encoder=word_encoder)


def test_reopening_embeds_nothing_and_answers_alike(tmp_path, provisions, word_encoder):
    """An opened index answers as the one that was built, whatever the order of provisions."""
    built = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    word_encoder.encoded.clear()
    opened = open_index(folder=tmp_path, provisions=provisions[::-1], encoder=word_encoder)
    assert word_encoder.encoded == []
    question = "encrypt personal data"
    found, expected = opened.search(question), built.search(question)
    assert [(one.provision, one.score) for one in found] == [
        (one.provision, one.score) for one in expected
    ]


def test_only_what_changed_is_embedded_again(tmp_path, provisions, word_encoder, provision_of):
    """After one changed, one new and one removed provision two texts are embedded."""
    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    changed = provision_of("gdpr/art-17", "Erase it within thirty days.")
    new = provision_of("nis2/21", "Manage risks of suppliers.")
    word_encoder.encoded.clear()
    after = [*(one for one in provisions[1:] if one.id != changed.id), changed, new]
    index = open_index(folder=tmp_path, provisions=after, encoder=word_encoder)
    assert sorted(word_encoder.encoded) == sorted(
        ["Erase it within thirty days.", "Manage risks of suppliers."]
    )
    assert "gdpr/art-32" not in _ids(index.search("encrypt personal data", limit=10))
    assert len(_generations(tmp_path)) == 1


def test_another_encoder_embeds_everything_again(tmp_path, provisions, word_encoder, encoder_of):
    """Vectors of two models are never mixed."""
    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    other = encoder_of("f" * 64)
    open_index(folder=tmp_path, provisions=provisions, encoder=other)
    assert len(other.encoded) == len(provisions)


def _break_vectors(folder: Path) -> None:
    path = _generations(folder)[0] / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x00\x01")


def _break_lexical(folder: Path) -> None:
    next(_generations(folder)[0].glob("lexical/stems/data*")).unlink()


def _break_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format": 1, "gene', encoding="utf-8")


def _redirect_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["generation"] = "generation-x/../../elsewhere"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _age_manifest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 0}), encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [_break_vectors, _break_lexical, _break_manifest, _redirect_manifest, _age_manifest],
)
def test_a_damaged_index_is_built_again(tmp_path, provisions, word_encoder, damage):
    """Whatever is damaged, the index is rebuilt whole and answers as before."""
    expected = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    damage(tmp_path)
    word_encoder.encoded.clear()
    again = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert len(word_encoder.encoded) == len(provisions)
    assert again.search("encrypt data") == expected.search("encrypt data")
    word_encoder.encoded.clear()
    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert word_encoder.encoded == []


def test_an_open_index_survives_a_rebuild(tmp_path, provisions, word_encoder, provision_of):
    """A reader keeps answering from its generation after a writer replaced it."""
    reader = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    reader = open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    before = reader.search("rotate keys")
    open_index(
        folder=tmp_path, provisions=[provision_of("a/1", "Other words.")], encoder=word_encoder
    )
    assert reader.search("rotate keys") == before


def test_concurrent_openers_agree(tmp_path, provisions, encoder_of):
    """Several threads that open a missing index at once embed it once and answer alike."""
    encoders = [encoder_of() for _ in range(4)]
    answers = []

    def open_one(encoder):
        index = open_index(folder=tmp_path, provisions=provisions, encoder=encoder)
        answers.append(index.search("mask card number"))

    threads = [threading.Thread(target=open_one, args=(encoder,)) for encoder in encoders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    documents = sum(len(encoder.encoded) - 1 for encoder in encoders)
    assert documents == len(provisions)


def test_cancelled_work_leaves_the_old_index(tmp_path, provisions, word_encoder, provision_of):
    """Stopping a rebuild keeps the index that was there, and nothing half done."""
    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    kept = (tmp_path / "manifest.json").read_bytes()

    def stop(stage: str, done: int, total: int) -> None:
        if done == total:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        open_index(
            folder=tmp_path,
            provisions=[*provisions, provision_of("a/1", "New words.")],
            encoder=word_encoder,
            progress=stop,
        )
    assert (tmp_path / "manifest.json").read_bytes() == kept
    assert len(_generations(tmp_path)) == 1


def test_a_failed_write_leaves_the_old_index(
    tmp_path, provisions, word_encoder, provision_of, monkeypatch
):
    """A full disk while writing raises, and the index that was there stays whole."""
    from policy_service.retrieval import store

    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_replace", full)
    with pytest.raises(RetrievalError, match="No space left on device"):
        open_index(folder=tmp_path, provisions=[provision_of("a/1", "New.")], encoder=word_encoder)
    assert len(_generations(tmp_path)) == 1
    word_encoder.encoded.clear()
    open_index(folder=tmp_path, provisions=provisions, encoder=word_encoder)
    assert word_encoder.encoded == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path, provisions, word_encoder):
    """A file in the folder's place raises one clear line."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RetrievalError, match="cannot be written"):
        open_index(folder=tmp_path / "file", provisions=provisions, encoder=word_encoder)


def test_progress_counts_provisions(tmp_path, provisions, word_encoder):
    """Building reports up to all provisions; opening reports that all are there."""
    seen = []
    for _ in range(2):
        open_index(
            folder=tmp_path,
            provisions=provisions,
            encoder=word_encoder,
            progress=lambda *step: seen.append(step),
        )
    assert seen == [("index", 0, 6), ("index", 6, 6), ("index", 6, 6)]
