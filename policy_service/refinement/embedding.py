"""Embeddings remembered within one round: folds and reviewers share most of their texts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policy_service.refinement.reward_model import TextEncoder


class RememberedEncoder:
    """Encodes each text once. INVARIANT: the encoder's rows depend on their own text only."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._rows: dict[str, NDArray[np.float32]] = {}

    @property
    def sha256(self) -> str:
        """Return the hash of the weights."""
        return self._encoder.sha256

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one normalised row a text; requires one text or more."""
        missing = sorted(set(texts) - set(self._rows))
        if missing:
            self._rows.update(zip(missing, self._encoder.encode(missing), strict=True))
        return np.stack([self._rows[text] for text in texts])
