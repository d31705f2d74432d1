"""The embedded indexes of an installation: each in a folder of its own.

All keep the token states of their passages. Where a learned retriever reads them in other
directions than the index that needs no training, it has an index beside that one, so that
going back builds nothing. Which texts are in an index, and which weights are live, is
`library.py`'s.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from policy_service.domain.errors import RetrievalError
from policy_service.domain.progress import Progress
from policy_service.domain.provision import Instrument, Provision
from policy_service.engines.encoder import Encoder
from policy_service.retrieval.index import ProvisionIndex, open_index
from policy_service.retrieval.late_interaction import gatherer_of, open_late_index
from policy_service.retrieval.learned.model import RetrieverWeights
from policy_service.retrieval.learned.passages import PassageTable, table_of
from policy_service.retrieval.learned_index import open_learned_index
from policy_service.retrieval.token_gatherer import TokenGatherer

_LEARNED = "learned"


class Indexes:
    """Opens the indexes below one folder. Safe to share between threads."""

    def __init__(self, *, folder: Path, shipped: Path, encoder: Callable[[], Encoder]) -> None:
        """`shipped` is a folder of embeddings that are reused."""
        self._folder = folder
        self._shipped = shipped
        self._encoder = encoder

    def open(
        self,
        name: str,
        provisions: Sequence[Provision],
        instruments: Sequence[Instrument],
        progress: Progress,
        *,
        weights: bytes | None,
    ) -> ProvisionIndex:
        """Open an index by its name, ranked by what was learned. Raises `RetrievalError`."""
        if weights is None:
            return open_late_index(
                folder=self._folder / name,
                provisions=provisions,
                instruments=instruments,
                encoder=self._encoder(),
                shipped=self._shipped,
                progress=progress,
            )
        learned = RetrieverWeights.from_bytes(weights)
        return open_learned_index(
            folder=self._folder_for(name, provisions, self._gatherer(learned)),
            provisions=provisions,
            instruments=instruments,
            encoder=self._encoder(),
            weights=learned,
            shipped=self._shipped,
            progress=progress,
        )

    def table(
        self,
        name: str,
        provisions: Sequence[Provision],
        progress: Progress,
        *,
        live: bytes | None,
    ) -> PassageTable:
        """Open an index to train on; its token states are in the live version's basis, if any.

        Raises `RetrievalError`.
        """
        gatherer = (
            self._plain_gatherer(name, provisions)
            if live is None
            else self._gatherer(RetrieverWeights.from_bytes(live))
        )
        index = open_index(
            folder=self._folder_for(name, provisions, gatherer),
            provisions=provisions,
            encoder=self._encoder(),
            shipped=self._shipped,
            extras=gatherer,
            progress=progress,
        )
        if index.parts is None:
            raise RetrievalError("only an embedded index can be trained on")
        stored = index.parts.stored
        # What is memory-mapped is read-only, and training wants arrays of its own.
        own = replace(
            stored,
            vectors=np.array(stored.vectors),
            extras={key: np.array(values) for key, values in stored.extras.items()},
        )
        return table_of(index.parts.listing, own)

    def _gatherer(self, weights: RetrieverWeights) -> TokenGatherer:
        return TokenGatherer(encoder=self._encoder(), basis=weights.basis, scale=weights.scale)

    def _plain_gatherer(self, name: str, provisions: Sequence[Provision]) -> TokenGatherer:
        return gatherer_of(self._folder / name, self._shipped, provisions, encoder=self._encoder())

    def _folder_for(
        self, name: str, provisions: Sequence[Provision], gatherer: TokenGatherer
    ) -> Path:
        plain = self._plain_gatherer(name, provisions)
        return self._folder / (name if plain.name == gatherer.name else f"{name}-{_LEARNED}")
