"""An index that a trained retriever ranks, in the place of the one that needs no training."""

from collections.abc import Sequence
from pathlib import Path

from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Instrument, Provision
from policy_service.engines.encoder import Encoder
from policy_service.retrieval.index import IndexParts, ProvisionIndex, open_index
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import table_of
from policy_service.retrieval.learned.ranker import LearnedRanker
from policy_service.retrieval.token_gatherer import TokenGatherer


def open_learned_index(
    *,
    folder: Path,
    provisions: Sequence[Provision],
    encoder: Encoder,
    weights: RetrieverWeights,
    instruments: Sequence[Instrument] = (),
    shipped: Path | None = None,
    verify: bool = False,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the index as `open_index` does, with the token states that `weights` rank by.

    Raises `RetrievalError` as well for weights of another encoder.
    """

    def ranker(parts: IndexParts) -> LearnedRanker:
        passages = table_of(parts.listing, parts.stored)
        return LearnedRanker(passages=passages, weights=weights, encoder=encoder)

    return open_index(
        folder=folder,
        provisions=provisions,
        encoder=encoder,
        instruments=instruments,
        shipped=shipped,
        verify=verify,
        extras=TokenGatherer(encoder=encoder, basis=weights.basis, scale=weights.scale),
        ranker=ranker,
        progress=progress,
    )
