"""The index of provisions kept in Weaviate, for organisations that run one.

It answers as `retrieval.index` does, with Weaviate's own hybrid ranking.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policy_service.domain.plain import to_plain
from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Instrument, Provision
from policy_service.engines.search import Document
from policy_service.kit.canonical import content_sha256
from policy_service.retrieval.index import ProvisionIndex, facets_of
from policy_service.retrieval.neighbours import list_provisions
from policy_service.retrieval.store import known_vectors
from policy_service.retrieval.texts import TextEncoder, embed, indexed_text

_GRPC_PORT = 50051


def open_weaviate_index(
    *,
    url: str,
    api_key: str,
    provisions: Sequence[Provision],
    encoder: TextEncoder,
    instruments: Sequence[Instrument] = (),
    tenant: str = "default",
    shipped: Path | None = None,
    grpc_port: int = _GRPC_PORT,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the organisation's tenant of exactly these provisions; put in what is missing.

    Raises `RetrievalError` where Weaviate cannot be reached or refuses.
    """
    from policy_service.engines.weaviate import open_weaviate

    listing = list_provisions(provisions)
    texts = [indexed_text(provision) for provision in listing.provisions]
    documents = [
        Document(id=key, text=text.dense, facets=facets)
        for key, text, facets in zip(
            listing.keys, texts, facets_of(listing, instruments), strict=True
        )
    ]

    def vectors(places: Sequence[int]) -> NDArray[np.float32]:
        known = None if shipped is None else known_vectors(shipped, encoder=encoder.sha256)
        wanted = [texts[place] for place in places]
        return embed(wanted, [] if known is None else [known], encoder, silent)

    finder = open_weaviate(
        url=url,
        api_key=api_key,
        organisation=tenant,
        encoder_sha256=encoder.sha256,
        content_sha256=content_sha256([to_plain(one) for one in documents]),
        documents=documents,
        vectors=vectors,
        grpc_port=grpc_port,
        progress=progress,
    )
    return ProvisionIndex(listing=listing, encoder=encoder, finder=finder, instruments=instruments)
