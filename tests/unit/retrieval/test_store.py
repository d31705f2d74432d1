"""The index on disk: what opening checks, named arrays, and readers beside a writer."""

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from policy_service.retrieval import store
from policy_service.retrieval.lexical import LexicalIndex

DOCUMENTS = ("a" * 64, "b" * 64)
TEXTS = ("rotate the keys", "erase personal data")


def _write(folder: Path, *, extras: str = "", **arrays: np.ndarray) -> None:
    stored = store.Stored(
        vectors=np.eye(2, 3, dtype=np.float32), lexical=LexicalIndex.build(TEXTS), extras=arrays
    )
    with store.writing(folder):
        store.write(folder, stored, encoder="e", documents=DOCUMENTS, extras=extras)


def _flip(folder: Path, name: str) -> None:
    (path,) = folder.glob(f"generation-*/{name}")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_named_arrays_come_back_mapped_into_memory(tmp_path):
    """Extra arrays are read back by name, and only under the name of what made them."""
    codes = np.arange(6, dtype=np.int8).reshape(2, 3)
    _write(tmp_path, extras="weights-1", codes=codes)
    found = store.read(tmp_path, encoder="e", documents=DOCUMENTS, extras="weights-1")
    assert found is not None
    assert isinstance(found.extras["codes"], np.memmap)
    assert found.extras["codes"].tolist() == codes.tolist()
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is None
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS, extras="weights-2") is None


def test_vectors_and_scores_are_mapped_into_memory(tmp_path):
    """An opened index reads its arrays from the files, not from copies of them."""
    _write(tmp_path)
    found = store.read(tmp_path, encoder="e", documents=DOCUMENTS)
    assert found is not None
    assert isinstance(found.vectors, np.memmap)
    stems, pairs = found.lexical.scores("personal data")
    built = LexicalIndex.build(TEXTS).scores("personal data")
    assert (stems.tolist(), pairs.tolist()) == (built[0].tolist(), built[1].tolist())


@pytest.mark.parametrize(
    "name", ["vectors.npy", "lexical/stems/data.csc.index.npy", "lexical/bigrams/keys.npy"]
)
def test_a_flipped_bit_is_never_searched(tmp_path, name):
    """At the sizes that are usual each byte is checked when the index is opened."""
    _write(tmp_path)
    _flip(tmp_path, name)
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is None
    assert store.known_vectors(tmp_path, encoder="e") is None


def test_a_large_index_is_hashed_whole_when_asked(tmp_path, monkeypatch):
    """Past the limit large files are checked by size; `verify` finds what that overlooks."""
    _write(tmp_path)
    monkeypatch.setattr(store, "HASHED_BYTES", 0)
    monkeypatch.setattr(store, "SMALL_BYTES", 128)  # the vectors are larger than that
    _flip(tmp_path, "vectors.npy")
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is not None
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS, verify=True) is None
    (vectors,) = tmp_path.glob("generation-*/vectors.npy")
    vectors.write_bytes(vectors.read_bytes() + b"\0")
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is None


def test_small_files_of_a_large_index_are_always_hashed(tmp_path, monkeypatch):
    """What says how the large arrays are read is never trusted unread."""
    _write(tmp_path)
    monkeypatch.setattr(store, "HASHED_BYTES", 0)
    _flip(tmp_path, "lexical/stems/params.index.json")
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is None


def test_vectors_of_the_older_format_are_used_again(tmp_path):
    """An index of format 1 is rebuilt without embedding anything."""
    _write(tmp_path)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for entry in manifest["files"]:
        del entry["size_bytes"]
    del manifest["extras"]
    path.write_text(json.dumps(manifest | {"format": 1}), encoding="utf-8")
    assert store.read(tmp_path, encoder="e", documents=DOCUMENTS) is None
    known = store.known_vectors(tmp_path, encoder="e")
    assert known is not None
    assert sorted(known.rows) == list(DOCUMENTS)


@pytest.mark.parametrize("text", ["[]", "null", '{"documents": 3}', '{"documents": []}'])
def test_a_manifest_of_another_shape_is_no_index(tmp_path, text):
    """Whatever JSON stands in the manifest, opening says that there is no index."""
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    assert store.known_vectors(tmp_path, encoder="e") is None


def _content(version: int) -> tuple[tuple[str, ...], np.ndarray, list[str]]:
    documents = tuple(f"{version}-{n}" for n in range(300))
    vectors = np.full((len(documents), 64), version, dtype=np.float32)
    return documents, vectors, [f"word{version} number {n}" for n in range(len(documents))]


def _replace_again_and_again(folder: str, turns: int) -> None:
    for turn in range(turns):
        documents, vectors, texts = _content(turn % 2)
        stored = store.Stored(vectors=vectors, lexical=LexicalIndex.build(texts))
        with store.writing(Path(folder)):
            store.write(Path(folder), stored, encoder="e", documents=documents)


def _read_beside(folder: str, writer_ends, answers) -> None:
    """Open whatever is there until the writer ends; count what was opened and what was wrong."""
    opened = wrong = 0
    while not writer_ends.is_set() or not opened:
        for version in (0, 1):
            documents, vectors, _ = _content(version)
            found = store.read(Path(folder), encoder="e", documents=documents)
            if found is None:
                continue
            opened += 1
            stems, _ = found.lexical.scores(f"word{version}")
            wrong += not (np.array_equal(found.vectors, vectors) and (stems > 0).all())
    answers.put((opened, wrong))


def test_readers_in_other_processes_never_see_half_an_index(tmp_path):
    """While one process replaces the index, another opens it whole or not at all."""
    spawn = multiprocessing.get_context("spawn")
    answers, writer_ends = spawn.Queue(), spawn.Event()
    _replace_again_and_again(str(tmp_path), 1)
    reader = spawn.Process(target=_read_beside, args=(str(tmp_path), writer_ends, answers))
    reader.start()
    writer = spawn.Process(target=_replace_again_and_again, args=(str(tmp_path), 40))
    writer.start()
    writer.join(timeout=60)
    writer_ends.set()
    opened, wrong = answers.get(timeout=60)
    reader.join(timeout=60)
    assert opened > 0
    assert wrong == 0
    assert (writer.exitcode, reader.exitcode) == (0, 0)
    assert len(list(tmp_path.glob("generation-*"))) == 1
