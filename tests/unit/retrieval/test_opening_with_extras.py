"""Hooks of the index: arrays kept beside the vectors, and a ranker of one's own."""

import numpy as np

from policy_service.domain.provision import Standing
from policy_service.retrieval.filters import Filters
from policy_service.retrieval.index import open_index
from policy_service.retrieval.learned_index import open_learned_index
from tests.unit.retrieval.conftest import WordEncoder, make_provision
from tests.unit.retrieval.learned_corpus import trained

PROVISIONS = [make_provision(f"law/{n}", f"text {n}") for n in range(4)]


class LengthMaker(WordEncoder):
    """Makes one array: the lengths of the texts."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.made = 0

    def adopt(self, texts, rows, arrays):
        """Count again: lengths cost nothing."""

    def arrays(self, texts, *, progress):
        """Return the lengths of `texts`."""
        self.made += 1
        return {"lengths": np.array([len(text) for text in texts])}


class LastRanker:
    """Ranks the last of the allowed places first."""

    def __init__(self, parts) -> None:
        self.lengths = parts.stored.extras["lengths"]

    def rank(self, text, embedding, *, allowed, limit):
        """Return the allowed places from the last to the first."""
        return [(int(place), 1 - n / 10) for n, place in enumerate(allowed[::-1])][:limit]


def test_arrays_are_made_once_and_given_to_the_ranker(tmp_path):
    """A ranker sees the arrays; they are made again only under another name, without embedding."""
    makers = [LengthMaker("one"), LengthMaker("one"), LengthMaker("two")]
    for maker in makers:
        index = open_index(
            folder=tmp_path,
            provisions=PROVISIONS,
            encoder=WordEncoder(),
            extras=maker,
            ranker=LastRanker,
        )
        found = [one.provision.id for one in index.search("text", limit=2)]
        assert found == ["law/3", "law/2"]
        index.close()
    assert [maker.made for maker in makers] == [1, 0, 1]
    assert [len(maker.encoded) for maker in makers] == [4, 0, 0]


def test_a_trained_retriever_ranks_an_index_under_its_filters(tmp_path):
    """With weights the index answers, keeps to its filters, and embeds nothing at reopening."""
    encoder, held, weights, _ = trained()
    provisions = [
        make_provision(name, text, standing=Standing.UNREVIEWED if place % 2 else Standing.DIGEST)
        for place, (name, text) in enumerate(zip(held.ids, held.texts, strict=True))
    ]
    reviewed = Filters(standings=frozenset({Standing.DIGEST}))
    answers = []
    for _ in range(2):
        index = open_learned_index(
            folder=tmp_path, provisions=provisions, encoder=encoder, weights=weights
        )
        found = index.search("How do we mask a vendor record?", limit=5, filters=reviewed)
        assert len(found) == 5
        assert {one.provision.standing for one in found} == {Standing.DIGEST}
        answers.append([(one.provision.id, one.score) for one in found])
    assert answers[0] == answers[1]
