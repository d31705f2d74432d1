"""Findings remembered by content: a bounded table from the SHA-256 of a text to its spans.

Holds positions and kinds, never a text. It lives and dies with one finder, whose rules
and models never change, so the content alone is the key. Not written to disk.
"""

import hashlib
import threading
from collections import OrderedDict

from policy_service.engines.text.spans import TextSpan


class SpanCache:
    """Keeps the findings of the last `size` texts asked for. Safe to share between threads."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, tuple[TextSpan, ...]] = OrderedDict()

    def get(self, text: str) -> tuple[TextSpan, ...] | None:
        """Return what is remembered of `text`."""
        key = _key(text)
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, text: str, spans: tuple[TextSpan, ...]) -> None:
        """Remember the spans of `text`; the texts not asked for longest are forgotten."""
        key = _key(text)
        with self._lock:
            self._held[key] = spans
            self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
