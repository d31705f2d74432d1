"""The embeddings that ship are those of the corpus that ships."""

from pathlib import Path

from policy_service.corpus.collection import load_corpus
from policy_service.engines.encoder import PINNED_SHA256
from policy_service.retrieval.index import indexed_text
from policy_service.retrieval.store import known_arrays, known_vectors
from policy_service.retrieval.token_states import NAMES


def test_every_shipped_provision_is_embedded(repository: Path) -> None:
    """A digest that changed without `make embeddings` would make every first run slow."""
    corpus = load_corpus([repository / "regulations_corpus", repository / "policies" / "standards"])
    shipped = known_vectors(
        repository / "regulations_corpus" / "embeddings",
        encoder=PINNED_SHA256["model.safetensors"],
    )
    wanted = {indexed_text(provision).sha256 for provision in corpus.provisions}
    assert shipped is not None
    assert wanted == set(shipped.rows), "run `make embeddings`"


def test_every_shipped_provision_has_its_token_states(repository: Path) -> None:
    """Without them a first run would read the whole corpus again."""
    known = known_arrays(
        repository / "regulations_corpus" / "embeddings",
        encoder=PINNED_SHA256["model.safetensors"],
    )
    assert known is not None
    assert sorted(known.arrays) == sorted(NAMES)
    assert len(known.arrays["token_ends"]) == len(known.rows)
