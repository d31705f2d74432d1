"""The benchmark of scale: what it makes, and that both phases run and agree."""

from pathlib import Path

import numpy as np

from benchmarks import retrieval_scale as scale


def test_the_same_seed_gives_the_same_passages() -> None:
    """Texts are drawn alike on every run, and common words come first in the vocabulary."""
    texts = scale.make_texts(50, scale.WORDS, seed=1)
    assert texts == scale.make_texts(50, scale.WORDS, seed=1)
    assert texts != scale.make_texts(50, scale.WORDS, seed=2)
    lengths = [len(text.split()) for text in texts]
    assert scale.WORDS[0] <= min(lengths) <= max(lengths) < scale.WORDS[1]


def test_random_rows_are_unit_vectors() -> None:
    """The rows that stand in for embeddings have the length and width of real ones."""
    rows = scale.RandomEncoder().encode(["a", "b"])
    assert rows.shape == (2, scale.DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-5)


def test_what_is_built_is_asked(tmp_path: Path) -> None:
    """Asking opens what building wrote, answers with and without filters, and says its memory."""
    built = scale.build(300, tmp_path)
    asked = scale.ask(300, tmp_path)
    assert built["disk_mb"] > 0
    assert asked["serving_mb"] >= asked["passages_mb"] > 0
    assert asked["query_ms_p99"] >= asked["query_ms_p50"] > 0
    assert asked["filtered_query_ms_p50"] > 0
