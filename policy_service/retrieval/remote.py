"""The index of provisions kept in Weaviate, for organisations that run one.

It answers as `retrieval.index` does, with Weaviate's own hybrid ranking.
"""

from collections.abc import Sequence

from policy_service.domain.progress import Progress, silent
from policy_service.domain.provision import Provision
from policy_service.kit.canonical import content_sha256
from policy_service.retrieval.index import (
    ProvisionIndex,
    TextEncoder,
    check_provisions,
    documents_of,
    embed,
    indexed_text,
)


def open_weaviate_index(
    *,
    url: str,
    api_key: str,
    provisions: Sequence[Provision],
    encoder: TextEncoder,
    progress: Progress = silent,
) -> ProvisionIndex:
    """Open the collection of exactly these provisions in Weaviate; fill it where it is missing.

    Raises `RetrievalError` where Weaviate cannot be reached or refuses.
    """
    from policy_service.engines.weaviate import open_weaviate

    ordered = check_provisions(provisions)
    texts = [indexed_text(provision) for provision in ordered]
    named = [[one.id, text.sha256] for one, text in zip(ordered, texts, strict=True)]
    kinds = [list(document.kinds) for document in documents_of(ordered)]
    finder = open_weaviate(
        url=url,
        api_key=api_key,
        content_sha256=content_sha256([encoder.sha256, named, kinds]),
        documents=documents_of(ordered),
        vectors=lambda: embed(texts, {}, encoder, progress),
    )
    return ProvisionIndex(provisions=ordered, encoder=encoder, finder=finder)
