"""An encoder that remembers what it embedded: names repeat, and a text's row never changes."""

from collections.abc import Sequence

import numpy as np

from policy_service.catalog.names.kernel import Floats, NameEncoder

_KEPT = 20_000  # 30 MiB at 384 dimensions


class CachedEncoder:
    """Embeds each text once while it is remembered. Safe to share between threads."""

    def __init__(self, encoder: NameEncoder, *, kept: int = _KEPT) -> None:
        self._encoder = encoder
        self._kept = kept
        self._rows: dict[str, Floats] = {}

    def encode(self, texts: Sequence[str]) -> Floats:
        """Embed `texts`: one L2-normalised row each, in their order."""
        known = {text: row for text in texts if (row := self._rows.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= dict(zip(missing, self._encoder.encode(missing), strict=True))
            if len(self._rows) + len(missing) > self._kept:
                self._rows = {}  # a new one: other threads may be reading the old one
            self._rows.update((text, known[text]) for text in missing[: self._kept])
        return np.stack([known[text] for text in texts])
